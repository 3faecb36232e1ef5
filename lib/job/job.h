/* job: work that happens later, written in the transaction that causes it.
 *
 * A kind of job is a const table, named by the area that does it (struct area's
 * .jobs) and by whoever adds one:
 *
 *     const struct job_kind import_job = {"crm.import", "import", import_run};
 *     job_add(&cx->db, &(struct job_new){.kind = &import_job, .payload = "{\"file\": 7}"});
 *
 * The program `worker` is linked of all areas and runs every kind. A job runs at
 * least once; what it does in its transaction happens exactly once, since the job
 * is removed by the same commit. What it does outside (JOB_OUTSIDE) may happen
 * again after a crash: make that recognisable by the job's id.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"

struct arena;

/* One attempt, as its kind's run() gets it. */
struct job {
    struct arena *arena; /* of the attempt */
    struct db *db;       /* the role of its kind, its tenant, actor "system"; in a transaction that
                          * commits when run() returns true; without one for JOB_OUTSIDE */
    const char *id, *tenant_id, *kind;
    int attempt, attempts; /* this one, from 1; at most */
    json_object *payload;
    /* What went wrong, by job_fail() and job_refuse(), as base/sentence.h keeps it. */
    const char *error;
    int64_t retry_s; /* when to try again; 0: exponential back-off with jitter */
    bool refused;    /* not again: a dead letter at once */
};

enum job_flags {
    JOB_OUTSIDE = 1,  /* effects outside the database: no transaction around it */
    JOB_PLATFORM = 2, /* runs as the platform role, without a tenant */
};

struct job_kind {
    const char *name;             /* "mail.send": area or module, thing */
    const char *queue;            /* "email": what a page counts and pauses together */
    bool (*run)(struct job *job); /* false: job_fail() or job_refuse() said why */
    int attempts;                 /* 0: 20, which is about three days */
    int timeout_s;                /* of one attempt; 0: 120. Its lease lasts as long */
    int priority;                 /* smaller first; 0 usually */
    unsigned flags;
    int at_once; /* of them in one process, so that while they wait for somebody there is
                  * room for others; 0: as many as the process does at all */
};

/* Added by itself whenever `cron` says so, in each minute once for all workers. */
struct job_schedule {
    const char *name; /* "access.seal" */
    const char *cron; /* five fields (crontab(5)): "0 3 * * *" */
    const char *zone; /* IANA; NULL: UTC */
    const struct job_kind *kind;
    const char *payload; /* JSON object; NULL: {} */
};

struct job_new {
    const struct job_kind *kind;
    const char *payload; /* JSON object as text; NULL: {}. A member "sealed" holds a secret
                          * (secret_seal); pages show it as *** */
    const char *key;     /* unique among the waiting ones of its kind and tenant; NULL: none. A
                          * second one is not added, and that is no error */
    int64_t delay_s;     /* at the earliest then */
    int priority;        /* 0: the kind's */
};

/* Adds in db's transaction (or in one of its own), in db's tenant; a kind of
 * JOB_PLATFORM with a db of the platform role belongs to the platform tenant.
 * false: db->error. WAITS. */
bool job_add(struct db *db, const struct job_new *job);

/* For run(): a text of its payload; NULL: it has none of that name. */
const char *job_text(const struct job *job, const char *name);
/* For run(), of long work in steps: the same job once more, with its payload as it is now, in the
 * transaction of this step. false: job_fail_db() said why. WAITS. */
bool job_again(struct job *job, const struct job_kind *kind);

/* For run(): why this attempt failed; always false. The sentence is kept (base/sentence.h) and
 * shown to operators, in the language of each: no secrets. */
bool job_fail(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, but trying again is useless. */
bool job_refuse(struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The database failed: says what db->error says; always false. */
bool job_fail_db(struct job *job);

#endif
