#include "resource/board.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/reference.h"

const struct field *board_field(const struct resource *resource)
{
    return field_find(resource->fields, resource->board->by);
}

/* ---- the columns ---- */

static bool board_read_choices(struct cx *cx, const struct field *field, struct board_columns *out)
{
    out->all = arena_alloc(cx->arena, BOARD_COLUMNS_MAX * sizeof *out->all);
    for (size_t i = 0; i < BOARD_COLUMNS_MAX && field->choices[i]; i++)
        out->all[out->count++] = (struct board_column){.value = field->choices[i]};
    return true;
}

/* Whoever sees a record sees what is offered to it, so their own rights are not asked. */
static bool board_read_offered(struct cx *cx, const struct resource *resource,
                               const struct field *field, struct board_columns *out)
{
    const struct resource *target = reference_target(field);
    const char *within = resource->board->within;
    const struct field *group = within ? field_find(target->fields, within) : NULL;
    const struct field *shown[] = {&resource_common_fields[0],
                                   field_find(target->fields, resource_label(target)), group, NULL};
    const struct field *labels[] = {group, NULL};
    const struct list_query query = {.page = 1,
                                     .limit = BOARD_COLUMNS_MAX,
                                     .sort = target->sort ? target->sort : "-createdAt",
                                     .columns = shown,
                                     .labels = group ? labels : NULL};
    struct list_result found;
    if (!list_run(cx, target, &query, &found))
        return false;
    out->count = rows_count(found.rows);
    out->all = arena_alloc(cx->arena, (out->count + 1) * sizeof *out->all);
    for (size_t i = 0; i < out->count; i++)
        out->all[i] = (struct board_column){
            .value = rows_text(found.rows, i, 0),
            .label = rows_text(found.rows, i, 1),
            .group = group ? rows_text(found.rows, i, 2) : NULL,
            .group_label = group ? reference_label(&found, i, group) : NULL,
        };
    return true;
}

bool board_read_columns(struct cx *cx, const struct resource *resource, struct board_columns *out)
{
    const struct field *field = board_field(resource);
    *out = (struct board_columns){.count = 0};
    return field->type == CHOICE ? board_read_choices(cx, field, out)
                                 : board_read_offered(cx, resource, field, out);
}

/* ---- how many they have, and what these are worth ---- */

/* An array of PostgreSQL: ids, and words of choices, hold nothing that it would quote. */
static const char *board_values(struct cx *cx, const struct board_columns *columns)
{
    struct buf out;
    buf_init(&out, cx->arena);
    buf_putc(&out, '{');
    for (size_t i = 0; i < columns->count; i++)
        buf_printf(&out, "%s\"%s\"", i ? "," : "", columns->all[i].value);
    buf_putc(&out, '}');
    return out.data;
}

static const char *board_type(const struct field *field)
{
    return field->type == UUID ? "uuid" : "text";
}

/* What is added up; NULL: the one who asks may not see it, or there is nothing. */
static const struct field *board_summed(const struct cx *cx, const struct resource *resource)
{
    const char *name = resource->board->sum;
    const struct field *field = name ? field_find(resource->fields, name) : NULL;
    return field && shape_sees(cx, resource, field) ? field : NULL;
}

/* Each column is counted to where lists end counting, so that one with a million is no burden. */
static const char *board_count_sql(struct cx *cx, const struct resource *resource,
                                   const struct board_columns *columns, struct conditions *where)
{
    const struct field *sum = board_summed(cx, resource), *by = board_field(resource);
    const char *currency = sum ? sum->currency : NULL;
    int values = conditions_parameter(where, board_values(cx, columns));
    conditions_add(where, "%s = board.value", by->name);
    return arena_printf(cx->arena,
                        "select board.at, count(*), record.currency,\n"
                        "    case when count(record.amount) > 0\n"
                        "         then least(sum(record.amount), %lld)::bigint end\n"
                        "from unnest($%d::%s[]) with ordinality board (value, at)\n"
                        "cross join lateral (select %s currency, %s amount\nfrom %s%s\nlimit %d) "
                        "record\ngroup by board.at, record.currency\n"
                        "order by board.at, record.currency",
                        (long long)WHOLE_MOST, values, board_type(by),
                        currency ? currency : "null::text", sum ? sum->name : "null::bigint",
                        resource->table, where->sql.data, COUNT_MOST + 1);
}

static void board_take_sum(struct cx *cx, const struct rows *rows, size_t row,
                           struct board_column *column, size_t room)
{
    const char *amount = rows_text(rows, row, 3);
    column->count += rows_int(rows, row, 1);
    if (!amount)
        return;
    if (!column->sums)
        column->sums = arena_alloc(cx->arena, room * sizeof *column->sums);
    column->sums[column->sums_count++] =
        (struct board_sum){rows_text(rows, row, 2), rows_int(rows, row, 3)};
}

static void board_take_counts(struct cx *cx, const struct rows *rows, struct board_columns *columns)
{
    size_t count = rows_count(rows);
    for (size_t i = 0; i < count; i++)
        board_take_sum(cx, rows, i, &columns->all[rows_int(rows, i, 0) - 1], count);
    for (size_t i = 0; i < columns->count; i++) {
        struct board_column *column = &columns->all[i];
        column->more = column->count > COUNT_MOST;
        if (!column->more)
            continue;
        column->count = COUNT_MOST;
        column->sums_count = 0;
    }
}

bool board_count(struct cx *cx, const struct resource *resource, const struct list_query *query,
                 struct board_columns *columns)
{
    struct conditions where;
    struct batch batch;
    const struct viewer viewer = viewer_of(cx, resource, "read");
    conditions_init(&where, cx->arena);
    conditions_add_resource(&where, resource, &viewer);
    conditions_add_filters(&where, cx, resource, query);
    search_add(&where, cx, resource, query, &viewer, NULL);
    const char *sql = board_count_sql(cx, resource, columns, &where);
    batch_init(&batch, &cx->db);
    batch.slow = true;
    batch_add(&batch, statement_made(cx->arena, sql, 0), where.parameters, where.count);
    struct rows **rows = batch_run(&batch);
    if (!rows)
        return fail_db(cx);
    board_take_counts(cx, rows[0], columns);
    return true;
}

/* ---- the cards ---- */

bool board_read_cards(struct cx *cx, const struct resource *resource,
                      const struct list_query *query, const struct board_columns *columns,
                      struct list_result *cards)
{
    const struct resource *one = resource;
    struct list_query *queries = arena_alloc(cx->arena, (columns->count + 1) * sizeof *queries);
    struct list_filter *filters = arena_alloc(cx->arena, (columns->count + 1) * sizeof *filters);
    const char *usual = resource->sort ? resource->sort : "-createdAt";
    for (size_t i = 0; i < columns->count; i++) {
        filters[i] = (struct list_filter){.field = board_field(resource),
                                          .operator= "=",
                                          .value = columns->all[i].value,
                                          .next = query->filters};
        queries[i] = *query;
        queries[i].filters = &filters[i];
        queries[i].page = 1;
        queries[i].count = false;
        queries[i].sort = resource->board->ranked ? "-" BOARD_RANK : usual;
    }
    return list_run_several(cx, &one, 0, queries, columns->count, cards);
}

/* ---- by API ---- */

static const struct field sum_fields[] = {
    {"currency", CURRENCY, 0, .example = "EUR"},
    {"amount", MONEY, 0, .currency = "currency", .example = "250000"},
    {.type = FIELD_END}};
static const struct field column_fields[] = {
    {"value", TEXT, 0, .help = "What the records of the column have in that field."},
    {"label", TEXT, NULLABLE, .help = "What the column is called, where the field refers to it."},
    {"group_id", UUID, NULLABLE, .help = "Of several boards, the one that it is on."},
    {"count", INT, 0, .help = "How many records; of more than 10,000 it says that."},
    {"is_more", BOOL, 0, .help = "Whether there are more than it says: then nothing is added up."},
    {"sums", ARRAY, 0, .fields = sum_fields,
     .help = "What they are worth, in each currency that occurs."},
    {.type = FIELD_END}};
const struct field board_answer_fields[] = {
    {"by", TEXT, 0, .example = "stageId", .help = "The field whose values are the columns."},
    {"columns", ARRAY, 0, .fields = column_fields, .help = "In their order."},
    {.type = FIELD_END}};

/* What cards are filtered by: what lists take, where equal is all there is to say. */
static bool board_is_filter(const struct field *field)
{
    return (field->flags & FILTERED) && !(field->flags & COLUMN_ONLY) && !field->seen_with &&
           (field->type == UUID || field->type == CHOICE || field->type == CURRENCY);
}

const struct field *board_query_fields(const struct resource *resource)
{
    size_t at = 0, count = field_count(resource->fields);
    struct field *fields = arena_alloc(engine_arena(), (count + 3) * sizeof *fields);
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (board_is_filter(it))
            fields[at++] = (struct field){.name = it->name,
                                          .type = it->type,
                                          .choices = it->choices,
                                          .label = it->label,
                                          .help = "Equal to this."};
    if (resource_is_searched(resource))
        fields[at++] = (struct field){"q", TEXT, 0, 0, 200, .help = "Words to search for."};
    fields[at++] = (struct field){
        "filter", TEXT, 0, 1, FILTER_TEXT_MAX, .help = "Conditions in groups, as lists take them."};
    fields[at] = (struct field){.type = FIELD_END};
    return fields;
}

static bool board_read_query(struct cx *cx, const struct resource *resource,
                             struct list_query *query)
{
    const struct input *input = cx->input;
    *query = (struct list_query){.page = 1, .limit = BOARD_CARDS};
    for (const struct field *it = input->query_fields; it->type != FIELD_END; it++) {
        const struct value *value = &input->query_values[it - input->query_fields];
        if (value->presence != GIVEN)
            continue;
        if (strcmp(it->name, "q") == 0) {
            query->search = value->text;
            continue;
        }
        if (strcmp(it->name, "filter") == 0) {
            const struct parameter asked = {it->name, value->text, NULL};
            if (!list_read_filter(cx, resource, &asked, query))
                return false;
            continue;
        }
        struct list_filter *filter = arena_alloc(cx->arena, sizeof *filter);
        *filter = (struct list_filter){.field = field_find(resource->fields, it->name),
                                       .operator= "=",
                                       .value = value->text,
                                       .next = query->filters};
        query->filters = filter;
    }
    return list_check_currencies(cx, resource, query->filters);
}

static void board_write_column(struct json *json, const struct board_column *column)
{
    json_open_object(json);
    json_pair(json, "value", column->value);
    json_pair(json, "label", column->label);
    json_pair(json, "groupId", column->group);
    json_pair_int(json, "count", column->count);
    json_pair_bool(json, "isMore", column->more);
    json_key(json, "sums");
    json_open_array(json);
    for (size_t i = 0; i < column->sums_count; i++) {
        json_open_object(json);
        json_pair(json, "currency", column->sums[i].currency);
        json_pair_int(json, "amount", column->sums[i].amount);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

bool board_answer(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_query query;
    struct board_columns columns;
    board_read_query(cx, resource, &query);
    if (!board_read_columns(cx, resource, &columns) || !board_count(cx, resource, &query, &columns))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "by", field_json_name(board_field(resource)));
    json_key(json, "columns");
    json_open_array(json);
    for (size_t i = 0; i < columns.count; i++)
        board_write_column(json, &columns.all[i]);
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}
