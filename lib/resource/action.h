/* action: what one does with a record besides changing its fields, said once.
 *
 *     static const struct action retry = {
 *         .name = "retry", .title = "Retry", .icon = "refresh",
 *         .summary = "Put a dead letter back into its queue.",
 *         .when = "state = 'dead'",
 *         .refused = {"job_not_dead", "It has not failed for good: nothing to retry."},
 *         .done = "It is in its queue again.",
 *         .run = job_retry_run,
 *     };
 *     const struct resource jobs = { …, .actions = ACTIONS(&retry) };
 *
 * From it the engine makes POST {api}/:id/retry, which answers the whole record
 * with its ETag, the button on the record's page, the page that asks or takes
 * fields, the operation in OpenAPI, and the tests that walk every action. With
 * ACTION_MANY it stands in {api}/bulk and at the foot of the list page too. With
 * ACTION_ON_LIST it has no record: POST {api}/retry and a button on the list page.
 */
#ifndef RESOURCE_ACTION_H
#define RESOURCE_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"
#include "resource/field.h"

struct buf;
struct cx;
struct list_result;
struct resource;

enum action_flags {
    ACTION_CONFIRM = 1,     /* by page it is asked first */
    ACTION_DANGER = 2,      /* its button warns */
    ACTION_STEP_UP = 4,     /* ROUTE_STEP_UP */
    ACTION_IN_PERSON = 8,   /* ROUTE_IN_PERSON */
    ACTION_OUTSIDE = 16,    /* run() calls others (DNS, HTTP): the row is not locked and no
                             * transaction open; it claims, calls and settles by itself */
    ACTION_MANY = 32,       /* with many at once too */
    ACTION_NO_PAGE = 64,    /* by API alone: a page of the area's own leads to it */
    ACTION_SUSPENDED = 128, /* ROUTE_SUSPENDED */
    ACTION_UNLOCKED = 512, /* the row is not locked before run(), which locks in an order of its own
                            * and looks again; `when` is a first look */
    ACTION_TO_LIST = 256,  /* the next page is the list: the record may be gone by then */
    ACTION_ON_LIST = 1024, /* of no record: run() gets NULL, the answer is what it gives */
    ACTION_NO_API = 4096,  /* by page alone: by API another way of the area's own leads to it */
    ACTION_SHOWS = 8192,   /* by page the record's own page shows at once what it gives: by its
                            * add_to_page, from record_given() */
    ACTION_SENDS = 2048    /* it sends or costs: with dryRun it is done and taken back, so that the
                            * answer says what would be. Not with ACTION_OUTSIDE */
};

struct action {
    const char *name;      /* the verb, as it stands in addresses: "retry" */
    const char *title;     /* on its button: "Retry" */
    const char *icon;      /* a Tabler icon name, or NULL */
    const char *summary;   /* one sentence for the documentation */
    const char *operation; /* its operationId; NULL: from the verb and what a record is called */
    const char *ask;   /* what its page says before: what will follow; NULL: nothing. [slug] is the
                        * record's value of that column */
    const char *done;  /* what the next page says: "Tenant suspended." */
    const char *needs; /* the permission; NULL: the resource's, ":update" */
    const char *when;  /* SQL condition on the row, with the names of its columns; NULL: always.
                        * While it is false there is no button, and the API says 409 */
    struct {
        const char *code, *message;
    } refused;                 /* that 409 */
    const struct field *takes; /* NULL: nothing */
    /* What it gives besides the record, this once (a secret, a count): members of the answer, and a
     * page that shows them. run() says them with record_give(). NULL: nothing. */
    const struct field *gives;
    /* What the record is afterwards, whose address the action has and which answers; NULL: what it
     * was. A deleted tenant is restored at /api/tenants/:id/restore. */
    const struct resource *becomes;
    const char *event;  /* what was done, as events say it: "suspended" (resource/event_kind.h);
                         * NULL: its record was changed, as the trigger says */
    const char *told;   /* the same in words (resource/event_told.h): "{actor} suspended the tenant
                         * {name}."; NULL: "The {one} {name} was {verb} by {actor}." */
    const char *errors; /* further codes of run(): "409 own_account" */
    unsigned flags;
    /* Does it, inside the engine's transaction with the row locked; cx->input has what was taken,
     * `old` the record as it was (NULL with ACTION_ON_LIST). false: the failure is set. What
     * follows a commit is said with db_after_commit(). */
    bool (*run)(struct cx *cx, const struct list_result *old);
};
#define ACTIONS(...) ((const struct action *const[]){__VA_ARGS__, NULL})

#define ACTION_DRY_RUN "dry_run" /* the member of a body */

/* The resource that has the record afterwards. */
const struct resource *action_home(const struct resource *resource, const struct action *action);

/* Does the action with one record: 404, 409 of `refused`, 412 of If-Match, and what run() says.
 * What the caller's input is stands in cx->input. *there: whether its home has the record
 * then, which is in *out, as it is now. WAITS. */
bool action_run(struct cx *cx, const struct resource *resource, const struct action *action,
                const char *id, struct list_result *out, bool *there);
/* The same with one of ACTION_ON_LIST. WAITS. */
bool action_run_on_list(struct cx *cx, const struct action *action);

/* Which of the resource's actions the one signed in may do with this record now: possible[i] for
 * actions[i]. false: the failure is set. WAITS. */
enum { ACTIONS_MAX = 16 };
bool action_find_possible(struct cx *cx, const struct resource *resource, const char *id,
                          bool possible[static ACTIONS_MAX]);

/* The permission that it needs; for the process's life. */
const char *action_needs(const struct resource *resource, const struct action *action);
/* Of ROUTE_…, for each route that leads to it. */
unsigned action_route_flags(const struct action *action);
/* Whether the one signed in may do it, whatever the record. */
bool action_may(const struct cx *cx, const struct resource *resource, const struct action *action);
/* The same with the refusal set: 403 permission_missing, api_key_refused, impersonation_refused,
 * step_up_required. For where the route does not say it: bulk. WAITS. */
bool action_check(struct cx *cx, const struct resource *resource, const struct action *action);
/* The action that is done with many and has this name; NULL: none. */
const struct action *action_find_many(const struct resource *resource, const char *name);

/* What is wrong with the resource's actions as they are declared, as lines for whoever builds: one
 * without run() … */
void action_check_declared(const struct resource *resource, struct buf *report);

/* The routes of a resource's actions by API, in static memory of the process. */
size_t resource_action_routes(const struct resource *resource, const struct route **routes);

/* Handlers of those routes. */
bool action_handle(struct cx *cx);
bool action_handle_bulk(struct cx *cx);

#endif
