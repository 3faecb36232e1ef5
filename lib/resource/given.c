/* given: what an action, or making a record, gives besides the record. */
#include <string.h>

#include "http/cx.h"
#include "resource/internal.h"
#include "resource/resource.h"

struct given {
    const char *name, *value;
    struct given *next;
};

void record_give(struct cx *cx, const char *name, const char *value)
{
    struct given *given = arena_alloc(cx->arena, sizeof *given);
    *given = (struct given){name, value ? arena_text(cx->arena, value) : NULL, cx->given};
    cx->given = given;
}

const char *record_given(const struct cx *cx, const char *name)
{
    for (const struct given *it = cx->given; it; it = it->next)
        if (strcmp(it->name, name) == 0)
            return it->value;
    return NULL;
}

void given_write_json(struct cx *cx, struct json *json, const struct field *gives)
{
    for (const struct field *it = gives; it && it->type != FIELD_END; it++) {
        const char *value = record_given(cx, it->name);
        json_key(json, field_json_name(it));
        field_write_json(json, it, value, value ? strlen(value) : 0);
    }
}
