/* removal: the values of a deleted field go, a thousand records at a time, so that no transaction
 * is long. Nobody is shown them from the deletion on. */
#include <json-c/json.h>

#include "access/tenant.h"
#include "fields.h"
#include "resource/custom.h"
#include "resource/model.h"

enum { RECORDS_AT_ONCE = 1000 };

STATEMENT(custom_removal_end, "delete from custom_removals where resource = $1 and key = $2",
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
    const struct job_new next = {.kind = &custom_removal,
                                 .payload = json_object_to_json_string(job->payload)};
    return job_add(job->db, &next) || job_fail_db(job);
}

static bool run(struct job *job)
{
    const char *name = text_of(job, "resource"), *key = text_of(job, "key"), *last;
    const struct resource *resource = model_resource(name);
    if (!resource || !custom_field(resource))
        return job_refuse(job, "There is no resource %s with custom fields.", name);
    if (!custom_values_remove(job->db, resource, key, text_of(job, "after"), RECORDS_AT_ONCE,
                              &last))
        return job_fail_db(job);
    if (last)
        return go_on(job, last);
    if (!db_get(job->db, &custom_removal_end, name, key))
        return job_fail_db(job);
    tenant_changed(job->db, job->tenant_id);
    return true;
}

const struct job_kind custom_removal = {"fields.remove_values", "maintenance", run};
