/* values: work on the values that records have, some thousand records at a time, so that no
 * transaction is long: those of a deleted field go, the index of a field that became a filter
 * gets those that there are, and what records are found by is written anew. */
#include <json-c/json.h>

#include "access/tenant.h"
#include "fields.h"
#include "resource/custom.h"
#include "resource/model.h"

enum { REMOVED_AT_ONCE = 1000 };

STATEMENT(custom_removal_end, "delete from custom_removals where resource = $1 and key = $2",
          DB_WRITES);

STATEMENT(custom_fill, "select house.custom_fill($1, $2, $3::uuid, 5000)", DB_WRITES | DB_SLOW);

STATEMENT(custom_word, "select house.custom_fill_words($1, $2, $3::uuid, 2000)",
          DB_WRITES | DB_SLOW);

STATEMENT(custom_filled, "update custom_fields set indexed = true where id = $1::uuid and filtered",
          DB_WRITES);

static const struct resource *resource_of(struct job *job)
{
    const char *name = job_text(job, "resource");
    const struct resource *resource = model_resource(name);
    if (resource && custom_field(resource))
        return resource;
    job_refuse(job, "There is no resource %s with custom fields.", name);
    return NULL;
}

/* From behind that record. */
static bool go_on(struct job *job, const struct job_kind *kind, const char *last)
{
    json_object_object_add(job->payload, "after", json_object_new_string(last));
    return job_again(job, kind);
}

/* The last step: other processes read the fields anew. */
static bool end(struct job *job, const struct rows *written)
{
    if (!written)
        return job_fail_db(job);
    tenant_changed(job->db, job->tenant_id);
    return true;
}

/* ---- of a deleted field, which nobody is shown any more ---- */

static bool remove_some(struct job *job)
{
    const struct resource *resource = resource_of(job);
    const char *key = job_text(job, "key"), *last;
    if (!resource)
        return false;
    if (!custom_values_remove(job->db, resource, key, job_text(job, "after"), REMOVED_AT_ONCE,
                              &last))
        return job_fail_db(job);
    if (last)
        return go_on(job, &custom_removal, last);
    return end(job, db_get(job->db, &custom_removal_end, job_text(job, "resource"), key));
}

const struct job_kind custom_removal = {"fields.remove_values", "maintenance", remove_some};

/* ---- of a field that became a filter: lists use the index from the end on ---- */

static bool fill_some(struct job *job)
{
    const struct resource *resource = resource_of(job);
    if (!resource)
        return false;
    const struct rows *rows = db_get(job->db, &custom_fill, job_text(job, "resource"),
                                     resource->table, job_text(job, "after"));
    if (!rows)
        return job_fail_db(job);
    if (rows_text(rows, 0, 0))
        return go_on(job, &custom_filling, rows_text(rows, 0, 0));
    return end(job, db_get(job->db, &custom_filled, job_text(job, "field")));
}

const struct job_kind custom_filling = {"fields.fill_index", "maintenance", fill_some};

/* ---- for which words records are found ---- */

static bool word_some(struct job *job)
{
    const struct resource *resource = resource_of(job);
    if (!resource)
        return false;
    const struct rows *rows = db_get(job->db, &custom_word, job_text(job, "resource"),
                                     resource->table, job_text(job, "after"));
    if (!rows)
        return job_fail_db(job);
    return !rows_text(rows, 0, 0) || go_on(job, &custom_wording, rows_text(rows, 0, 0));
}

const struct job_kind custom_wording = {"fields.write_words", "maintenance", word_some};
