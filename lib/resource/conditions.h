/* conditions: the one place that writes which rows a statement may read or touch.
 *
 * Whatever the engine asks of a resource's table (list, count, one, many, update,
 * delete, export, search) has its WHERE from here: the resource's own condition,
 * the sight of the caller, and what was asked. A statement that took its rows from
 * elsewhere would show what somebody may not see.
 *
 * The sight of a caller is of whose records they have the permission that the
 * statement needs (access/permission.h); it binds where the resource says which
 * column holds the owner. A team's members are read inside the statement itself, so
 * who is taken out of a team sees nothing of it from that moment on.
 */
#ifndef RESOURCE_CONDITIONS_H
#define RESOURCE_CONDITIONS_H

#include "access/permission.h"
#include "base/buf.h"

struct arena;
struct cx;
struct field;
struct list_query;
struct resource;

struct conditions {
    struct arena *arena;
    struct buf sql; /* "" or "where …" */
    /* Those given so far stay where they are: a statement may be made of them before more come. */
    const char **parameters;
    int count, room;
};
void conditions_init(struct conditions *conditions, struct arena *arena);
/* Adds a parameter; its number. */
int conditions_parameter(struct conditions *conditions, const char *value);
/* "and"s a condition written with the parameters' numbers. */
void conditions_add(struct conditions *conditions, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A statement made at run time; the same text gives the same name, so that each connection prepares
 * it once. Kept for the process, the least used going first; valid as long as the arena. */
struct statement;
const struct statement *statement_made(struct arena *arena, const char *sql, unsigned flags);

/* ---- whose records ---- */

/* Whose records a statement is about. */
struct viewer {
    enum sight sight;
    const char *user_id; /* of SIGHT_OWN and SIGHT_TEAM; else NULL */
    const struct cx *cx; /* who asks, where the resource has a condition for them (.narrow) */
};
/* Everybody's: of jobs, and of what was looked at before. */
extern const struct viewer viewer_of_all;
/* That of the one signed in, for "read", "update", "delete", "export" …: what they have the
 * permission for, and never more than they may read, if they may read at all. */
struct viewer viewer_of(const struct cx *cx, const struct resource *resource, const char *action);
/* The same for a whole permission: "crm.leads:convert". */
struct viewer viewer_with(const struct cx *cx, const struct resource *resource,
                          const char *permission);
/* That of the one who makes a record: for whom they may. */
struct viewer viewer_of_maker(const struct cx *cx, const struct resource *resource);

/* What binds every statement on the resource's rows: its condition and the viewer's sight. */
void conditions_add_resource(struct conditions *conditions, const struct resource *resource,
                             const struct viewer *viewer);
/* " where …": the one row of `target` that `field` refers to, as far as the viewer sees it, in a
 * look-up inside a statement on the resource's table, with the parameters of that. A table that
 * refers to itself is called "referred" there. */
void conditions_write_referred(struct conditions *conditions, struct buf *sql,
                               const struct resource *resource, const struct field *field,
                               const struct resource *target, const struct viewer *viewer);
/* One row, or those of an array, by their ids. */
void conditions_add_id(struct conditions *conditions, const char *id);
void conditions_add_ids(struct conditions *conditions, const char *ids);
/* The filters of a list. */
void conditions_add_filters(struct conditions *conditions, const struct cx *cx,
                            const struct resource *resource, const struct list_query *query);
/* Whose records the viewer sees, as an array in SQL; "null": everybody's. */
const char *conditions_owners(struct conditions *conditions, const struct resource *resource,
                              const struct viewer *viewer);
/* How many rows are wanted, as a parameter, so that one statement serves every page; only the usual
 * limits are written out, because the planner then knows that few are. */
const char *list_limit(struct conditions *conditions, int64_t most);
/* A page of a team's records, in the place of their sight: of each member's no more rows are read
 * than the page can show, by the index of the owner. Else PostgreSQL, which does not know how many
 * are the team's, may walk through the tenant's until the page is full. `order` is "order by …". */
void conditions_page_of_team(struct conditions *conditions, const struct resource *resource,
                             const struct viewer *viewer, const char *order, int64_t most);

#endif
