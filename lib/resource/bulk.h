/* bulk: one thing done with many records: an action, deletion, or new values for some fields.
 *
 * Which records these are is settled when it is asked for. Up to a hundred are done with in the
 * request; more become a run whose rows a job comes to, some in each of its transactions, so that
 * each is done once whoever is killed. Every record stands for itself: what is refused is noted
 * with the reason and keeps no other from it. What was changed or deleted can be put back for
 * thirty days; a record that somebody changed since is left as it is, and named.
 */
#ifndef RESOURCE_BULK_H
#define RESOURCE_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "job/job.h"
#include "resource/resource.h"

struct action;
struct cx;
struct parameter;

enum {
    BULK_AT_ONCE = 100, /* records that a request does itself */
    BULK_NAMED = 1000,  /* ids that a request may name */
    BULK_MOST = 100000, /* records of a run */
    BULK_DAYS = 30      /* for which it can be undone and looked at */
};

#define BULK_MERGE "merge" /* the verb of a run that merged records */

struct bulk {
    const struct resource *resource;
    const char *verb;            /* "delete", "update", "merge", or the action's name */
    const struct action *action; /* NULL: neither of the two is one */
    const char *set;             /* the new values, as JSON; NULL: not an update */
    struct input *taken;         /* what the action takes */
    bool merges;                 /* what it did is undone as resource/merge.h says */
    bool dry;                    /* each is taken back */
    bool gives_up;               /* also what fails on our side is refused for itself alone */
    char run_id[UUID_SIZE];      /* "": nothing of it is kept */
    int64_t handled, done;
};

/* What became of one. */
struct bulk_outcome {
    bool done, there; /* there: it is still a record of the resource */
    int status;       /* what a request for it alone would answer */
    const char *code, *message;
};

/* The verb that a body or a page names, with what it sets or takes. Whether the one signed in may
 * do it at all, and the new values can be set: 403, 422. WAITS. */
bool bulk_check(struct cx *cx, struct bulk *bulk);
/* Whether the resource offers new values for many. */
bool bulk_offers_update(const struct resource *resource);
/* A field of it that may be set so: a column, and what one's shape lets one write. */
bool bulk_sets(const struct cx *cx, const struct resource *resource, const struct field *field);
bool bulk_is_undoable(const struct bulk *bulk);
/* Does it with one, in a transaction or scope of its own. false: what went wrong concerns all that
 * follow, and the failure is set. WAITS. */
bool bulk_do(struct cx *cx, struct bulk *bulk, const char *id, struct bulk_outcome *out);
/* Deletes one record, as its own address does; *run_id is that of the run by which it can be
 * undone, NULL where it cannot. WAITS. */
bool bulk_delete_one(struct cx *cx, const struct resource *resource, const char *id,
                     const char **run_id);
/* What was done is put back as it was, in a scope of its own; `before` and `version` as kept. */
bool bulk_undo(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
               const char *version, struct bulk_outcome *out);
/* Columns of the record become what they were, unless it was changed since. WAITS. */
bool bulk_set_again(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
                    const char *version);
/* Keeps what undoing needs of a record that was changed (`before`: to_jsonb of its row then), or
 * that is gone (house.bulk_image of it), as done. WAIT. */
bool bulk_keep_changed(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
                       const char *before);
bool bulk_keep_gone(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
                    const char *image);

/* ---- bulk_choose.c ---- */
struct bulk_ids {
    const char **ids;
    size_t count, room;
};
/* Each once. */
void bulk_add_id(struct cx *cx, struct bulk_ids *out, const char *id);
/* The ids of the records that a list with these parameters shows to the one signed in: 422 of the
 * field "filter" where they are wrong or find more than `most`. WAITS. */
bool bulk_find(struct cx *cx, const struct resource *resource, struct parameter *parameters,
               size_t most, struct bulk_ids *out);
/* Those that a body names by "ids" or by "filter". */
bool bulk_choose(struct cx *cx, const struct resource *resource, const struct input *sent,
                 size_t most, struct bulk_ids *out);

/* ---- bulk_run.c ---- */
/* Begins to keep what becomes of `total` records done with in this request; and ends that. */
bool bulk_keep_begin(struct cx *cx, struct bulk *bulk, size_t total);
bool bulk_keep_end(struct cx *cx, const struct bulk *bulk);
bool bulk_note(struct cx *cx, const struct bulk *bulk, const char *id, const char *label,
               const struct bulk_outcome *outcome);
/* Leaves them to a job: bulk->run_id is the run's. WAITS. */
bool bulk_leave_to_job(struct cx *cx, struct bulk *bulk, const struct bulk_ids *chosen);
/* How many a request may do with this: BULK_AT_ONCE where a job cannot go on with it, because it
 * calls others or takes a secret. */
size_t bulk_most(const struct bulk *bulk);

/* The job puts back what the run did. In the transaction of whoever says so. WAITS. */
bool bulk_undo_later(struct cx *cx, const char *run_id);

/* Where runs are shown: cgi-bin/worker/bulk_runs.c. */
#define BULK_RUNS_API "/api/bulk-runs"
#define BULK_RUNS_PAGE "/bulk-runs"
extern const struct job_kind bulk_job, bulk_platform_job, bulk_forget_job;
/* What was refused or kept, at most `most`: id, label, state, status, code, message; NULL with the
 * failure set. WAITS. */
struct rows *bulk_refused(struct cx *cx, const char *run_id, int most);

#endif
