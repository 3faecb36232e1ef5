/* form_conflict: of two who change a record at once the second sees what the first stored beside
 * what was typed, and says for each field which of the two stays. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/form_parts.h"
#include "page/page_parts.h"
#include "resource/input.h"
#include "resource/resource.h"

/* Browsers send lines with a carriage return, and none behind the last. */
static const char *conflict_plain(struct cx *cx, const char *text)
{
    char *plain = arena_text(cx->arena, text ? text : ""), *to = plain;
    for (const char *from = plain; *from; from++)
        if (*from != '\r')
            *to++ = *from;
    while (to > plain && to[-1] == '\n')
        to--;
    *to = '\0';
    return plain;
}

/* Ticks and rows have several inputs of a name: they are kept as they were typed. */
static bool conflict_compares(const struct field *field)
{
    bool several = field->type == ARRAY && (field->choices || field->role_keys || field->fields);
    return field->type != FILE_FIELD && field->type != SECRET && !several &&
           !(field->flags & (READ_ONLY | INPUT_ONLY | CREATE_ONLY));
}

void form_add_conflict(struct cx *cx, json_object *out, const struct field *fields,
                       const struct field *field, const struct list_result *row)
{
    int column = row ? show_column(row, field->name) : -1;
    page_set(out, "theirs", NULL);
    if (cx->failure.status != 412 || !(cx->route->flags & ROUTE_MERGE) || column < 0 ||
        !conflict_compares(field))
        return;
    const char *name = field_json_name(field);
    const char *typed = conflict_plain(cx, parameter_get(cx->request.form, name));
    const char *stored = conflict_plain(cx, form_stored(cx, fields, field, row));
    bool is_bool = field->type == BOOL;
    if (is_bool ? (strcmp(typed, "true") == 0) == (*stored == 't') : strcmp(typed, stored) == 0)
        return;
    const char *shown = show_text(cx, row, 0, column);
    page_set(out, "theirs", *shown ? shown : "\xe2\x80\x93");
    page_set(out, "side", arena_printf(cx->arena, "_side.%s", name));
}

void form_take_sides(struct cx *cx)
{
    struct input *input = cx->input;
    for (size_t i = 0; input && input->fields[i].type != FIELD_END; i++) {
        const char *name = field_json_name(&input->fields[i]);
        const char *side =
            parameter_get(cx->request.form, arena_printf(cx->arena, "_side.%s", name));
        if (text_equal(side, "theirs"))
            input->values[i] = (struct value){.presence = ABSENT};
    }
}
