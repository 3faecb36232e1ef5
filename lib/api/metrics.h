/* metrics: counters of every area for Prometheus, in a file of TULOU_VAR/run/metrics
 * that the area's workers map, so that any area can answer for all. A master
 * that starts again begins at zero, as counters may. */
#ifndef API_METRICS_H
#define API_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "job/runner.h"

struct route;

/* Makes and maps the file of an area; before the workers fork. */
bool metrics_prepare(const char *area, const struct route *const *routes, size_t count);
/* route NULL: no route was found. */
void metrics_count(const struct route *route, int status, int64_t took_us);
/* The same for kinds of job, which are kept by the caller; before the workers fork. */
bool metrics_prepare_jobs(const char *area, const struct job_kind *const *kinds, size_t kind_count);
void metrics_count_job(const struct job_kind *kind, enum job_outcome outcome, int64_t took_us);
/* Of all areas, in Prometheus' text format 0.0.4: requests by route and status
 * class, and a histogram of seconds by route; the same of jobs. What never was is left out. */
void metrics_write(struct buf *out);

#endif
