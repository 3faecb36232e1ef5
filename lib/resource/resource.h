/* resource: a kind of record with its fields, addresses and rules. The engine
 * makes list, get, create, replace, merge-patch, delete, CSV out (and the
 * generic pages) from one of these; see cgi-bin/crm/leads.c for the smallest.
 *
 * Besides `fields` each has id, createdAt and updatedAt. A resource that
 * operators use across tenants declares tenant_id as a field (CREATE_ONLY).
 */
#ifndef RESOURCE_RESOURCE_H
#define RESOURCE_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/route.h"
#include "resource/field.h"
#include "resource/filter_text.h"
#include "resource/input.h"

struct action;
struct board;
struct conditions;
struct event_told;
struct buf;
struct custom;
struct cx;
struct json_object;
struct list_result;
struct rows;

enum operation {
    OP_LIST = 1,
    OP_GET = 2,
    OP_CREATE = 4,
    OP_REPLACE = 8,
    OP_MERGE = 16,
    OP_DELETE = 32,
    OP_EXPORT = 64,
    OP_ALL = 127
};

/* What a resource says of imports (lib/import). */
struct resource;
struct import_rules {
    const struct resource *resource;
    /* Columns by whose values, besides the id, a row of a file and a record are told to be the
     * same; FILTERED. Closed by NULL. */
    const char *const *keys;
    /* What a file may have and no field of the resource is, for its hooks; NULL: nothing. */
    const struct field *also;
};
#define IMPORTS(of, ...)                                                                           \
    (&(const struct import_rules){.resource = &(of), .keys = CHOICES(__VA_ARGS__)})

struct resource {
    const char *name;       /* plural: "leads" */
    const char *one;        /* "lead"; in OpenAPI the schema Lead, and getLead, listLeads … */
    const char *same_as;    /* `one` of the resource that this shows part of; NULL: its own */
    const char *deprecated; /* of its routes, see http/route.h; NULL: they stay */
    const char *title;      /* "Leads", on pages */
    const char *about;      /* a sentence for documentation and the empty list */
    const char *permission; /* "crm.leads"; actions read create update delete export */
    const char *table;      /* without schema */
    const char *api;        /* "/api/crm/leads" */
    const char *page;       /* "/admin/crm/leads"; NULL: no pages */
    const char *icon;       /* of the menu, a Tabler icon name */
    enum scope scope;
    bool no_tenant;       /* the table has no tenant_id: tenants themselves */
    bool no_common_times; /* besides its fields it has only the id */
    unsigned operations;
    bool attachments;     /* each record may have files (resource/attachment.h); its migration says
                           * call house.has_files('TABLE') */
    unsigned write_flags; /* of the routes that change it, by API and by page: ROUTE_STEP_UP … */
    const char
        *errors; /* codes of its hooks and constraints when it is written, see http/route.h */
    const struct field *fields;
    const char *sort;  /* "-createdAt" (default when NULL) */
    const char *where; /* constant SQL condition on every statement, or NULL */
    /* The field that holds the user whose record it is (a NULLABLE UUID): permissions may then be
     * of one's own records, or of those of one's teams (access/permission.h), and who makes a
     * record is its owner unless they name another. NULL: what one may, one may with all records.
     * The table needs an index (tenant_id, owner, what the list is sorted by, id). */
    const char *owner;
    /* The tenant's setting (section and key) under which whoever may make records for anybody, and
     * names no owner, leaves that to the table, whose trigger chooses one. {NULL}: none. */
    struct {
        const char *section, *key;
    } assigned_when;
    /* The column of the user whose records these are and who alone meets them, whoever may do what
     * else: notifications. `permission` and `owner` are NULL then, and its routes are for everybody
     * signed in. The table needs an index (tenant_id, personal, what the list is sorted by). */
    const char *personal;
    /* Of a personal one whose records may be shared: the BOOL column that says so, by which all in
     * the tenant read it; who has the permission `shares_with` may change and delete it too. The
     * column is .changed_with that permission. NULL: nobody else meets them. */
    const char *shared, *shares_with;
    bool for_keys;     /* a personal one that API keys may meet too: `narrow` says what of it */
    const char *label; /* column that names a record on pages; NULL: the first field */
    /* Called inside the write's transaction (an interactive one when set).
     * prepare may refuse (fail…) and may change input; finish sees the new row. */
    bool (*prepare)(struct cx *cx, enum operation operation, const char *id, struct input *input);
    bool (*finish)(struct cx *cx, enum operation operation, const char *id);
    /* What refers to the record refers to the other one from now on, before it is deleted
     * (resource/moving.h). NULL: it is deleted when nothing refers to it. */
    bool (*move)(struct cx *cx, const char *id, const char *to);
    /* After the commit: caches, notices. */
    void (*committed)(struct cx *cx, enum operation operation, const char *id);
    const char *template_detail, *template_list, *template_form; /* overrides; NULL: generic */
    /* Adds to the data of the list page (record NULL) and of the detail page what their own
     * templates show besides; false: the failure is set. */
    bool (*add_to_page)(struct cx *cx, struct json_object *data, const struct list_result *record);
    const struct action *const *actions; /* resource/action.h; NULL: none */
    const struct board *board;           /* resource/board.h; NULL: none */
    /* What making a record gives besides it, this once: a secret that is kept as a hash. Its hooks
     * say it with record_give(). NULL: nothing. */
    const struct field *gives;
    /* Rows that belong to one record of another resource (resource/part.h): that resource, and the
     * field that holds its id, READ_ONLY | FILTERED. `api` is "{its api}/:id/notes", `permission`
     * its own, `page` NULL; neither OP_REPLACE nor OP_EXPORT. */
    const struct resource *parent;
    const char *parent_column;
    /* The same for the form of a new record (record NULL) or of this one. */
    bool (*add_to_form)(struct cx *cx, struct json_object *data, const struct list_result *record);
    /* What a record is called in events ("user"), where that is neither `same_as` nor `one`. */
    const char *event;
    bool no_events;   /* its table has no trigger that writes them */
    bool comments;    /* people comment on its records (comment/comment.h) */
    bool in_timeline; /* its records stand in the timelines of those that they refer to */
    /* Columns of which one at least holds something: what an activity is on. 422 required of the
     * first. Closed by NULL; NULL: none. */
    const char *const *any_of;
    /* A further condition on what the one who asks may see of the table; NULL: none. */
    const char *(*narrow)(const struct cx *cx, struct conditions *where);
    /* Fills told_field and told of rows that a page is to show. WAITS; false: the failure is set.
     */
    bool (*tell)(struct cx *cx, struct list_result *result);
    const char *follows; /* channel of realtime that refreshes its list by itself, or NULL */
    /* Columns by whose values a new record is told to be there already: resource/alike.h. Closed by
     * NULL; NULL: none. */
    const char *const *alike;
    bool merges; /* its records may become one: resource/merge.h; it has no hooks then */
    /* Its records may come from a file, for those with the permission "…:import"; NULL: not. */
    const struct import_rules *imports;
};

/* Whom a route of the resource is for: who has the permission; everybody signed in, where it is
 * personal. */
struct access resource_access(const struct resource *resource, const char *permission);

/* The API routes of a resource, in static memory of the process. */
size_t resource_routes(const struct resource *resource, const struct route **routes);

/* The generic handlers; usable by an area's own routes with .about = &resource. */
bool resource_list(struct cx *cx);
bool resource_get(struct cx *cx);
bool resource_create(struct cx *cx);
bool resource_replace(struct cx *cx);
bool resource_merge(struct cx *cx);
bool resource_delete(struct cx *cx);
bool resource_export(struct cx *cx);
bool resource_export_as(struct cx *cx, const char *format); /* "csv", "jsonl", "xlsx" */

/* ---- parts that pages and imports use too ---- */
struct list_query {
    int64_t page, limit;
    const char *after;            /* cursor, or NULL */
    bool count;                   /* false with `after` */
    bool slow;                    /* many rows are meant: never on the shared connections */
    const char *sort;             /* JSON names with '-' */
    const char *search;           /* q */
    const char *action;           /* what is done with them: "export"; NULL: read */
    const struct field **columns; /* chosen by fields=, NULL-terminated; NULL: all */
    const struct field **labels; /* references whose names are read too (include=), NULL-terminated;
                                  * NULL: none. See resource/reference.h */
    struct list_filter {
        const struct field *field; /* of a group NULL */
        const char *operator;      /* "=", "!=", ">", ">=", "<", "<=", "in", "null", "q" */
        const char *value;
        struct list_filter *next;
        enum filter_kind group;     /* of a group: whether all, any or not what is in it */
        struct list_filter *inside; /* of a condition, and of no group, NULL */
    } * filters;                    /* all of them are to hold */
};
struct list_result {
    struct rows *rows;           /* column i is fields[i] */
    const struct field **fields; /* id, createdAt … included; NULL-terminated */
    const struct field **labels; /* their names stand behind the fields; NULL: none */
    const struct custom *custom; /* the tenant's fields on them (resource/custom.h), or NULL */
    const struct list_result *unspread; /* of custom_spread(): as it was read */
    int64_t total;                      /* -1: not counted */
    bool more;                          /* than `total`, where counting ended */
    const char *next_cursor;
    /* What pages show of this field, a row each, in place of its value; NULL: that. */
    const struct field *told_field;
    const struct event_told *told;
};
/* Reads page, limit, after, sort, q, fields and the filters from the query;
 * unknown names are refused (400 unknown_parameter). */
bool list_read_query(struct cx *cx, const struct resource *resource, struct list_query *out);
bool list_run(struct cx *cx, const struct resource *resource, const struct list_query *query,
              struct list_result *out);
/* How many rows the query shows behind its cursor; one more than `most` when there are more. WAITS;
 * false: the failure is set. */
bool list_count(struct cx *cx, const struct resource *resource, const struct list_query *query,
                int most, int64_t *count);
/* The first `limit` records of each resource that the search finds, without counting: their ids,
 * what names them and what was searched; out has `count` places. WAITS. */
bool list_find(struct cx *cx, const struct resource *const *resources, size_t count,
               const char *search, int64_t limit, struct list_result *out);
/* Takes one of the tenant's two places for exports until the request ends; asked before the answer
 * begins. false: 429 too_many_exports. */
bool export_begins(struct cx *cx);
/* Answers with a file of every row that the query shows, whatever its page and limit, behind what
 * is in cx->response.body; from the second chunk of rows on it is sent while it is read. 422 when
 * there are more than 100,000. WAITS. */
struct list_file {
    const char *type, *name;
    /* In memory that is given back after the row. */
    void (*write)(const struct list_file *file, struct buf *out, const struct list_result *result,
                  size_t row);
    void *state;
    /* Answers when all rows were written, where nothing can be sent before; NULL: see above. */
    bool (*end)(struct cx *cx, const struct list_file *file);
};
bool list_send(struct cx *cx, const struct resource *resource, const struct list_query *query,
               const struct list_file *file);
/* One record; *out rows with one row and all fields. 404 when there is none. */
bool record_get(struct cx *cx, const struct resource *resource, const char *id,
                struct list_result *out);
/* The same with the names of what these references refer to. */
bool record_get_named(struct cx *cx, const struct resource *resource, const char *id,
                      const struct field **labels, struct list_result *out);
/* The same for another permission than reading: 404, or 403 not_yours when it may be seen alone. */
bool record_get_with(struct cx *cx, const struct resource *resource, const char *id,
                     const char *permission, struct list_result *out);
/* Those of the `count` records that there are, in any order; ids that are none are passed
 * over. One query. WAITS. */
bool record_get_all(struct cx *cx, const struct resource *resource, const char *const *ids,
                    size_t count, struct list_result *out);
/* The first row's value by column name; NULL: null, or no such column. */
const char *record_value(const struct list_result *record, const char *name);
/* Of ROUTE_…, for each route whose handler takes its rows from the engine. */
unsigned sight_route_flags(const struct resource *resource);
/* Whether the one signed in has the permission, with some of the resource's records at least. */
bool resource_may(const struct cx *cx, const struct resource *resource, const char *permission);
/* Whether they have it with this record, which they see, as far as its owner goes. WAITS. */
bool record_is_in_sight(struct cx *cx, const struct resource *resource,
                        const struct list_result *record, const char *permission);
/* Whether a record that they write can only be their own: nothing to choose on its form. */
bool record_owner_is_fixed(const struct cx *cx, const struct resource *resource, bool creating);
/* Writes with cx->input or the given one; id of the new record in out_id. */
bool record_create(struct cx *cx, const struct resource *resource, struct input *input,
                   struct list_result *out);
bool record_update(struct cx *cx, const struct resource *resource, const char *id,
                   struct input *input, enum input_mode mode, struct list_result *out);
bool record_delete(struct cx *cx, const struct resource *resource, const char *id);
/* Several new records in few statements: each is looked at as record_create() looks at it and
 * refused for itself, then all of them are written, or none. */
struct insert_row;
struct record_new {
    const char *id;
    const char *version; /* when it was written */
    const struct insert_row *row;
};
/* Whether a record with this input can be made so: nothing is written or called besides. */
bool record_is_plain(const struct cx *cx, const struct resource *resource,
                     const struct input *input);
/* In the request's arena. false: the failure is set. WAITS. */
bool record_check_new(struct cx *cx, const struct resource *resource, struct input *input,
                      struct record_new *out);
/* In an open transaction. false: the database refuses one of them, and the failure is set. WAITS.
 */
bool record_create_all(struct cx *cx, const struct resource *resource,
                       struct record_new *const *records, size_t count);

/* Whether q= searches it: a field is SEARCHED. */
bool resource_is_searched(const struct resource *resource);
/* The column that names a record. */
const char *resource_label(const struct resource *resource);

/* What the answer, or the next page, has besides the record, under the name of a field of `gives`.
 * The value is copied; the last one of a name counts. */
void record_give(struct cx *cx, const char *name, const char *value);
const char *record_given(const struct cx *cx, const char *name); /* NULL: null, or not given */

/* Writes one row as a JSON object, by the fields' types; what the labels name as {id, name}. */
void record_write_json(struct json *json, const struct list_result *result, size_t row);
/* One value of the type as JSON (NULL writes null). */
void field_write_json(struct json *json, const struct field *field, const char *text, size_t len);
/* Strong ETag (RFC 9110 8.8.3) of a record with all its columns: it changes with everything that
 * they show, what is computed included. */
char *record_etag(struct cx *cx, const struct list_result *result);

/* Fields that every resource has, in front of its own: id, created_at, updated_at. */
extern const struct field resource_common_fields[];
#endif
