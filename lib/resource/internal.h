/* internal: what the files of the engine share. */
#ifndef RESOURCE_INTERNAL_H
#define RESOURCE_INTERNAL_H

#include "base/buf.h"
#include "resource/conditions.h"
#include "resource/resource.h"
#include "resource/shape.h"

/* ---- handlers.c ---- */
/* What is made once for the process's life: routes, and what they say. */
struct arena *engine_arena(void);
char *engine_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The record with its ETag, and what was given besides. true. */
bool record_answer(struct cx *cx, const struct list_result *result, int status);

/* ---- action_routes.c ---- */
/* Whether bulk takes a member of this name for itself. */
bool action_is_bulk_member(const char *name);

/* ---- given.c ---- */
/* The members for these fields (NULL: none), null where nothing was given. */
void given_write_json(struct cx *cx, struct json *json, const struct field *gives);

/* ---- record.c ---- */
enum record_look { RECORD_LOCKED = 1 /* until the transaction ends */ };
/* The record's columns, and behind them `more`, expressions over its row (NULL: none): no row when
 * there is none that the viewer sees. An id that is none is the caller's to refuse. WAITS. */
bool record_look(struct cx *cx, const struct resource *resource, const char *id,
                 const struct viewer *viewer, const char *more, unsigned flags,
                 struct list_result *out);
/* Why the viewer of another permission than reading found no such record: 404 or 403
 * not_yours, and false; true: they see it now. WAITS. */
bool record_explain_missing(struct cx *cx, const struct resource *resource, const char *id,
                            const struct viewer *viewer);
bool record_fail_missing(struct cx *cx, const struct resource *resource); /* 404 */
/* One of the engine's statements on a resource's table that returns its columns. WAITS. */
bool record_run(struct cx *cx, const struct resource *resource, const char *sql, unsigned flags,
                const struct conditions *where, struct list_result *out);
/* The record of that id, an UUID, as far as the viewer sees it; without an error no row. WAITS. */
bool record_find(struct cx *cx, const struct resource *resource, const char *id,
                 const struct viewer *viewer, struct list_result *out);

/* ---- record_version.c ---- */
bool record_fail_version(struct cx *cx); /* 412 */
/* Whether the record that was read is of a version that If-Match allows. */
bool record_is_demanded(struct cx *cx, const struct list_result *record);
/* The versions that If-Match allows, as PostgreSQL's array; NULL when it demands none (RFC 9110
 * 13.1.1). false: 412. WAITS. */
bool record_demanded_versions(struct cx *cx, const struct resource *resource, const char *id,
                              const char **times);

/* Whether the record has a version that If-Match names, before anything else is said of it. false:
 * 412 or 404. WAITS. */
bool record_check_version(struct cx *cx, const struct resource *resource, const char *id);

/* ---- record_change.c ---- */
/* What the resource does after the commit, once for this record. */
void record_tell_committed(struct cx *cx, const struct resource *resource, enum operation operation,
                           const char *id);

/* ---- record_insert.c, record_write.c ---- */
/* The row alone, without hooks and children. WAIT. */
bool record_insert_row(struct cx *cx, const struct resource *resource, const struct input *input,
                       const char *id, struct list_result *out);
bool record_update_row(struct cx *cx, const struct resource *resource, const char *id,
                       const struct input *input, enum input_mode mode, struct list_result *out);
bool record_delete_row(struct cx *cx, const struct resource *resource, const char *id);

/* ---- transition.c ---- */
/* Whether a new record may begin with the values of the input; false: the failure is set. */
bool transition_check_beginnings(struct cx *cx, const struct input *input);
/* The row's values must be ones from which the input's may follow. */
void transition_add_origins(struct conditions *where, struct cx *cx, const struct input *input);
/* Why the record that is there may not take the input's values; true: it may. */
bool transition_check_moves(struct cx *cx, const struct input *input,
                            const struct list_result *there);

/* ---- field.c ---- */
/* Whether the engine's statements write it into a column of the resource's own table. */
bool field_is_column(const struct field *field);

/* ---- input.c ---- */
/* Where a body is read: which field, for messages "a.b" or "items[2].name". */
struct place {
    struct cx *cx;
    const char *prefix; /* "" at the top */
    enum input_mode mode;
};
/* Adds to the details of the failure; false. */
bool input_complain(const struct place *place, const char *name, const char *code,
                    const char *message);
struct input *input_new(struct cx *cx, const struct field *fields); /* all absent */
bool input_is_fixed(const struct field *field, enum input_mode mode);
/* Complains of each required field that is absent; not in a patch. */
bool input_require(const struct place *place, const struct field *fields, struct value *values);
void input_release_json(void *value); /* for arena_defer() */

/* ---- list_filters.c ---- */
/* One of the filters, or filter= with its groups. false: 400, 403. */
bool list_read_filter(struct cx *cx, const struct resource *resource, const struct parameter *it,
                      struct list_query *out);
/* Amounts of different currencies do not compare: who asks for some names one. false: 400. */
bool list_check_currencies(struct cx *cx, const struct resource *resource,
                           const struct list_filter *filters);
/* One value of the parameter `name` in its normal form. false: 400. */
bool list_check_value(struct cx *cx, const struct field *field, const char *name, const char *text,
                      const char **normal);
/* Whether a parameter of this name stands before it in the request. */
bool list_stands_before(const struct cx *cx, const struct parameter *it);

/* ---- list_query.c ---- */
/* A field of the caller's shape, or of the tenant's own; NULL: there is none, or 403. */
const struct field *list_find_column(struct cx *cx, const struct resource *resource,
                                     const char *name);
/* "name,email": those columns behind the id, NULL-terminated; 400 with the name of one that there
 * is not. */
bool list_read_fields(struct cx *cx, const struct resource *resource, const char *text,
                      const struct field ***out);

/* ---- input_json.c ---- */
bool input_read_value(const struct place *place, const struct field *field, const char *name,
                      json_object *json, struct value *out);

/* ---- input_form.c ---- */
bool input_read_form_field(const struct place *place, const struct field *field,
                           struct value *value);

/* ---- columns.c ---- */
/* The fields that an answer has to those who may see all of them, NULL-terminated: the common
 * ones, then the resource's own. Kept for the life of the process. What is shown to a caller has
 * those of their shape: resource/shape.h. */
const struct field **resource_columns(const struct resource *resource);
/* The shape of those who may not see the fields of these bits; for the life of the process. */
struct shape *shape_without(const struct resource *resource, unsigned unseen);
/* The bit of a field with .seen_with, else 0. shape.c */
unsigned shape_bit(const struct resource *resource, const struct field *field);
/* "id, created_at, …" or the expressions of computed fields. */
void columns_sql(const struct cx *cx, struct buf *sql, const struct field *const *columns);
/* ", (…)": what the record is called to which the field refers, as a column of a statement on the
 * resource's table whose parameters are those of `where`; null of what the reader may not see.
 * reference.c */
void reference_label_sql(struct cx *cx, struct buf *sql, struct conditions *where,
                         const struct resource *resource, const struct field *field);
void labels_sql(struct cx *cx, struct buf *sql, struct conditions *where,
                const struct resource *resource,
                const struct field *const *labels); /* of each; labels may be NULL */
/* The expression that stands for a field in conditions. */
const char *column_expression(const struct field *field);

/* ---- child.c ---- */
/* The rows that belong to a record, as an expression on its table: a JSON array. For the process's
 * life. */
const char *child_select(const struct field *field);
/* Whether such rows are written by this input; and writes them, in the record's transaction,
 * behind the record itself. false: the failure is set. WAITS. */
bool child_is_written(const struct cx *cx, const struct input *input, enum operation operation);
bool child_write(struct cx *cx, const struct input *input, enum operation operation,
                 const char *id);

/* ---- statements.c ---- */

int statements_kept(void); /* how many, for tests */

/* ---- export.c ---- */
struct language;
/* The value as a file says it that people read; NULL: null. Names of what is referred to and of
 * files, times as RFC 3339. */
const char *export_cell_text(struct arena *arena, const struct language *language,
                             const struct list_result *result, size_t row, int column);

/* ---- list.c ---- */
/* Several lists in few round trips, none of them counted: the i-th query is of resources[i * step],
 * so that with 0 all are of one. WAITS; false: the failure is set. */
bool list_run_several(struct cx *cx, const struct resource *const *resources, size_t step,
                      const struct list_query *queries, size_t count, struct list_result *out);
enum { LIMIT_USUAL = 20, LIMIT_EXPORT = 1000, FILTERS_MAX = 20, SEARCH_MAX = 200 };

/* ---- owner.c ---- */
/* Before a record is written: who makes it owns it unless the input names another, and nobody
 * gives one out of their own sight: 422 owner_out_of_sight. WAITS. */
bool owner_take_new(struct cx *cx, const struct resource *resource, struct input *input);
bool owner_may_change(struct cx *cx, const struct resource *resource, struct input *input);
/* Nobody refers to a record out of their sight, but where the record of that id (NULL: a new one)
 * does so already: 422 unknown_reference. WAITS. */
bool references_are_seen(struct cx *cx, const struct resource *resource, const char *id,
                         const struct input *input);
/* 403 not_yours: it may be seen, but that not be done to it; false. */
bool sight_refuse(struct cx *cx, const struct resource *resource, enum sight sight);

/* ---- list_weight.c ---- */
enum {
    COUNT_MOST = 10000, /* where counting ends, and house.search_… too */
    SMALL_MOST = 5000   /* rows that may be read wholly on a shared connection */
};
enum list_weight {
    LIST_LIGHT, /* reads few rows: a shared connection serves */
    LIST_HEAVY,
    LIST_UNKNOWN /* heavy, and how many rows there are should be asked along */
};
/* What a list costs: a search much; one that may read all rows what is known of their number. */
enum list_weight list_weight_of(const struct cx *cx, const struct resource *resource,
                                const struct list_query *query);
/* How many rows the tenant has there: at least this many, if more than SMALL_MOST. */
void list_weight_learn(const struct cx *cx, const struct resource *resource, int64_t rows);
/* Counts at most so many. */
const char *list_bounded_count(struct arena *arena, const char *table, const char *where, int most);

/* ---- search.c ---- */
struct batch;
struct order;
/* Whether nothing but its words narrows what is searched for, and the viewer's sight. */
bool search_is_alone(const struct resource *resource, const struct list_query *query,
                     const struct viewer *viewer);
/* "select …", the ids of those that the words find, within the viewer's sight where the table knows
 * owners; `rest`: more arguments of the function that searches, or "". */
const char *search_ids(struct conditions *where, const struct cx *cx,
                       const struct resource *resource, const char *query,
                       const struct viewer *viewer, const char *rest);
/* The condition of the query's words, if it has any. `order`: of a search that is alone, to be
 * given as many as the page shows; else NULL. */
void search_add(struct conditions *where, const struct cx *cx, const struct resource *resource,
                const struct list_query *query, const struct viewer *viewer,
                const struct order *order);
/* The statement that counts what a search finds that is alone. */
void search_add_count(struct batch *batch, const struct cx *cx, const struct resource *resource,
                      const struct list_query *query, const struct viewer *viewer);

/* ---- order.c ---- */
enum { ORDER_MAX = 4 }; /* the id and three others */
struct order {
    const char *sort;
    struct {
        const struct field *field;
        bool descending;
    } keys[ORDER_MAX];
    int count;
};
/* "-createdAt,name", the id behind; asked by a client: SORTED fields only. NULL:
 * good; else what is wrong, for people. cx NULL: of no tenant. */
const char *order_read(struct cx *cx, struct arena *arena, const struct resource *resource,
                       const struct shape *shape, const char *sort, bool asked, struct order *out);
void order_sql(const struct order *order, struct buf *sql);
/* Only the rows behind the place with these values, one for each key. */
void order_add_place(const struct order *order, struct conditions *where,
                     const char *const *values);
/* Whether the list is by one field that may have no value: then an index gives a page by walking
 * twice, along those with a value and along those without, and by no other way. */
bool order_has_two_walks(const struct order *order);
/* The conditions become those rows among which the first `most` behind the place are; `values`
 * NULL: the first of all. */
void order_add_two_walks(const struct order *order, struct conditions *where, const char *table,
                         const char *const *values, int64_t most);
/* Whether PostgreSQL could have written these values for the keys. */
bool order_takes_place(const struct order *order, const char *const *values);

/* ---- cursor.c ---- */
/* An opaque place in a list: the sort and the values of its keys (NULL: null). */
char *cursor_write(struct arena *arena, const char *sort, const char *const *values, int count);
bool cursor_read(struct arena *arena, const char *cursor, const char *sort, const char **values,
                 int count);

#endif
