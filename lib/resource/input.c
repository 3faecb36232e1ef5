/* input: a request's values against the fields that its route declares. */
#include "resource/input.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/custom.h"
#include "resource/internal.h"

static const struct field no_fields[] = {{.type = FIELD_END}};

void input_release_json(void *value)
{
    json_object_put(value);
}

bool input_complain(const struct place *place, const char *name, const char *code,
                    const char *message)
{
    return fail_field(place->cx, arena_printf(place->cx->arena, "%s%s", place->prefix, name), code,
                      "%s", message);
}

struct input *input_new(struct cx *cx, const struct field *fields)
{
    struct input *input = arena_alloc(cx->arena, sizeof *input);
    input->fields = fields ? fields : no_fields;
    input->values =
        arena_alloc(cx->arena, sizeof *input->values * (field_count(input->fields) + 1));
    input->body_sha256 = "";
    return input;
}

bool input_is_fixed(const struct field *field, enum input_mode mode)
{
    return (field->flags & READ_ONLY) || (mode != INPUT_CREATE && (field->flags & CREATE_ONLY));
}

/* Who replaces says all of it: what a newer field holds is not emptied by those who do not know it.
 * What is never shown cannot be known. */
static bool is_required(const struct place *place, const struct field *field)
{
    bool known = !(field->flags & INPUT_ONLY) && field->type != SECRET && field->type != FILE_FIELD;
    bool whole = place->mode == INPUT_REPLACE && !*place->prefix;
    if (field->type == CUSTOM) /* what is absent in it stays */
        return false;
    return (field->flags & REQUIRED) || (whole && known);
}

static json_object *input_no_members(struct cx *cx)
{
    json_object *object = json_object_new_object();
    arena_defer(cx->arena, input_release_json, object);
    return object;
}

bool input_require(const struct place *place, const struct field *fields, struct value *values)
{
    bool good = true;
    for (size_t i = 0; place->mode == INPUT_CREATE && fields[i].type != FIELD_END; i++)
        if (fields[i].type == CUSTOM && values[i].presence == ABSENT)
            good = custom_read_json(place, &fields[i], input_no_members(place->cx), &values[i]) &&
                   good;
    for (size_t i = 0; place->mode != INPUT_MERGE && fields[i].type != FIELD_END; i++)
        if (is_required(place, &fields[i]) && values[i].presence == ABSENT &&
            !input_is_fixed(&fields[i], place->mode) && shape_takes(place->cx, &fields[i]))
            good =
                input_complain(place, field_json_name(&fields[i]), "required", "This is required.");
    return good;
}

/* ---- the query ---- */

/* Given before it in the query; it counts once. */
static bool is_repeated(const struct cx *cx, const struct parameter *it)
{
    const struct parameter *first = cx->request.query;
    while (strcmp(first->name, it->name) != 0)
        first = first->next;
    return first != it;
}

static bool check_parameter(struct cx *cx, const struct parameter *it)
{
    struct input *input = cx->input;
    const struct field *field = field_find_json(input->query_fields, it->name);
    const char *code, *message;
    if (!field && !cx->is_page && !(cx->route->flags & ROUTE_LIST_QUERY))
        return fail_parameter(cx, it->name, "unknown_parameter", "There is no such parameter.");
    if (!field || (cx->is_page && *it->value == '\0'))
        return true;
    if (!cx->is_page && is_repeated(cx, it))
        return fail_parameter(cx, it->name, "repeated_parameter", "Give it once.");
    struct value *value = &input->query_values[field - input->query_fields];
    return field_check_text(cx, field, it->value, value, &code, &message) || cx->is_page ||
           fail_parameter(cx, it->name, code, "%s", message);
}

static bool check_query(struct cx *cx)
{
    struct input *input = cx->input;
    input->query_fields = cx->route->query ? cx->route->query : no_fields;
    input->query_values = arena_alloc(cx->arena, sizeof *input->query_values *
                                                     (field_count(input->query_fields) + 1));
    for (const struct parameter *it = cx->request.query; it; it = it->next)
        check_parameter(cx, it);
    for (size_t i = 0; input->query_fields[i].type != FIELD_END; i++)
        if ((input->query_fields[i].flags & REQUIRED) && input->query_values[i].presence == ABSENT)
            fail_parameter(cx, field_json_name(&input->query_fields[i]), "required",
                           "This is required.");
    return cx->failure.status == 0;
}

/* ---- the body ---- */

static enum input_mode mode_of(const struct route *route)
{
    if (route->method == HTTP_PATCH || (route->flags & ROUTE_MERGE))
        return INPUT_MERGE;
    return route->method == HTTP_PUT ? INPUT_REPLACE : INPUT_CREATE;
}

static bool is_form(const struct request *request)
{
    return text_starts(request->content_type, "application/x-www-form") ||
           text_starts(request->content_type, "multipart/");
}

/* RFC 7396's own type is the same to us, where a patch is expected. */
static bool takes_type(const struct request *request)
{
    return strcmp(request->content_type, "application/json") == 0 ||
           (request->method == HTTP_PATCH &&
            strcmp(request->content_type, "application/merge-patch+json") == 0);
}

static bool check_json_body(struct cx *cx)
{
    struct json_problem problem;
    bool is_null;
    const struct request *request = &cx->request;
    json_object *object = input_no_members(cx);
    if (request->body_len > 0) {
        if (!takes_type(request))
            return fail(cx, 415, "unsupported_media_type", "Send application/json.");
        object = json_read(cx->arena, request->body, request->body_len, NULL, &is_null, &problem);
        if (!object && !is_null)
            return fail(cx, 400, problem.code, "%s (at byte %zu)", problem.message, problem.offset);
        if (!json_object_is_type(object, json_type_object))
            return fail(cx, 400, "json_not_an_object", "The body must be a JSON object.");
    }
    struct input *query = cx->input;
    bool good = input_read_json(cx, cx->route->body, object, mode_of(cx->route), &cx->input);
    cx->input->query_fields = query->query_fields;
    cx->input->query_values = query->query_values;
    return good;
}

static bool check_form_body(struct cx *cx)
{
    struct input *query = cx->input;
    bool good = input_read_form(cx, cx->route->body, mode_of(cx->route), &cx->input);
    cx->input->query_fields = query->query_fields;
    cx->input->query_values = query->query_values;
    return good;
}

static bool takes_body(enum http_method method)
{
    return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
}

bool input_check(struct cx *cx)
{
    unsigned flags = cx->route->flags;
    bool good = true;
    cx->input = input_new(cx, NULL);
    if (!check_query(cx))
        return false;
    bool is_read = !(flags & ROUTE_LOOSE_BODY) &&
                   (!(flags & ROUTE_UPLOAD) || ((flags & ROUTE_FORM) && cx->route->body));
    if (takes_body(cx->request.method) && is_read) {
        if ((flags & ROUTE_FORM) && (is_form(&cx->request) || cx->request.body_len == 0))
            good = check_form_body(cx);
        else
            good = check_json_body(cx);
    }
    if (takes_body(cx->request.method)) {
        char *digest = arena_alloc(cx->arena, 65);
        if (!request_body_sha256(cx, digest))
            return false;
        cx->input->body_sha256 = digest;
    }
    return good;
}

void input_complete(struct cx *cx, const struct list_result *current)
{
    struct input *input = cx->input;
    for (int i = 0; current->fields[i]; i++) {
        const struct field *field = field_find(input->fields, current->fields[i]->name);
        struct value *value = field ? &input->values[field - input->fields] : NULL;
        if (value && value->presence == ABSENT)
            *value = (struct value){.presence = rows_text(current->rows, 0, i) ? GIVEN : IS_NULL,
                                    .text = rows_text(current->rows, 0, i)};
    }
}

/* ---- accessors ---- */

void input_set(struct input *input, const char *name, const char *text)
{
    struct value *value = (struct value *)input_value(input, name);
    *value = (struct value){.presence = text ? GIVEN : IS_NULL, .text = text};
}

const struct value *input_value(const struct input *input, const char *name)
{
    const struct field *field = field_find(input->fields, name);
    assert(field != NULL);
    return &input->values[field - input->fields];
}

bool input_given(const struct cx *cx, const char *name)
{
    return input_value(cx->input, name)->presence != ABSENT;
}

const char *input_text(const struct cx *cx, const char *name)
{
    return input_value(cx->input, name)->text;
}

static int64_t to_int(const char *text, int64_t otherwise)
{
    int64_t value = otherwise;
    text_to_int(text, INT64_MIN, INT64_MAX, &value);
    return value;
}

int64_t input_int(const struct cx *cx, const char *name, int64_t otherwise)
{
    return to_int(input_text(cx, name), otherwise);
}

bool input_bool(const struct cx *cx, const char *name, bool otherwise)
{
    const char *text = input_text(cx, name);
    return text ? strcmp(text, "true") == 0 : otherwise;
}

const char *query_text(const struct cx *cx, const char *name)
{
    const struct field *field = field_find(cx->input->query_fields, name);
    assert(field != NULL);
    return cx->input->query_values[field - cx->input->query_fields].text;
}

int64_t query_int(const struct cx *cx, const char *name, int64_t otherwise)
{
    return to_int(query_text(cx, name), otherwise);
}
