/* field: one value that comes in, is stored or goes out, said once.
 *
 * Validation, SQL, JSON, CSV, forms, lists and OpenAPI are derived from it.
 * `name` is the column (snake_case); JSON uses camelCase of it, and says of money that it is an
 * amount: "value" is valueAmount.
 */
#ifndef RESOURCE_FIELD_H
#define RESOURCE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resource/shown.h"
#include "resource/transition.h"

struct cx;

struct arena;
struct json;

enum field_type {
    FIELD_END = 0,
    TEXT,   /* one line; min and max are code points */
    LONG,   /* many lines */
    EMAIL,  /* stored in lower case, max 254 */
    PHONE,  /* E.164-like: + and digits, spaces and -() dropped */
    URL,    /* http or https */
    ORIGIN, /* of a site, as browsers send it: base/origin.h */
    SLUG,   /* ^[a-z][a-z0-9-]*[a-z0-9]$ with min and max */
    COLOR,  /* #rrggbb */
    SECRET, /* a password: in only, never out, never logged */
    INT,    /* min and max are bounds; both 0: any that JSON can say exactly, to 2^53 - 1 */
    MONEY,  /* minor units, bigint; .currency names the field beside it that says of which */
    BASIS_POINTS,
    DECIMAL, /* a number of at most 15 digits */
    BOOL,
    CHOICE, /* one of .choices */
    UUID,   /* .refers: the resource of the model whose ids it holds ("crm.contacts"), or NULL */
    TIME,   /* RFC 3339 */
    DATE,
    ZONE,   /* IANA time zone */
    LOCALE, /* BCP 47 of a small list: en, de, fr, … any well-formed tag */
    CURRENCY,
    AGENT,      /* a User-Agent as it was sent; pages show the browser's name and system */
    SENTENCE,   /* what base/sentence.h kept: pages say it in the reader's language, else English */
    JSON,       /* any value, stored as jsonb; max is bytes */
    OBJECT,     /* .fields; patched member by member */
    ARRAY,      /* of .fields objects, or of .item values; max is a count */
    FILE_FIELD, /* one file that the record holds: resource/file_field.h */
    CUSTOM      /* the tenant's own fields: resource/custom.h */
};

/* The greatest whole number that every client reads as it is. */
static const int64_t WHOLE_MOST = 9007199254740991;

/* What an object of texts holds: so many of so many characters (metadata). */
enum { TEXTS_MOST = 50, TEXTS_LENGTH = 500, TEXTS_KEY_LENGTH = 100 };

enum field_flags {
    REQUIRED = 1,        /* must be given on create; a replacement by API gives all that is shown */
    NULLABLE = 2,        /* null is a value; absent on replace means null */
    READ_ONLY = 4,       /* never taken from input; passed over when it is sent back */
    CREATE_ONLY = 8,     /* fixed afterwards */
    INPUT_ONLY = 16,     /* not a column of the answer */
    SEARCHED = 32,       /* part of q (must stand in tenant_table's search columns too) */
    FILTERED = 64,       /* may filter */
    SORTED = 128,        /* may sort; needs an index (tenant_id, column, id) */
    LISTED = 256,        /* a column of the generic list page */
    HIDDEN = 512,        /* in the API, not on pages */
    LIST_OMITTED = 1024, /* not in list answers unless asked by fields= */
    AS_NAMED = 2048,     /* JSON uses the name as it is (OAuth's words) */
    COLUMN_ONLY = 8192,  /* a filter, a column of pages and CSV, but no member of JSON */
    MEMBER_ONLY = 16384, /* a member of JSON alone; HIDDEN too */
    GUARDED = 4096,      /* an update leaves the column alone: the resource's hooks take the value
                            to the one place that may change it */
    MARKDOWN = 65536,    /* of LONG: people write Markdown, and pages show it so */
    MADE = 32768,        /* made while the process runs (resource/custom.h): its name is that of
                            JSON, and nothing is kept under its address */
    BY_HOOK = READ_ONLY | INPUT_ONLY /* neither taken nor shown: input_set() of a hook fills it */
};

/* What becomes of a record when the one that it refers to is deleted; the foreign key says the same
 * (resource/catalogue.h). */
enum on_delete {
    REFUSE,   /* that one cannot be deleted: 409 in_use says what stands in the way */
    CASCADE,  /* it is deleted too */
    SET_NULL, /* it stays and refers to nothing */
    LEFT      /* it stays as it is: there is no foreign key */
};

struct file_rules;
struct resource;

struct field {
    const char *name;
    enum field_type type;
    unsigned flags;
    int64_t min, max;
    const char *least,
        *most;           /* bounds as text, of a tenant's DECIMAL, MONEY and DATE; NULL: none */
    const char *member;  /* in JSON, where it is not made of the column's name */
    const char *label;   /* NULL: text_title(name) */
    const char *help;    /* one sentence under the input, and OpenAPI's description */
    const char *hint;    /* the sentence under the input where people read another than the
                          * documentation's, "": none; NULL: help */
    const char *section; /* on forms it and those that follow it stand below this; NULL: go on */
    const char *example; /* text form; OpenAPI and tests use it: must be valid */
    const char *const *choices;           /* NULL-terminated */
    const char *const *choice_labels;     /* what people read of each; NULL: made of the choices */
    const struct transition *transitions; /* of CHOICE: resource/transition.h; NULL: any to any */
    const char *initial;                  /* value when absent on create, text form */
    const char *initial_of, *initial_sql; /* the same of the tenant's: resource/initial.h */
    const struct shown_when *shown_when;  /* while it holds: resource/shown.h; NULL: always */
    bool role_keys;                       /* keys of roles: pages offer and say their names */
    bool offered;                         /* of what refers: to few, resource/offered.h */
    const char *follows_sql;              /* of what is offered: what may follow; NULL: any */
    const char *refers;                   /* of UUID; the name of the field ends in _id */
    enum on_delete on_delete;             /* of what refers */
    const char *currency;                 /* of MONEY; NULL: the tenant's */
    /* Computed: an expression over the resource's table in the place of a column, of the field's
     * type (resource/catalogue.h asks PostgreSQL). With READ_ONLY nobody writes it; else a hook
     * takes what is given. FILTERED where its rows are few; never SORTED, for want of an index.
     * It is a part of the record's ETag. */
    const char *sql;
    /* The same made for the one who asks (resource/shape.h); the column is there. NULL: none. */
    const char *(*sql_for)(const struct cx *cx);
    const char *seen_with, *changed_with; /* permissions, resource/shape.h; NULL: all may */
    /* Of FILTERED: the condition of being one of some values, $ an array of them, where the column
     * is not compared itself: "kind = any (house.kinds($))". NULL: it is. */
    const char *matched;
    /* Writes the stored text as JSON, in the arena's memory; NULL: as its type is written. */
    void (*write)(struct json *json, struct arena *arena, const char *text);
    const char *sorted_by;         /* of SORTED: "id" where ids were made at that very time, which
                                    * saves an index; NULL: the column itself */
    const struct field *fields;    /* of OBJECT and ARRAY */
    enum field_type item;          /* of ARRAY of plain values; TEXT of JSON: an object of texts */
    const struct file_rules *file; /* of FILE_FIELD: what is taken; NULL: it is not written here */
    /* Of ARRAY of .fields, CHILD_ID first: rows of this resource, which belongs to the record
     * (resource/part.h) and has a `position`. They are written whole with it (the lines of an
     * offer): those whose id is given stay and change, the others are new, what is not given goes.
     */
    const struct resource *child;
    const char *custom; /* of CUSTOM: the resource's name in the model */
};

/* FIELDS({"name", TEXT, REQUIRED, 1, 200}, …): a table closed by itself. */
#define FIELDS(...) ((const struct field[]){__VA_ARGS__, {.type = FIELD_END}})
/* The first member of rows that are written with their record. */
#define CHILD_ID                                                                                   \
    {                                                                                              \
        "id", UUID, NULLABLE, .help = "Of a row that is there and stays; a new one has none."      \
    }
#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What a type is called in areas.json: "text"; and back, FIELD_END for a word that is none. */
const char *field_type_name(enum field_type type);
enum field_type field_type_named(const char *name);
/* The flags one after the other as areas.json names them; NULL behind the last. */
const char *field_flag_at(size_t index, unsigned *flag);
/* The same of what deletion does: "refuse", "setNull". */
const char *field_on_delete_name(enum on_delete on_delete);
enum on_delete field_on_delete_named(const char *name); /* REFUSE for NULL */

size_t field_count(const struct field *fields);
const struct field *field_find(const struct field *fields, const char *name); /* by column name */
const struct field *field_find_json(const struct field *fields, const char *json_name);
/* Per-process caches of derived names: valid for the process's life. */
/* The column, or the expression in its place, as it stands in conditions and orders: a text that
 * may sort has the root collation of Unicode (ICU), and its index must have the same. */
const char *field_ordered(const struct field *field);
const char *field_json_name(const struct field *field);
const char *field_label(const struct field *field);
/* What people read: the label in the reader's language; that of a tenant's own field as it is. */
const char *field_title(const struct cx *cx, const struct field *field);
/* What people read of a choice of the field; of a word of ours: "in-progress" is "In progress". */
const char *field_choice_title(struct cx *cx, const struct field *field, const char *choice);
const char *field_word_title(struct cx *cx, const char *word);
/* Whether somebody typed it into a row of a form: its id and what is chosen stand there anyway. */
bool child_is_typed(const struct field *field);

#endif
