/* json: a writer that appends JSON text to a buffer, and strict reading of
 * JSON (RFC 8259) from outside through json-c.
 *
 * The writer puts the commas; the caller keeps begin and end in balance
 * (asserted). Strings are escaped; input must be UTF-8, which the edge
 * guarantees.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct arena;

struct json {
    struct buf *out;
    uint64_t comma; /* one bit for each open level: a value stands there already */
    int depth;
};

void json_start(struct json *json, struct buf *out);
void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);
void json_key(struct json *json, const char *key);
void json_put_text(struct json *json, const char *text); /* NULL writes null */
void json_put_text_len(struct json *json, const char *text, size_t len);
void json_put_int(struct json *json, int64_t value);
void json_put_bool(struct json *json, bool value);
void json_put_null(struct json *json);
void json_put_raw(struct json *json, const char *text, size_t len); /* JSON already */

/* Key and value in one call. */
void json_pair(struct json *json, const char *key, const char *text);
void json_pair_int(struct json *json, const char *key, int64_t value);
void json_pair_bool(struct json *json, const char *key, bool value);

struct json_limits {
    int depth;          /* levels of nesting; 0 means 32 */
    size_t max_members; /* keys and items together; 0 means 20,000 */
};

struct json_problem {
    const char *code;    /* stable: json_syntax json_depth json_utf8 json_duplicate_key
                            json_number_range json_too_large */
    const char *message; /* in the arena, for people */
    size_t offset;       /* byte where it was seen; of a duplicate key its second stand */
};

/* Reads one JSON value and nothing after it. Refuses: malformed UTF-8 and NUL
 * (also as \u0000), duplicate keys, nesting and size beyond the limits, and
 * integers outside int64 or numbers outside double. The value belongs to the
 * arena. NULL with *problem filled on error; JSON null is told apart by
 * *is_null. */
json_object *json_read(struct arena *arena, const char *data, size_t len,
                       const struct json_limits *limits, bool *is_null,
                       struct json_problem *problem);

/* Turns every text in it, however deep, into Normalization Form C; names of members stay. */
void json_in_one_form(struct arena *arena, json_object *value);

/* Whether it is an integer to JSON Schema (2020-12, validation 6.1.1): 1, and as well 1.0 or
 * 1e3, read exactly from the digits as they were written; false beyond int64. */
bool json_whole_number(struct arena *arena, json_object *value, int64_t *out);

#endif
