#include "job/work.h"

#include "base/language.h"
#include "http/cx.h"

void job_cx(const struct job *job, struct cx *cx)
{
    *cx = (struct cx){.arena = job->arena};
    db_init(&cx->db, job->arena, job->db->role, job->tenant_id, job->db->schema);
}

bool job_fail_cx(struct job *job, const struct cx *cx)
{
    if (cx->db.error.status != DB_OK)
        return job_fail(job, "The database: %s",
                        cx->db.error.message ? cx->db.error.message : "not available");
    return job_fail(job, "%s",
                    cx->failure.message ? cx->failure.message : SAID("It gave no reason."));
}
