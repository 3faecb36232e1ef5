#include "resource/initial.h"

#include <stddef.h>

#include "access/tenant.h"
#include "base/arena.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"

static const struct {
    const char *name;
    size_t at; /* in struct tenant */
} settings[] = {{"currency", offsetof(struct tenant, currency)},
                {"locale", offsetof(struct tenant, locale)},
                {"time_zone", offsetof(struct tenant, time_zone)}};

bool initial_is_there(const struct field *field)
{
    return field->initial || field->initial_of || field->initial_sql;
}

bool initial_is_setting(const char *name)
{
    for (size_t i = 0; i < COUNT(settings); i++)
        if (text_equal(settings[i].name, name))
            return true;
    return false;
}

const char *initial_text(const struct cx *cx, const struct field *field)
{
    const char *text = NULL;
    for (size_t i = 0; field->initial_of && cx->tenant && i < COUNT(settings); i++)
        if (text_equal(settings[i].name, field->initial_of))
            text = *(const char *const *)((const char *)cx->tenant + settings[i].at);
    return text && *text ? text : field->initial;
}

const char *initial_shown(struct cx *cx, const struct field *field)
{
    if (!field->initial_sql)
        return initial_text(cx, field);
    const char *sql = arena_printf(cx->arena, "select (%s)", field->initial_sql);
    struct rows *rows = db_run(&cx->db, statement_made(cx->arena, sql, 0), NULL, 0);
    return rows && rows_count(rows) == 1 ? rows_text(rows, 0, 0) : NULL;
}
