/* internal: what the files of import share.
 *
 *   source.c  the file: its rows, cut into parts
 *   plan.c    which column is which field, and what else was chosen
 *   cell.c    one cell as a value, in the forms in which people write it
 *   refer.c   what a cell refers to
 *   row.c     one row as a record
 *   step.c    one part
 *   remember.c  what was chosen for the same first line before
 *   store.c   what the database keeps
 */
#ifndef IMPORT_INTERNAL_H
#define IMPORT_INTERNAL_H

#include "base/json.h"
#include "base/uuid.h"
#include "import/import.h"
#include "resource/input.h"

enum {
    IMPORT_ROWS_MAX = 1000000,
    IMPORT_PART_ROWS = 250,
    IMPORT_PART_BYTES = 1 << 18, /* of its text, roughly */
    IMPORT_AT_ONCE = 100,        /* rows at most that the request itself takes */
    IMPORT_COLUMNS_MAX = 200,
    IMPORT_KEPT_DAYS = 30
};

/* ---- plan.c ---- */

struct import_column {
    const char *title;         /* the cell of the first line */
    const char *name;          /* of the field, as the API calls it; NULL: it is not taken */
    const struct field *field; /* NULL: not taken, or the id */
    bool is_id;
};

struct import_plan {
    const struct resource *resource;
    const struct field *fields; /* the resource's, and what its rules add */
    struct import_column *columns;
    size_t width;
    const char *mode, *unknown, *dates;
    const char *key; /* a column's name; NULL: none */
    bool minor, dry;
};

/* Of the cells of the first line, found at `line`: what the request chose, and else what the titles
 * say. `loose`: what is not known is not taken, for people who look at it first; else it is
 * refused. false: the failure is set. WAITS. */
bool import_plan_make(struct cx *cx, const struct resource *resource, const char *const *head,
                      size_t width, size_t line, bool loose, struct import_plan *out);
/* The fields that a column may be, in the arena; closed by NULL. WAITS; NULL: failure. */
const struct field **import_fields(struct cx *cx, const struct resource *resource);
/* Names the column by the API's name of a field, or none ("" and NULL). false: there is none. */
bool import_plan_name(struct cx *cx, struct import_plan *plan, size_t column, const char *name);
/* Whether it can be begun: no field twice, what is required there, the key among the columns. */
bool import_plan_check(struct cx *cx, const struct import_plan *plan, size_t line);
/* The names as a JSON array. */
const char *import_plan_mapping(struct arena *arena, const struct import_plan *plan);
bool import_column_is(const struct import_column *column, const char *name);
/* Whether two titles are the same to people. */
bool import_same_title(struct arena *arena, const char *a, const char *b);

/* ---- source.c ---- */

/* A reader of rows, whatever kind of file it is. */
struct import_source {
    bool (*next)(struct import_source *source, struct arena *arena, const char ***cells,
                 size_t *count);
    const char *file_name; /* or NULL */
    size_t line;           /* of the row last read */
    const bool *numbers;   /* of each of its cells whether it is one; NULL: all are texts */
    const char *problem;   /* after next() answered false: stable code, or NULL at the end */
    const char *breaks;    /* that sentence */
    void *state;
};
/* The file of the request; false: the failure is set. */
bool import_source_open(struct cx *cx, struct import_source *out);
/* Puts the rest of the rows into parts of the import, in a transaction. false: the failure is set.
 * WAITS. */
struct import_state;
bool import_source_store(struct cx *cx, struct db *db, struct import_source *source,
                         const struct import_plan *plan, struct import_state *state);

/* ---- cell.c ---- */

/* The cell as a value of JSON for the field; NULL with the failure's details set, or `*skip`. */
struct import_run;
struct import_row;
json_object *import_cell(struct import_run *run, const struct import_column *column,
                         const struct import_row *row, const char *text, bool *skip);
const char *import_currency_of_tenant(const struct cx *cx);
/* How dates of the column are ordered, as far as the value tells: "dmy", "mdy"; NULL: it may be
 * either, or is no such date. */
const char *import_date_order(const char *text);

/* ---- refer.c ---- */
/* The id of what the text names; NULL: refused, with the failure set, or `*skip`. WAITS. */
const char *import_refer(struct import_run *run, const struct field *field, const char *name,
                         const char *text, bool *skip);

/* ---- row.c ---- */

enum import_outcome { IMPORT_CREATED, IMPORT_UPDATED, IMPORT_SKIPPED, IMPORT_REFUSED };

/* What a step knows already: of a text the id. */
struct import_known {
    struct import_found {
        const char *text, *id;
        const char *before; /* the record as JSON */
        bool many;
        struct import_found *next;
    } * places[1024];
};
struct import_found *import_known_find(const struct import_known *known, const char *text);
struct import_found *import_known_add(struct arena *arena, struct import_known *known,
                                      const char *text, const char *id);

enum { IMPORT_TOGETHER = 50 /* new records that one statement makes, at most */ };

struct import_run {
    struct cx *cx; /* of who began it */
    const struct import_plan *plan;
    struct import_known keys, references;
    struct import_row *waiting[IMPORT_TOGETHER]; /* looked at, and not written yet */
    size_t waits;
};

struct import_row {
    size_t line;
    const char **cells;
    const bool *numbers; /* of each cell whether it is one, and no text that people wrote */
    size_t count;
    const char *code, *message; /* of what was refused: why */
    bool is_broken;             /* refused when the file was read */
    json_object *json;          /* the cells, as they are kept */
    enum import_outcome outcome;
    const char *record_id, *version, *before;
    const struct failure_detail *details; /* of what was refused; NULL: code and message say it */
    struct record_new made;
};

/* The records that the rows' keys name, in one query. WAITS. */
bool import_find_keys(struct import_run *run, struct import_row *rows, size_t count);
/* Makes or changes the record of one row, in a transaction, or looks at the new record and leaves
 * it to be written with others; what is left open after a refusal is the caller's. false: refused,
 * and cx->failure says why. WAITS. */
bool import_take_row(struct import_run *run, struct import_row *row);
/* Writes the records that wait. false: the database refuses one of them. WAITS. */
bool import_write_waiting(struct import_run *run);

/* ---- store.c ---- */

struct import_state {
    char id[UUID_SIZE];
    char tenant_id[UUID_SIZE];
    const struct resource *resource;
    const char *status, *file_name, *created_at;
    json_object *head, *mapping;
    const char *mode, *key, *unknown, *dates;
    bool minor, dry;
    int64_t parts, part, total, handled, created, updated, skipped, refused, reverted, kept;
};
/* Whose imports the route is about: its .about are the rules. */
const struct resource *import_about(const struct cx *cx);
/* That of the route's :importId, of its resource; 404. WAITS. */
bool import_find(struct cx *cx, struct import_state *out);
/* The same by id, locked; false: db->error, or *there is false. WAITS. */
bool import_lock(struct db *db, const char *id, struct import_state *out, bool *there);
/* Its plan as it was stored. false: the failure is set. WAITS. */
bool import_plan_of(struct cx *cx, const struct import_state *state, struct import_plan *out);
bool import_insert(struct db *db, const struct import_state *state, const struct import_plan *plan,
                   const char *by);
bool import_add_part(struct db *db, const struct import_state *state, const char *rows);
/* Says how many rows and parts there are. */
bool import_set_size(struct db *db, const struct import_state *state);
/* With this plan, from the first part. */
bool import_restart(struct db *db, struct import_state *state, const struct import_plan *plan);
/* The rows of the next part, as JSON; "" when there is none. NULL: db->error. */
const char *import_read_part(struct db *db, const struct import_state *state);
/* What became of some rows; goes on to the next part, or ends. */
bool import_store_rows(struct db *db, const struct import_state *state,
                       const struct import_row *rows, size_t count);
bool import_advance(struct db *db, struct import_state *state);
/* line, field, code, message, cells of what was refused behind a line, at most `most`. */
struct rows *import_refusals(struct db *db, const struct import_state *state, int64_t behind,
                             int most);

/* ---- remember.c ---- */
/* Keeps what was chosen for files with this first line. false: db->error. WAITS. */
bool import_remember(struct db *db, const char *tenant_id, const struct import_plan *plan);
/* Chooses as it was chosen for the last one in db's tenant, if there was one. false: db->error.
 * WAITS. */
bool import_recall(struct cx *cx, struct db *db, struct import_plan *plan);
bool import_forget_mappings(struct db *db); /* that nobody used for a year */

/* ---- step.c ---- */
/* Takes the next part, in db's transaction; cx: who began it. false: cx->failure or its database's
 * error. WAITS. */
bool import_step(struct cx *cx, struct import_state *state);
/* Begins, or goes on with, the work: here or by a job. WAITS. */
bool import_start(struct cx *cx, struct db *db, struct import_state *state);
/* Adds the job that goes on with it, as whoever is signed in. WAITS; false: db->error. */
bool import_leave(struct cx *cx, struct db *db, const struct import_state *state);
/* What a handler of the resource would have. */
void import_set_route(struct cx *cx, const struct import_plan *plan);
/* A context of the request's own for its rows. */
struct cx *import_actor(struct cx *cx, struct db *db, const struct import_plan *plan);

/* ---- revert.c ---- */
/* From done to reverting; *begun: it was done. false: db->error. WAITS. */
bool import_revert_mark(struct db *db, const struct import_state *state, bool *begun);
/* Begins it: 409 not_revertible. WAITS. */
bool import_revert(struct cx *cx, struct import_state *state);
/* Takes some rows back, as import_step() takes some in. WAITS. */
bool import_revert_step(struct cx *cx, struct import_state *state);
/* What stayed: line, record's id, code, message; at most `most`. WAITS; NULL: db->error. */
struct rows *import_kept(struct db *db, const struct import_state *state, int most);

/* ---- page.c ---- */
bool import_page_new(struct cx *cx);
bool import_page_send(struct cx *cx);
bool import_page_list(struct cx *cx);
bool import_page_show(struct cx *cx);
bool import_page_start(struct cx *cx);

/* ---- send.c ---- */
/* The refused rows as a file. */
bool import_refused_file(struct cx *cx);
/* Reads the request's file into an import that waits to be started (`ready`) or begins. */
bool import_receive(struct cx *cx, const struct resource *resource, bool ready,
                    struct import_state *out);
/* What the API answers of one. */
bool import_answer_state(struct cx *cx, const struct import_state *state, int status);

#endif
