#include "resource/value_text.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "access/roles.h"
#include "access/tenant.h"
#include "base/agent.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/sentence.h"
#include "base/text.h"
#include "http/cx.h"

const char *value_instant(struct cx *cx, int64_t us)
{
    return language_time(cx->arena, cx->language, tenant_date_order(cx), us,
                         cx->tenant ? cx->tenant->time_zone : "UTC");
}

static const char *value_show_time(struct cx *cx, const char *text)
{
    char iso[32];
    int64_t us;
    bool known =
        clock_parse(text, &us) || (clock_from_database(text, iso) && clock_parse(iso, &us));
    return known ? value_instant(cx, us) : text;
}

static const char *value_show_bool(struct cx *cx, const char *text)
{
    return cx_text(cx, *text == 't' || *text == '1' ? "Yes" : "No");
}

/* A role of the tenant's own by the words of its key, which was made of its name. */
static const char *value_show_role(struct cx *cx, const char *key)
{
    const struct builtin_role *role = builtin_role_find(key);
    return role ? cx_text(cx, role->name) : field_word_title(cx, key);
}

/* A JSON array of plain values (or PostgreSQL's {a,b}) as "a, b". */
static const char *value_show_list(struct cx *cx, const struct field *field, const char *text)
{
    json_object *array = json_tokener_parse(text);
    struct buf out;
    buf_init(&out, cx->arena);
    if (json_object_is_type(array, json_type_array) && !field->fields) {
        buf_puts(&out, "");
        for (size_t i = 0; i < json_object_array_length(array); i++) {
            const char *item = json_object_get_string(json_object_array_get_idx(array, i));
            buf_printf(&out, "%s%s", i ? ", " : "",
                       !item              ? ""
                       : field->role_keys ? value_show_role(cx, item)
                       : field->choices   ? field_word_title(cx, item)
                                          : item);
        }
    } else if (array) {
        buf_puts(&out, json_object_to_json_string_ext(array, JSON_C_TO_STRING_PRETTY |
                                                                 JSON_C_TO_STRING_SPACED |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE));
    } else {
        for (const char *c = text; *c; c++)
            if (*c == ',')
                buf_puts(&out, ", ");
            else if (!strchr("{}\"", *c))
                buf_putc(&out, *c);
        buf_puts(&out, "");
    }
    json_object_put(array);
    return out.data;
}

/* What a field that is a file says of it: "name", "url" …; in the arena. NULL: there is none. */
const char *value_file(struct cx *cx, const char *stored, const char *member)
{
    json_object *file = stored ? json_tokener_parse(stored) : NULL;
    const char *text = json_object_get_string(json_object_object_get(file, member));
    const char *kept = text ? arena_text(cx->arena, text) : NULL;
    json_object_put(file);
    return kept;
}

const char *value_text(struct cx *cx, const struct field *field, const char *text,
                       const char *currency)
{
    switch (field->type) {
    case TIME:
        return value_show_time(cx, text);
    case DATE:
        return language_date(cx->arena, cx->language, tenant_date_order(cx), text);
    case MONEY:
        return language_money(cx->arena, cx->language, strtoll(text, NULL, 10), currency);
    case DECIMAL:
        return language_decimal(cx->arena, cx->language, text);
    case BASIS_POINTS:
        return language_share(cx->arena, cx->language, strtoll(text, NULL, 10));
    case BOOL:
        return value_show_bool(cx, text);
    case CHOICE:
        return field_choice_title(cx, field, text);
    case AGENT:
        return *text ? agent_show(cx->arena, cx->language, text) : "";
    case SENTENCE:
        return sentence_read(cx->arena, cx->language, text);
    case INT:
        return language_number(cx->arena, cx->language, strtoll(text, NULL, 10));
    case FILE_FIELD:
        return value_file(cx, text, "name");
    case JSON:
    case OBJECT:
    case ARRAY:
        return value_show_list(cx, field, text);
    default:
        return field->role_keys ? value_show_role(cx, text) : text;
    }
}
