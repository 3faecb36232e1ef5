/* merge: two or more records of a resource become one of them, the winner. A resource that allows
 * it says `.merges = true`; then it has POST {api}/merge, and its list offers it to whoever may
 * change and delete its records.
 *
 * For each field one of the records says the value; unless it is said which, the winner, or the
 * first of the others that has one where the winner has none. Whatever refers to the others refers
 * to the winner afterwards: references of all resources, rows that belong to them, files, fields of
 * the tenant's own. It is found in the catalogue of the database, so that nothing is forgotten
 * (house.merge_places). The others are deleted, and told of by the event "lead.merged"; their ids
 * lead to the winner for ever. It is kept as a bulk run, by which it can be undone for thirty days.
 * With `dryRun` it is done and taken back, so that a preview cannot differ from what follows.
 */
#ifndef RESOURCE_MERGE_H
#define RESOURCE_MERGE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"
#include "resource/bulk.h"
#include "resource/resource.h"

enum {
    MERGE_MOST = 20 /* records at once */,
    MERGE_REFERRING = 20000 /* rows that refer to them */
};

/* What is asked for; and, once it is done, what came of it. */
struct merge {
    const struct resource *resource;
    const char *ids[MERGE_MOST]; /* each once */
    size_t count, winner;        /* its place among them */
    json_object *take; /* the id of the record whose value wins, by the field's name in JSON
                        * ("custom.color" of the tenant's own); NULL: none is said */
    bool dry;          /* it is taken back */
    const struct field **labels; /* references whose names `record` is to have; NULL: none */

    struct list_result record; /* the winner as it is then, with all its columns */
    json_object *moved;        /* [{"table", "column", "key", "rows": […]}] */
    const char *run_id;        /* by which it can be undone; NULL: it was taken back */
};

/* Whether the one signed in may merge records of the resource, with some of them at least. */
bool merge_may(const struct cx *cx, const struct resource *resource);
/* Whether it may be said whose value of the field wins; `field` of the resource or of the tenant's
 * own, as custom_spread() shows them. */
bool merge_chooses(const struct cx *cx, const struct resource *resource, const struct field *field);
/* The name by which it is said: "custom.budget" for both parts of an amount. In the arena. */
const char *merge_field_name(struct cx *cx, const struct field *field);
/* Does it. 403, 404 and 409 of a record that is not one's to change or delete, 422 of `take`. In a
 * transaction of its own. WAITS. */
bool merge_run(struct cx *cx, struct merge *merge);

/* What was moved, by what it is called, as far as one may read that: {"resource", "field",
 * "count"}, the first two null of what one may not. */
void merge_write_moved(const struct cx *cx, struct json *json, const struct merge *merge);

/* Of its route in the API. */
size_t merge_routes(const struct resource *resource, struct route *routes);
const char *merge_event(const struct resource *resource); /* "lead.merged" */

/* The record into which the one of that id was merged, at the end of the chain; *winner NULL: it
 * was not. false: the failure is set. WAITS. */
bool merge_follow(struct cx *cx, const struct resource *resource, const char *id,
                  const char **winner);

/* Puts back one row of a merge's run (resource/bulk.h), as bulk_undo() does. WAITS. */
bool merge_undo_row(struct cx *cx, const struct bulk *bulk, const char *id, const char *before,
                    const char *version);

/* The ids as PostgreSQL's array. In the arena. */
const char *merge_id_array(struct cx *cx, const struct merge *merge);

/* ---- merge_choose.c ---- */
/* The rows of the merge, as the database writes them: to_jsonb of each. */
struct merge_rows {
    json_object *rows[MERGE_MOST];
    const char *texts[MERGE_MOST];
};
struct merge_plan {
    json_object *columns;         /* of the winner, as they become: those that change */
    const struct field *files[4]; /* file fields that another record gives; NULL behind the last */
    size_t files_of[4];
    size_t lines_of;      /* whose rows of its own it keeps alone; SIZE_MAX: those of all */
    const char *currency; /* of what is written */
};
/* 403 and 422 of `take`. WAITS. */
bool merge_choose(struct cx *cx, const struct merge *merge, const struct merge_rows *rows,
                  struct merge_plan *out);

#endif
