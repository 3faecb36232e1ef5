/* work: for jobs that use what is written for requests (mail, notifications,
 * the tenants that are known). */
#ifndef JOB_WORK_H
#define JOB_WORK_H

#include "job/job.h"

struct cx;

/* A context without a request: the attempt's arena, nobody signed in, no tenant. What writes takes
 * job->db, so that it belongs to the attempt's transaction. */
void job_cx(const struct job *job, struct cx *cx);

/* The attempt fails by what happened to cx; always false. */
bool job_fail_cx(struct job *job, const struct cx *cx);

#endif
