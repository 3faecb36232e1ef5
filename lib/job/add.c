/* add: putting a job into its queue. */
#include <stdarg.h>
#include <stdio.h>

#include "base/sentence.h"
#include "job/job.h"

STATEMENT(
    job_insert,
    "insert into jobs (tenant_id, kind, queue, payload, key, priority, attempts, state, run_at)\n"
    "values (coalesce($1::uuid, '00000000-0000-7000-8000-000000000001'), $2, $3, $4::jsonb,\n"
    "        $5, $6::smallint, $7::integer,\n"
    "        case when $8::integer > 0 then 'scheduled' else 'ready' end,\n"
    "        now() + make_interval(secs => $8::integer))\n"
    "on conflict (tenant_id, kind, key)\n"
    "    where key is not null and state in ('ready', 'scheduled', 'paused')\n"
    "do nothing",
    DB_WRITES);

enum { ATTEMPTS_USUAL = 20 };

bool job_add(struct db *db, const struct job_new *job)
{
    char priority[16], attempts[16], delay[24];
    const struct job_kind *kind = job->kind;
    snprintf(priority, sizeof priority, "%d", job->priority ? job->priority : kind->priority);
    snprintf(attempts, sizeof attempts, "%d", kind->attempts ? kind->attempts : ATTEMPTS_USUAL);
    snprintf(delay, sizeof delay, "%lld", (long long)job->delay_s);
    return db_get(db, &job_insert, db->tenant_id[0] ? db->tenant_id : NULL, kind->name, kind->queue,
                  job->payload ? job->payload : "{}", job->key, priority, attempts, delay) != NULL;
}

static bool say(struct job *job, const char *format, va_list args)
{
    job->error = sentence_vkeep(job->arena, format, args);
    return false;
}

bool job_fail(struct job *job, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(job, format, args);
    va_end(args);
    return false;
}

bool job_refuse(struct job *job, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(job, format, args);
    va_end(args);
    job->refused = true;
    return false;
}

bool job_fail_db(struct job *job)
{
    return job_fail(job, "The database: %s",
                    job->db->error.message ? job->db->error.message : "not available");
}

const char *job_text(const struct job *job, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(job->payload, name, &value);
    return json_object_get_string(value);
}

bool job_again(struct job *job, const struct job_kind *kind)
{
    const struct job_new next = {.kind = kind, .payload = json_object_to_json_string(job->payload)};
    return job_add(job->db, &next) || job_fail_db(job);
}
