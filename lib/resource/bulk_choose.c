/* bulk_choose: which records are meant, by their ids or by what a list finds at this moment. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/bulk.h"
#include "resource/internal.h"

static void bulk_push_id(struct cx *cx, struct bulk_ids *out, const char *id)
{
    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : BULK_AT_ONCE;
        const char **ids = arena_alloc(cx->arena, room * sizeof *ids);
        if (out->count > 0)
            memcpy(ids, out->ids, out->count * sizeof *ids);
        out->ids = ids;
        out->room = room;
    }
    out->ids[out->count++] = id;
}

void bulk_add_id(struct cx *cx, struct bulk_ids *out, const char *id)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcasecmp(out->ids[i], id) == 0)
            return;
    bulk_push_id(cx, out, id);
}

static bool bulk_refuse_filter(struct cx *cx, const char *name, const char *code,
                               const char *message)
{
    return fail_field(cx, *name ? arena_printf(cx->arena, "filter.%s", name) : "filter", code, "%s",
                      message);
}

/* What only says how a list is shown chooses nothing. */
static bool bulk_chooses_records(const char *name)
{
    static const char *const shows[] = {"page", "limit",  "after",  "count",
                                        "sort", "fields", "include"};
    for (size_t i = 0; i < COUNT(shows); i++)
        if (strcmp(name, shows[i]) == 0)
            return false;
    return true;
}

static struct parameter **bulk_add_parameter(struct cx *cx, struct parameter **tail,
                                             const char *name, json_object *value)
{
    *tail = arena_alloc(cx->arena, sizeof **tail);
    **tail = (struct parameter){.name = name, .value = json_object_get_string(value)};
    return &(*tail)->next;
}

/* {"status": "new", "valueAmount[gte]": 100}: as the parameters of a list would say it. */
static bool bulk_read_filter(struct cx *cx, json_object *filter, struct parameter **out)
{
    struct parameter **tail = out;
    if (!json_object_is_type(filter, json_type_object) || json_object_object_length(filter) == 0)
        return bulk_refuse_filter(cx, "", "invalid", "Name at least one filter of the list.");
    json_object_object_foreach(filter, name, value)
    {
        if (!bulk_chooses_records(name))
            return bulk_refuse_filter(cx, name, "unknown_field", "The list has no such filter.");
        if (!value || json_object_is_type(value, json_type_object))
            return bulk_refuse_filter(cx, name, "invalid",
                                      "Give a text, a number or true or false.");
        bool many = json_object_is_type(value, json_type_array);
        if (many && !text_ends(name, "[in]"))
            return bulk_refuse_filter(cx, name, "invalid", "Several values belong to [in].");
        for (size_t i = 0; many && i < json_object_array_length(value); i++)
            tail = bulk_add_parameter(cx, tail, name, json_object_array_get_idx(value, i));
        if (!many)
            tail = bulk_add_parameter(cx, tail, name, value);
    }
    return true;
}

/* The list says what is wrong with a parameter; here it is a member of the body. */
static bool bulk_refuse_as_member(struct cx *cx)
{
    const struct failure_detail *it = cx->failure.details;
    if (cx->failure.status != 400 || !it)
        return false;
    cx->failure = (struct failure){.status = 0};
    return bulk_refuse_filter(cx, it->field, it->code, it->message);
}

static bool bulk_take_pages(struct cx *cx, const struct resource *resource,
                            struct list_query *query, size_t most, struct bulk_ids *out)
{
    struct list_result found;
    do {
        if (!list_run(cx, resource, query, &found))
            return false;
        for (size_t i = 0; i < rows_count(found.rows); i++)
            bulk_push_id(cx, out, rows_text(found.rows, i, 0));
        query->after = found.next_cursor;
    } while (query->after && out->count <= most);
    return out->count <= most ||
           bulk_refuse_filter(
               cx, "", "too_many",
               cx_printf(cx, "More than %zu records match; narrow the filter.", most));
}

bool bulk_find(struct cx *cx, const struct resource *resource, struct parameter *parameters,
               size_t most, struct bulk_ids *out)
{
    struct list_query query;
    struct parameter *asked = cx->request.query;
    const struct field *only_id[] = {resource_columns(resource)[0], NULL};
    cx->request.query = parameters;
    bool understood = list_read_query(cx, resource, &query);
    cx->request.query = asked;
    if (!understood)
        return bulk_refuse_as_member(cx);
    query.page = 1;
    query.limit = most > BULK_AT_ONCE ? LIMIT_EXPORT : BULK_AT_ONCE + 1;
    query.slow = most > BULK_AT_ONCE;
    query.sort = "id";
    query.count = false;
    query.after = NULL;
    query.labels = NULL;
    query.columns = only_id;
    return bulk_take_pages(cx, resource, &query, most, out);
}

bool bulk_choose(struct cx *cx, const struct resource *resource, const struct input *sent,
                 size_t most, struct bulk_ids *out)
{
    struct parameter *parameters = NULL;
    const struct value *ids = input_value(sent, "ids"), *filter = input_value(sent, "filter");
    bool named = ids->presence == GIVEN, filtered = filter->presence == GIVEN;
    if (named && filtered)
        return fail_field(cx, "filter", "not_with_ids", "Give ids or a filter.");
    if (!named && !filtered)
        return fail_field(cx, "ids", "required", "Say with which records.");
    if (filtered)
        return bulk_read_filter(cx, filter->json, &parameters) &&
               bulk_find(cx, resource, parameters, most, out);
    for (size_t i = 0; i < json_object_array_length(ids->json); i++)
        bulk_add_id(cx, out, json_object_get_string(json_object_array_get_idx(ids->json, i)));
    return out->count <= most || fail_field(cx, "ids", "too_many", "Name %zu at most.", most);
}
