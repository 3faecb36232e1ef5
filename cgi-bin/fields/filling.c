/* filling: the index of a field that became a filter gets the values that there are, some thousand
 * records at a time; lists use it from the end on. */
#include <json-c/json.h>

#include "access/tenant.h"
#include "fields.h"
#include "resource/custom.h"
#include "resource/model.h"

STATEMENT(custom_fill, "select house.custom_fill($1, $2, $3::uuid, 5000)", DB_WRITES | DB_SLOW);

STATEMENT(custom_filled, "update custom_fields set indexed = true where id = $1::uuid and filtered",
          DB_WRITES);

static const char *text_of(const struct job *job, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(job->payload, name, &value);
    return json_object_get_string(value);
}

static bool go_on(struct job *job, const char *last)
{
    json_object_object_add(job->payload, "after", json_object_new_string(last));
    const struct job_new next = {.kind = &custom_filling,
                                 .payload = json_object_to_json_string(job->payload)};
    return job_add(job->db, &next) || job_fail_db(job);
}

static bool run(struct job *job)
{
    const char *name = text_of(job, "resource");
    const struct resource *resource = model_resource(name);
    if (!resource || !custom_field(resource))
        return job_refuse(job, "There is no resource %s with custom fields.", name);
    const struct rows *rows =
        db_get(job->db, &custom_fill, name, resource->table, text_of(job, "after"));
    if (!rows)
        return job_fail_db(job);
    if (rows_text(rows, 0, 0))
        return go_on(job, rows_text(rows, 0, 0));
    if (!db_get(job->db, &custom_filled, text_of(job, "field")))
        return job_fail_db(job);
    tenant_changed(job->db, job->tenant_id);
    return true;
}

const struct job_kind custom_filling = {"fields.fill_index", "maintenance", run};
