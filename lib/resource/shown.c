#include "resource/shown.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/reference.h"

bool shown_is_asked(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (it->shown_when)
            return true;
    return false;
}

bool shown_with(const struct shown_when *when, const char *value)
{
    size_t len = value ? strlen(value) : 0;
    for (const char *at = when->values; len > 0 && *at; at += *at == ' ') {
        size_t word = strcspn(at, " ");
        if (word == len && strncmp(at, value, len) == 0)
            return true;
        at += word;
    }
    return false;
}

/* What the condition asks of a row, as text. */
static void write_subject(struct buf *sql, const struct resource *resource,
                          const struct shown_when *when)
{
    const struct field *beside = field_find(resource->fields, when->field);
    if (!when->of) {
        buf_printf(sql, "(%s)::text", beside->sql ? beside->sql : beside->name);
        return;
    }
    const struct resource *target = reference_target(beside);
    buf_printf(sql,
               "(select subject.%s from %s subject where subject.tenant_id = %s.tenant_id and "
               "subject.id = %s.%s)::text",
               when->of, target->table, resource->table, resource->table, beside->name);
}

/* Two columns for each such field: the subject of its condition and its own value. */
static struct rows *read_subjects(struct cx *cx, const struct resource *resource, const char *id)
{
    struct buf sql;
    buf_init(&sql, cx->arena);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (!it->shown_when)
            continue;
        buf_puts(&sql, sql.len ? ", " : "select ");
        write_subject(&sql, resource, it->shown_when);
        buf_printf(&sql, ", %s::text", it->name);
    }
    buf_printf(&sql, "\nfrom %s where id = $1", resource->table);
    return db_run(&cx->db, statement_made(cx->arena, sql.data, 0), &id, 1);
}

static const struct value *value_given(const struct input *input, const struct field *field)
{
    const struct field *own = field_find(input->fields, field->name);
    const struct value *value = own ? &input->values[own - input->fields] : NULL;
    return value && value->presence == GIVEN ? value : NULL;
}

static bool fail_not_applicable(struct cx *cx, const struct resource *resource,
                                const struct field *field)
{
    const struct shown_when *when = field->shown_when;
    const struct field *beside = field_find(resource->fields, when->field);
    const char *name = when->of ? reference_name(beside) : field_json_name(beside);
    return fail_field(cx, field_json_name(field), "not_applicable",
                      "This is given only while the %s is: %s.", name, when->values);
}

/* What is typed into a form before its condition ended is passed over. */
static bool settle_one(struct cx *cx, const struct resource *resource, const struct input *input,
                       const struct field *field, const char *subject, const char *stored,
                       struct buf *gone)
{
    bool holds = shown_with(field->shown_when, subject);
    if (!holds && !input->is_form && value_given(input, field))
        return fail_not_applicable(cx, resource, field);
    if (!holds && stored)
        buf_printf(gone, "%s%s = null", gone->len ? ", " : "", field->name);
    if (holds && !stored && field->shown_when->required)
        return fail_field(cx, field_json_name(field), "required", "This is required.");
    return true;
}

bool shown_settle(struct cx *cx, const struct resource *resource, const struct input *input,
                  const char *id)
{
    struct rows *rows = read_subjects(cx, resource, id);
    struct buf gone;
    bool good = true;
    int at = 0;
    buf_init(&gone, cx->arena);
    if (!rows)
        return fail_db(cx);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++) {
        if (!it->shown_when || rows_count(rows) == 0)
            continue;
        good = settle_one(cx, resource, input, it, rows_text(rows, 0, at),
                          rows_text(rows, 0, at + 1), &gone) &&
               good;
        at += 2;
    }
    if (!good || gone.len == 0)
        return good;
    const char *sql =
        arena_printf(cx->arena, "update %s\nset %s\nwhere id = $1", resource->table, gone.data);
    return db_run(&cx->db, statement_made(cx->arena, sql, DB_WRITES), &id, 1) || fail_db(cx);
}
