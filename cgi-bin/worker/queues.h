/* queues: what the pages and the API do with a queue. */
#ifndef WORKER_QUEUES_H
#define WORKER_QUEUES_H

struct action;
struct cx;
struct rows;

extern const struct action pause_queue, resume_queue, retry_queue; /* of the jobs */
/* Each queue: name, paused, waiting, scheduled, running, dead, since when. WAITS. */
struct rows *queues_read(struct cx *cx);

#endif
