/* input: a request's values against the fields that its route declares. */
#include "resource/input.h"

#include <assert.h>
#include <string.h>

#include "access/tenant.h"
#include "base/money.h"
#include "base/text.h"
#include "http/cx.h"

static const struct field no_fields[] = {{.type = FIELD_END}};

static void release_json(void *value)
{
    json_object_put(value);
}

/* Where a body is read: which field, for messages "a.b" or "items[2].name". */
struct place {
    struct cx *cx;
    const char *prefix; /* "" at the top */
    enum input_mode mode;
};

static bool complain(const struct place *place, const char *name, const char *code,
                     const char *message)
{
    return fail_field(place->cx, arena_printf(place->cx->arena, "%s%s", place->prefix, name), code,
                      "%s", message);
}

static struct input *input_new(struct cx *cx, const struct field *fields)
{
    struct input *input = arena_alloc(cx->arena, sizeof *input);
    input->fields = fields ? fields : no_fields;
    input->values =
        arena_alloc(cx->arena, sizeof *input->values * (field_count(input->fields) + 1));
    input->body_sha256 = "";
    return input;
}

/* ---- JSON ---- */

static bool read_object(const struct place *place, const struct field *fields, json_object *object,
                        struct value *values);

static const char *wrong_type(const struct field *field)
{
    switch (field->type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return "This must be a whole number.";
    case BOOL:
        return "This must be true or false.";
    case OBJECT:
        return "This must be an object.";
    case ARRAY:
        return "This must be a list.";
    default:
        return "This must be text.";
    }
}

static enum json_type json_type_of(enum field_type type)
{
    switch (type) {
    case INT:
    case MONEY:
    case BASIS_POINTS:
        return json_type_int;
    case BOOL:
        return json_type_boolean;
    case OBJECT:
        return json_type_object;
    case ARRAY:
        return json_type_array;
    default:
        return json_type_string;
    }
}

static bool read_item(const struct place *place, const struct field *field, json_object *item)
{
    const struct field one = {.name = field->name,
                              .type = field->item,
                              .min = field->min ? 1 : 0,
                              .choices = field->choices};
    struct value value = {.presence = ABSENT};
    const char *code, *message;
    if (!json_object_is_type(item, json_type_of(one.type)))
        return complain(place, "", "wrong_type", wrong_type(&one));
    return field_check_text(place->cx, &one, json_object_get_string(item), &value, &code,
                            &message) ||
           complain(place, "", code, message);
}

static bool read_array(const struct place *place, const struct field *field, const char *name,
                       json_object *array)
{
    size_t count = json_object_array_length(array);
    int64_t most = field->max ? field->max : 1000;
    bool good = true;
    if ((int64_t)count > most)
        return complain(place, name, "too_long",
                        arena_printf(place->cx->arena, "At most %lld entries.", (long long)most));
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(array, i);
        struct place inner = *place;
        inner.prefix = arena_printf(place->cx->arena, "%s%s[%zu]", place->prefix, name, i);
        if (!field->fields) {
            good = read_item(&inner, field, item) && good;
            continue;
        }
        inner.prefix = arena_printf(place->cx->arena, "%s.", inner.prefix);
        struct value *values =
            arena_alloc(place->cx->arena, sizeof *values * (field_count(field->fields) + 1));
        if (json_object_is_type(item, json_type_object))
            good = read_object(&inner, field->fields, item, values) && good;
        else
            good = complain(place, name, "wrong_type", "Each entry must be an object.");
    }
    return good;
}

static bool read_nested(const struct place *place, const struct field *field, const char *name,
                        json_object *json)
{
    if (field->type == ARRAY)
        return read_array(place, field, name, json);
    if (field->type != OBJECT || !field->fields)
        return true;
    struct place inner = *place;
    inner.prefix = arena_printf(place->cx->arena, "%s%s.", place->prefix, name);
    struct value *values =
        arena_alloc(place->cx->arena, sizeof *values * (field_count(field->fields) + 1));
    return read_object(&inner, field->fields, json, values);
}

static bool read_value(const struct place *place, const struct field *field, const char *name,
                       json_object *json, struct value *out)
{
    const char *code, *message;
    if (!json) {
        out->presence = IS_NULL;
        if (field->flags & NULLABLE)
            return true;
        return complain(place, name, "not_nullable", "This may not be null.");
    }
    out->presence = GIVEN;
    if (field->type != JSON && !json_object_is_type(json, json_type_of(field->type)))
        return complain(place, name, "wrong_type", wrong_type(field));
    if (field->type == JSON || field->type == OBJECT || field->type == ARRAY) {
        out->json = json;
        out->text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
        if (field->type == JSON && field->max && strlen(out->text) > (size_t)field->max)
            return complain(place, name, "too_long", "This is too large.");
        return read_nested(place, field, name, json);
    }
    const char *text = json_object_get_string(json);
    if (field_check_text(place->cx, field, text, out, &code, &message))
        return true;
    return complain(place, name, code, message);
}

static bool is_fixed(const struct field *field, enum input_mode mode)
{
    return (field->flags & READ_ONLY) || (mode != INPUT_CREATE && (field->flags & CREATE_ONLY));
}

static bool require(const struct place *place, const struct field *fields, struct value *values)
{
    bool good = true;
    for (size_t i = 0; place->mode != INPUT_MERGE && fields[i].type != FIELD_END; i++)
        if ((fields[i].flags & REQUIRED) && values[i].presence == ABSENT &&
            !is_fixed(&fields[i], place->mode))
            good = complain(place, field_json_name(&fields[i]), "required", "This is required.");
    return good;
}

static bool read_object(const struct place *place, const struct field *fields, json_object *object,
                        struct value *values)
{
    bool good = true;
    json_object_object_foreach(object, name, json)
    {
        const struct field *field = field_find_json(fields, name);
        if (!field || is_fixed(field, place->mode))
            good = complain(place, name, "unknown_field",
                            field ? "This cannot be set here." : "There is no such field.");
        else
            good = read_value(place, field, name, json, &values[field - fields]) && good;
    }
    return require(place, fields, values) && good;
}

bool input_read_json(struct cx *cx, const struct field *fields, json_object *object,
                     enum input_mode mode, struct input **out)
{
    struct place place = {cx, "", mode};
    *out = input_new(cx, fields);
    return read_object(&place, (*out)->fields, object, (*out)->values);
}

/* ---- forms ---- */

/* A list in a form: one line each in a text area, or one checkbox each. */
static char *form_list(struct cx *cx, const char *name)
{
    struct buf out;
    struct json json;
    buf_init(&out, cx->arena);
    json_start(&json, &out);
    json_open_array(&json);
    for (const struct parameter *it = cx->request.form; it; it = it->next) {
        if (strcmp(it->name, name) != 0)
            continue;
        for (const char *line = it->value; *line;) {
            size_t len = strcspn(line, "\r\n");
            char *entry = text_trim(cx->arena, arena_copy(cx->arena, line, len));
            if (*entry)
                json_put_text(&json, entry);
            line += len + strspn(line + len, "\r\n");
        }
    }
    json_close_array(&json);
    return out.data;
}

static bool read_form_list(const struct place *place, const struct field *field, const char *name,
                           const char *typed, struct value *value)
{
    json_object *list = json_tokener_parse(form_list(place->cx, name));
    arena_defer(place->cx->arena, release_json, list);
    value->raw = typed;
    return read_value(place, field, name, list, value);
}

/* People write amounts as 12.50; the field beside it says of which currency. */
static bool read_form_money(const struct place *place, const struct field *field, const char *name,
                            const char *typed, struct value *value)
{
    struct cx *cx = place->cx;
    const struct field *beside = field->refers ? field_find(cx->route->body, field->refers) : NULL;
    const char *currency = beside ? parameter_get(cx->request.form, field_json_name(beside)) : NULL;
    int64_t amount;
    if (!currency || !money_is_currency(currency))
        currency = cx->tenant && cx->tenant->currency ? cx->tenant->currency : "EUR";
    if (!money_parse(text_trim(cx->arena, typed), currency, &amount))
        return complain(place, name, "invalid_amount", "Use an amount like 12.50.");
    const char *code, *message;
    const char *text = arena_printf(cx->arena, "%lld", (long long)amount);
    bool good = field_check_text(cx, field, text, value, &code, &message) ||
                complain(place, name, code, message);
    value->raw = typed;
    return good;
}

static bool read_form_field(const struct place *place, const struct field *field,
                            struct value *value)
{
    const char *name = field_json_name(field), *code, *message;
    const char *typed = parameter_get(place->cx->request.form, name);
    if (!typed)
        return true;
    if (field->type == ARRAY && !field->fields)
        return read_form_list(place, field, name, typed, value);
    value->raw = field->type == SECRET ? NULL : typed;
    if (*typed == '\0') {
        if (field->flags & REQUIRED)
            return complain(place, name, "required", "This is required.");
        if (field->flags & NULLABLE)
            value->presence = IS_NULL;
        return true;
    }
    if (field->type == MONEY)
        return read_form_money(place, field, name, typed, value);
    return field_check_text(place->cx, field, typed, value, &code, &message) ||
           complain(place, name, code, message);
}

bool input_read_form(struct cx *cx, const struct field *fields, enum input_mode mode,
                     struct input **out)
{
    struct place place = {cx, "", mode};
    bool good = true;
    *out = input_new(cx, fields);
    fields = (*out)->fields;
    for (size_t i = 0; fields[i].type != FIELD_END; i++)
        if (!is_fixed(&fields[i], mode))
            good = read_form_field(&place, &fields[i], &(*out)->values[i]) && good;
    if (cx->failure.status != 0)
        return false;
    return require(&place, fields, (*out)->values) && good;
}

/* ---- the query ---- */

static bool check_query(struct cx *cx)
{
    struct input *input = cx->input;
    input->query_fields = cx->route->query ? cx->route->query : no_fields;
    input->query_values = arena_alloc(cx->arena, sizeof *input->query_values *
                                                     (field_count(input->query_fields) + 1));
    bool strict = !cx->is_page && !(cx->route->flags & ROUTE_LIST_QUERY);
    for (const struct parameter *it = cx->request.query; it; it = it->next) {
        const struct field *field = field_find_json(input->query_fields, it->name);
        const char *code, *message;
        if (!field && strict)
            return fail(cx, 400, "unknown_parameter", "There is no parameter \"%s\".", it->name);
        if (!field || (cx->is_page && *it->value == '\0'))
            continue;
        struct value *value = &input->query_values[field - input->query_fields];
        if (!field_check_text(cx, field, it->value, value, &code, &message) && !cx->is_page)
            fail_field(cx, it->name, code, "%s", message);
    }
    for (size_t i = 0; input->query_fields[i].type != FIELD_END; i++)
        if ((input->query_fields[i].flags & REQUIRED) && input->query_values[i].presence == ABSENT)
            fail_field(cx, field_json_name(&input->query_fields[i]), "required",
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

static json_object *empty_object(struct cx *cx)
{
    json_object *object = json_object_new_object();
    arena_defer(cx->arena, release_json, object);
    return object;
}

static bool is_form(const struct request *request)
{
    return text_starts(request->content_type, "application/x-www-form") ||
           text_starts(request->content_type, "multipart/");
}

static bool check_json_body(struct cx *cx)
{
    struct json_problem problem;
    bool is_null;
    const struct request *request = &cx->request;
    json_object *object = empty_object(cx);
    if (request->body_len > 0) {
        if (!strstr(request->content_type, "json"))
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
    if (takes_body(cx->request.method) && !(flags & (ROUTE_LOOSE_BODY | ROUTE_UPLOAD))) {
        if ((flags & ROUTE_FORM) && (is_form(&cx->request) || cx->request.body_len == 0))
            good = check_form_body(cx);
        else
            good = check_json_body(cx);
    }
    if (takes_body(cx->request.method)) {
        char *digest = arena_alloc(cx->arena, 65);
        text_sha256(cx->request.body, cx->request.body_len, digest);
        cx->input->body_sha256 = digest;
    }
    return good;
}

/* ---- accessors ---- */

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
