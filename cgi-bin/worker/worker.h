/* worker: what the files of this area share. */
#ifndef WORKER_H
#define WORKER_H

#include <json-c/json.h>

#include "api/area.h"

/* Gathers the kinds and schedules of every area that is linked; then they are done. */
bool worker_prepare(void);
void worker_begin(void);
void worker_end(void);

extern const struct resource jobs, bulk_runs;
extern const struct route queue_routes[];

/* What an operator does here stands in the platform's own log. */
void act_for_platform(struct cx *cx);
/* What the pages of jobs show besides: see struct resource. */
bool jobs_add_to_page(struct cx *cx, json_object *data, const struct list_result *record);

#endif
