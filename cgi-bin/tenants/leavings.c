/* leavings: contents of files that no record speaks for any more: of uploads that came to nothing,
 * of what was deleted, of tenants that were erased. Each goes within a minute of its time
 * (house.file_leavings); what cannot be removed now is tried again in the next. */
#include "base/log.h"
#include "file/store.h"
#include "job/work.h"
#include "tenants.h"

STATEMENT(leavings_due, "select tenant_id, id, store from house.file_leavings_due()",
          DB_ON_PLATFORM);
STATEMENT(leaving_gone, "select house.file_left($1::uuid, $2::uuid)", DB_WRITES | DB_ON_PLATFORM);

/* The content first: a row without one is tried again, a content without a row never. */
static bool remove_one(struct job *job, const struct rows *due, size_t row)
{
    const char *tenant_id = rows_text(due, row, 0), *id = rows_text(due, row, 1), *problem;
    const char *store = rows_text(due, row, 2);
    if (!store_remove(job->arena, store, tenant_id, id, &problem))
        return job_fail(job, "%s cannot be removed from %s: %s", id, store, problem);
    return db_get(job->db, &leaving_gone, tenant_id, id) != NULL || job_fail_db(job);
}

static bool remove_due(struct job *job)
{
    const struct rows *due = db_get0(job->db, &leavings_due);
    bool good = due != NULL || job_fail_db(job);
    for (size_t i = 0; due && i < rows_count(due); i++)
        good = remove_one(job, due, i) && good;
    return good;
}

const struct job_kind leavings_job = {"files.leavings", "tenants", remove_due, .timeout_s = 600,
                                      .flags = JOB_PLATFORM | JOB_OUTSIDE};
