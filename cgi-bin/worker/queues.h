/* queues: what the pages and the API do with a queue. */
#ifndef WORKER_QUEUES_H
#define WORKER_QUEUES_H

#include <stdbool.h>
#include <stdint.h>

struct cx;
struct rows;

enum queue_verb { QUEUE_PAUSE, QUEUE_RESUME, QUEUE_RETRY };

/* "pause", "resume", "retry". */
bool queue_verb_find(const char *name, enum queue_verb *out);
/* With its event, in one transaction; `count` of those retried. 404 not_found. WAITS. */
bool queue_do(struct cx *cx, enum queue_verb verb, const char *queue, int64_t *count);
/* Each queue: name, paused, waiting, scheduled, running, dead, since when. WAITS. */
struct rows *queues_read(struct cx *cx);

#endif
