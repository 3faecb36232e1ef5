/* custom_make: a tenant's definitions become fields like those that are declared. */
#include <json-c/json.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "resource/custom_internal.h"
#include "resource/internal.h"

const struct statement custom_read_definitions = {
    .name = "custom_read_definitions",
    .sql = "select f.id, f.key, f.label, f.type,\n"
           "       case when f.type = 'choice' then\n"
           "           (select json_agg(json_build_object('value', c.value, 'label', c.label)\n"
           "                            order by c.position)\n"
           "            from custom_choices c\n"
           "            where c.tenant_id = f.tenant_id and c.field_id = f.id)\n"
           "       end,\n"
           "       f.refers_to, f.required, f.listed, f.default_value, f.help, f.archived,\n"
           "       f.filtered, f.filtered and f.indexed, f.minimum, f.maximum, f.seen_with,\n"
           "       f.changed_with\n"
           "from custom_fields f\n"
           "where f.resource = $1\n"
           "order by f.position, f.created_at, f.id\n"
           "limit 500"};
static const struct statement *const definitions_entry
    __attribute__((used, section("statements"))) = &custom_read_definitions;
enum {
    ID,
    KEY,
    LABEL,
    TYPE,
    CHOICES_OF,
    REFERS_TO,
    NEEDED,
    SHOWN,
    DEFAULT,
    HELP,
    ARCHIVED,
    AS_FILTER,
    INDEXED,
    MINIMUM,
    MAXIMUM,
    SEEN_WITH,
    CHANGED_WITH
};

const struct statement custom_read_removals = {.name = "custom_read_removals",
                                               .sql = "select key\n"
                                                      "from custom_removals\n"
                                                      "where resource = $1\n"
                                                      "limit 1000"};
static const struct statement *const removals_entry __attribute__((used, section("statements"))) =
    &custom_read_removals;

enum { TEXT_MOST = 1000 };

/* How each type is kept in the object of the record: as a text, or as what that is cast to. */
static const struct custom_type {
    const char *name;
    enum field_type type;
    const char *cast;
} custom_types[] = {
    {"text", TEXT, ""},
    {"number", DECIMAL, "::numeric"},
    {"money", MONEY, "::bigint"},
    {"date", DATE, "::date"},
    {"choice", CHOICE, ""},
    {"reference", UUID, "::uuid"},
    {"boolean", BOOL, "::boolean"},
    {"email", EMAIL, ""},
    {"url", URL, ""},
};

static const struct custom_type *type_of(const char *name)
{
    for (size_t i = 0; i < COUNT(custom_types); i++)
        if (text_equal(custom_types[i].name, name))
            return &custom_types[i];
    return &custom_types[0];
}

enum field_type custom_type_named(const char *name)
{
    return type_of(name)->type;
}

bool custom_is_money(const struct custom_definition *definition)
{
    return definition->field->type == MONEY;
}

struct making {
    struct arena *arena;
    const struct resource *resource;
    const struct rows *rows;
    struct field *fields;
    size_t count;
};

static const char *text_at(const struct making *making, size_t row, int column)
{
    return arena_text(making->arena, rows_text(making->rows, row, column));
}

/* The column is named with its table: statements look into other tables beside it. */
static const char *plain_sql(const struct making *making, const char *key,
                             const struct custom_type *type)
{
    const char *table = making->resource->table;
    if (type->type == TEXT)
        return arena_printf(making->arena, "(%s.custom ->> '%s') collate \"und-x-icu\"", table,
                            key);
    return arena_printf(making->arena, "(%s.custom ->> '%s')%s", table, key, type->cast);
}

/* [{"value": …, "label": …}, …] */
static void make_choices(const struct making *making, const char *text, struct field *field)
{
    json_object *list = text ? json_tokener_parse(text) : NULL;
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    const char **values = arena_alloc(making->arena, sizeof *values * (count + 1));
    const char **labels = arena_alloc(making->arena, sizeof *labels * (count + 1));
    for (size_t i = 0; i < count; i++) {
        json_object *it = json_object_array_get_idx(list, i), *value = NULL, *label = NULL;
        json_object_object_get_ex(it, "value", &value);
        json_object_object_get_ex(it, "label", &label);
        values[i] = arena_text(making->arena, json_object_get_string(value));
        labels[i] = label ? arena_text(making->arena, json_object_get_string(label)) : values[i];
    }
    json_object_put(list);
    field->choices = values;
    field->choice_labels = labels;
}

static struct field *add_field(struct making *making, struct field field)
{
    making->fields[making->count] = field;
    return &making->fields[making->count++];
}

static unsigned flags_of(const struct making *making, size_t row, const struct custom_type *type)
{
    unsigned flags = MADE | FILTERED;
    flags |= rows_bool(making->rows, row, NEEDED) ? REQUIRED : NULLABLE;
    flags |= rows_bool(making->rows, row, SHOWN) ? LISTED : 0;
    return flags | (type->type == UUID || type->type == BOOL ? 0 : SORTED);
}

/* An amount and its currency: a page shows them as one, and asks for both. */
static const struct field *make_money(struct making *making, struct field field, const char *key)
{
    struct arena *arena = making->arena;
    const char *table = making->resource->table, *label = field.label;
    field.name = arena_printf(arena, "custom.%s.amount", key);
    field.currency = arena_printf(arena, "custom.%s.currency", key);
    field.sql = arena_printf(arena, "(%s.custom #>> '{%s,amount}')::bigint", table, key);
    const struct field *amount = add_field(making, field);
    add_field(making, (struct field){
                          .name = field.currency,
                          .type = CURRENCY,
                          .flags = MADE | FILTERED | LIST_OMITTED | NULLABLE,
                          .seen_with = amount->seen_with,
                          .changed_with = amount->changed_with,
                          .label = arena_printf(arena, "%s: currency", label),
                          .sql = arena_printf(arena, "%s.custom #>> '{%s,currency}'", table, key)});
    return amount;
}

/* Of a text how many letters it has, of the others the least and the most. */
static void make_bounds(const struct making *making, size_t row, struct field *field)
{
    const char *least = text_at(making, row, MINIMUM), *most = text_at(making, row, MAXIMUM);
    if (field->type != TEXT) {
        field->least = least;
        field->most = most;
        return;
    }
    if (least)
        text_to_int(least, 0, TEXT_MOST, &field->min);
    field->max = TEXT_MOST;
    if (most)
        text_to_int(most, 1, TEXT_MOST, &field->max);
}

static const struct field *make_field(struct making *making, size_t row, const char *key)
{
    const struct custom_type *type = type_of(rows_text(making->rows, row, TYPE));
    struct field field = {.name = arena_printf(making->arena, "custom.%s", key),
                          .type = type->type,
                          .flags = flags_of(making, row, type),
                          .label = text_at(making, row, LABEL),
                          .help = text_at(making, row, HELP),
                          .initial = text_at(making, row, DEFAULT),
                          .on_delete = LEFT,
                          .seen_with = text_at(making, row, SEEN_WITH),
                          .changed_with = text_at(making, row, CHANGED_WITH),
                          .custom = rows_bool(making->rows, row, INDEXED) ? text_at(making, row, ID)
                                                                          : NULL,
                          .sql = plain_sql(making, key, type)};
    make_bounds(making, row, &field);
    if (type->type == MONEY)
        return make_money(making, field, key);
    if (type->type == UUID)
        field.refers = text_at(making, row, REFERS_TO);
    if (type->type == CHOICE)
        make_choices(making, rows_text(making->rows, row, CHOICES_OF), &field);
    return add_field(making, field);
}

static void make_hidden(struct arena *arena, const struct rows *rows, const struct rows *removed,
                        struct custom *out)
{
    size_t count = 0;
    const char **hidden =
        arena_alloc(arena, sizeof *hidden * (rows_count(rows) + rows_count(removed) + 1));
    for (size_t i = 0; i < rows_count(rows); i++)
        if (rows_bool(rows, i, ARCHIVED))
            hidden[count++] = arena_text(arena, rows_text(rows, i, KEY));
    for (size_t i = 0; i < rows_count(removed); i++)
        hidden[count++] = arena_text(arena, rows_text(removed, i, 0));
    out->hidden = hidden;
}

void custom_make(struct arena *arena, const struct resource *resource, const struct rows *rows,
                 const struct rows *removed, struct custom *out)
{
    size_t most = rows_count(rows);
    struct custom_definition *definitions = arena_alloc(arena, sizeof *definitions * (most + 1));
    struct making making = {arena, resource, rows,
                            arena_alloc(arena, sizeof *making.fields * (2 * most + 1)), 0};
    *out =
        (struct custom){.resource = resource, .definitions = definitions, .fields = making.fields};
    for (size_t i = 0; i < most; i++) {
        const char *key = text_at(&making, i, KEY);
        if (rows_bool(rows, i, ARCHIVED))
            continue;
        const struct field *field = make_field(&making, i, key);
        definitions[out->count++] =
            (struct custom_definition){.id = text_at(&making, i, ID),
                                       .key = key,
                                       .field = field,
                                       .initial = field->initial,
                                       .filtered = rows_bool(rows, i, AS_FILTER)};
    }
    making.fields[making.count].type = FIELD_END;
    make_hidden(arena, rows, removed, out);
}
