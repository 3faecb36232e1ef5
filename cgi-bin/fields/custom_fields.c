/* custom_fields: what a tenant defines of its own fields. Which values there are binds what may
 * still change: a key never does, a type only while no record has a value, and of the choices none
 * may go that a record has. */
#include <stdlib.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "fields.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/custom.h"
#include "resource/model.h"

enum { CHOICES_MOST = 200, LENGTH_MOST = 1000 };

STATEMENT(custom_removal_begin,
          "insert into custom_removals (tenant_id, resource, key)\n"
          "select tenant_id, resource, key\n"
          "from custom_fields\n"
          "where id = $1::uuid\n"
          "returning resource, key",
          DB_WRITES);

#define CHOICE_MEMBERS                                                                             \
    {"value",                                                                                      \
     TEXT,                                                                                         \
     REQUIRED,                                                                                     \
     1,                                                                                            \
     100,                                                                                          \
     .example = "gold",                                                                            \
     .help = "What is stored: it never changes."},                                                 \
    {                                                                                              \
        "label", TEXT, NULLABLE, 1, 100, .example = "Gold customer", .help = "What people read."   \
    }

/* They are written with their field alone, which knows whether records have one. */
const struct resource custom_choices = {
    .name = "custom-field-choices",
    .one = "custom field choice",
    .title = "Choices",
    .about = "What a field of choices offers.",
    .permission = "fields.custom_fields",
    .table = "custom_choices",
    .api = "/api/custom-fields/:id/choices",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST,
    .parent = &custom_fields,
    .no_events = true,
    .parent_column = "field_id",
    .sort = "position",
    .fields = FIELDS({"field_id", UUID, READ_ONLY | FILTERED | HIDDEN,
                      .refers = "fields.custom-fields", .on_delete = CASCADE},
                     {"position", INT, READ_ONLY, .example = "1", .help = "Its place, from 1 on."},
                     CHOICE_MEMBERS),
};

static const char *const types[] = {"text",      "number",  "money", "date", "choice",
                                    "reference", "boolean", "email", "url",  NULL};
static const char *const type_labels[] = {
    "Text",   "Number",    "Amount of money", "Date",        "Choice",
    "Record", "Yes or no", "E-mail address",  "Web address", NULL};

/* ---- what the definition says of itself ---- */

/* What will be stored: what came, else what is there; `there` NULL: a new one. */
static const char *merged(const struct input *input, const struct list_result *there,
                          const char *name)
{
    const struct value *value = input_value(input, name);
    if (value->presence != ABSENT)
        return value->text;
    return there ? record_value(there, name) : field_find(input->fields, name)->initial;
}

static bool is_key(const char *key)
{
    size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return key[0] >= 'a' && key[0] <= 'z' && key[len] == '\0' && len <= 40;
}

/* The names of the resources that may be meant, for people. */
static const char *names_of(struct cx *cx, bool (*is_meant)(const struct resource *))
{
    struct buf names;
    buf_init(&names, cx->arena);
    buf_puts(&names, "");
    for (size_t i = 0; i < model_count(); i++)
        if (is_meant(model_at(i)))
            buf_printf(&names, "%s%s", names.len ? ", " : "", model_name(model_at(i)));
    return names.data;
}

static bool check_resource(struct cx *cx, const char *field, const char *name,
                           bool (*is_meant)(const struct resource *))
{
    const struct resource *resource = model_resource(name);
    return (resource && is_meant(resource)) ||
           fail_field(cx, field, "not_a_choice", "Use one of %s.", names_of(cx, is_meant));
}

static bool check_new(struct cx *cx, const struct input *input)
{
    const char *key = input_value(input, "key")->text;
    return check_resource(cx, "resource", input_value(input, "resource")->text,
                          field_allows_custom) &&
           (is_key(key) ||
            fail_field(cx, "key", "invalid_key",
                       "Begin with a small letter, and use letters, digits and _ alone."));
}

static json_object *choices_of(const struct input *input, const struct list_result *there)
{
    const struct value *value = input_value(input, "choices");
    const char *stored = there ? record_value(there, "choices") : NULL;
    if (value->presence == GIVEN)
        return json_object_get(value->json);
    return stored ? json_tokener_parse(stored) : NULL;
}

static const char *value_at(json_object *list, size_t index)
{
    return json_object_get_string(
        json_object_object_get(json_object_array_get_idx(list, index), "value"));
}

static bool check_twins(struct cx *cx, json_object *offered)
{
    for (size_t i = 0; offered && i < json_object_array_length(offered); i++)
        for (size_t j = 0; j < i; j++)
            if (text_equal(value_at(offered, i), value_at(offered, j)))
                return fail_field(cx, "choices", "twice", "\"%s\" stands there twice.",
                                  value_at(offered, i));
    return true;
}

static bool check_default(struct cx *cx, const struct input *input, const struct list_result *there,
                          const char *type, json_object *offered)
{
    const char *text = merged(input, there, "default_value"), *code, *message;
    struct field field = {.name = "default_value",
                          .type = custom_type_named(type),
                          .least = merged(input, there, "minimum"),
                          .most = merged(input, there, "maximum")};
    struct value value;
    bool found = false;
    if (!text)
        return true;
    if (field.type == MONEY || field.type == UUID)
        return fail_field(cx, "defaultValue", "no_default",
                          "A field of this type begins without a value.");
    for (size_t i = 0; offered && i < json_object_array_length(offered); i++)
        found = found || text_equal(text, value_at(offered, i));
    if (field.type == CHOICE)
        return found || fail_field(cx, "defaultValue", "not_a_choice",
                                   "This is the value of none of the choices.");
    if (!field_check_text(cx, &field, text, &value, &code, &message))
        return fail_field(cx, "defaultValue", code, "%s", message);
    return true;
}

/* What a bound is of a field of that type; FIELD_END: it has none. */
static enum field_type type_of_bound(enum field_type type)
{
    return type == TEXT ? INT : type == DECIMAL || type == MONEY || type == DATE ? type : FIELD_END;
}

static bool check_bound(struct cx *cx, const char *name, enum field_type type, const char *text)
{
    struct field field = {.name = name, .type = type_of_bound(type)};
    struct value value;
    const char *code, *message;
    if (!text)
        return true;
    if (field.type == FIELD_END)
        return fail_field(cx, name, "not_for_this_type",
                          "Only texts, numbers, amounts and dates have bounds.");
    if (type == TEXT)
        field.max = LENGTH_MOST;
    return field_check_text(cx, &field, text, &value, &code, &message) ||
           fail_field(cx, name, code, "%s", message);
}

static bool check_bounds(struct cx *cx, const struct input *input, const struct list_result *there,
                         enum field_type type)
{
    const char *least = merged(input, there, "minimum"), *most = merged(input, there, "maximum");
    if (!check_bound(cx, "minimum", type, least) || !check_bound(cx, "maximum", type, most))
        return false;
    bool crossed =
        least && most &&
        (type == DATE ? strcmp(least, most) > 0 : strtod(least, NULL) > strtod(most, NULL));
    return !crossed || fail_field(cx, "maximum", "too_small", "It is less than the minimum.");
}

/* Who may see and change it is one of the permissions of what it is a field of. */
static bool check_limit(struct cx *cx, const struct input *input, const struct list_result *there,
                        const char *name, const char *json_name)
{
    const char *permission = merged(input, there, name);
    const struct resource *resource = model_resource(merged(input, there, "resource"));
    if (!permission)
        return true;
    if (!resource || !custom_may_limit(resource, permission))
        return fail_field(cx, json_name, "not_a_choice",
                          "This is no permission that such records have besides the usual ones.");
    return !text_equal(merged(input, there, "required"), "true") ||
           fail_field(cx, "required", "not_for_everybody",
                      "What only some may see or change cannot be required of everybody.");
}

static bool check_unique(struct cx *cx, const struct input *input, const struct list_result *there,
                         enum field_type type)
{
    return type != BOOL || !text_starts(merged(input, there, "is_unique"), "t") ||
           fail_field(cx, "isUnique", "not_for_this_type",
                      "There are but two values of yes or no.");
}

static bool check_rules(struct cx *cx, const struct input *input, const struct list_result *there)
{
    enum field_type type = custom_type_named(merged(input, there, "type"));
    bool good = check_bounds(cx, input, there, type);
    good = check_unique(cx, input, there, type) && good;
    good = check_limit(cx, input, there, "seen_with", "seenWith") && good;
    return check_limit(cx, input, there, "changed_with", "changedWith") && good;
}

static bool check_whole(struct cx *cx, const struct input *input, const struct list_result *there)
{
    const char *type = merged(input, there, "type"), *target = merged(input, there, "refers_to");
    json_object *offered = choices_of(input, there);
    bool some = offered && json_object_array_length(offered) > 0, good = true;
    if (text_equal(type, "choice") != some)
        good = fail_field(cx, "choices", some ? "not_for_this_type" : "required", "%s",
                          some ? "Only a field of choices has them." : "Say what can be chosen.");
    if (text_equal(type, "reference") && !target)
        good = fail_field(cx, "refersTo", "required", "Say to what it refers.");
    else if (!text_equal(type, "reference") && target)
        good =
            fail_field(cx, "refersTo", "not_for_this_type", "Only a reference refers to anything.");
    else if (target)
        good = check_resource(cx, "refersTo", target, field_may_refer_to) && good;
    good = check_twins(cx, offered) && check_default(cx, input, there, type, offered) && good;
    good = check_rules(cx, input, there) && good;
    json_object_put(offered);
    return good;
}

/* ---- what the values allow ---- */

static const char *array_of_values(struct cx *cx, json_object *list)
{
    struct buf out;
    buf_init(&out, cx->arena);
    buf_putc(&out, '{');
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *text = value_at(list, i);
        buf_puts(&out, i ? ",\"" : "\"");
        for (; *text; text++) {
            if (*text == '"' || *text == '\\')
                buf_putc(&out, '\\');
            buf_putc(&out, *text);
        }
        buf_putc(&out, '"');
    }
    buf_putc(&out, '}');
    return out.data;
}

static bool may_change(struct cx *cx, const struct input *input, const struct list_result *there)
{
    const struct resource *resource = model_resource(record_value(there, "resource"));
    const char *was = record_value(there, "type"), *key = record_value(there, "key");
    const struct value *offered = input_value(input, "choices");
    bool other_type = !text_equal(merged(input, there, "type"), was), exists = false;
    bool other_target =
        !text_equal(merged(input, there, "refers_to"), record_value(there, "refers_to"));
    if (!resource)
        return true;
    if ((other_type || other_target) && !custom_value_exists(&cx->db, resource, key, NULL, &exists))
        return fail_db(cx);
    if (exists)
        return fail(cx, 409, "custom_field_in_use",
                    "Records have a value in it: its type can no longer change.");
    if (other_type || !text_equal(was, "choice") || offered->presence != GIVEN)
        return true;
    if (!custom_value_exists(&cx->db, resource, key, array_of_values(cx, offered->json), &exists))
        return fail_db(cx);
    return !exists ||
           fail(cx, 409, "choice_in_use", "Records have a choice that would no longer be there.");
}

/* ---- the hooks ---- */

static bool remove_values(struct cx *cx, const char *id)
{
    struct rows *rows = db_get(&cx->db, &custom_removal_begin, id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0) /* the deletion itself says that there is no such field */
        return true;
    const char *payload = arena_printf(cx->arena, "{\"resource\": \"%s\", \"key\": \"%s\"}",
                                       rows_text(rows, 0, 0), rows_text(rows, 0, 1));
    return job_add(&cx->db, &(struct job_new){.kind = &custom_removal, .payload = payload}) ||
           fail_db(cx);
}

/* What is written from now on is in the index at once; what was written before is put there. */
static bool fill_index(struct cx *cx, const char *id, const struct input *input,
                       const struct list_result *there)
{
    if (!text_equal(merged(input, there, "filtered"), "true") ||
        text_equal(record_value(there, "filtered"), "t"))
        return true;
    const char *payload = arena_printf(cx->arena, "{\"resource\": \"%s\", \"field\": \"%s\"}",
                                       record_value(there, "resource"), id);
    return job_add(&cx->db, &(struct job_new){.kind = &custom_filling, .payload = payload}) ||
           fail_db(cx);
}

static bool is_other(const struct input *input, const struct list_result *there, const char *name)
{
    const struct value *value = input_value(input, name);
    const char *was = record_value(there, name);
    bool is_bool = field_find(input->fields, name)->type == BOOL;
    return value->presence != ABSENT &&
           (is_bool ? *value->text != *was : !text_equal(value->text, was));
}

/* Searches find from now on what is written; what was written before is gone through. */
static bool fill_words(struct cx *cx, const struct input *input, const struct list_result *there)
{
    bool changed = is_other(input, there, "searched") || is_other(input, there, "archived") ||
                   is_other(input, there, "seen_with") ||
                   input_value(input, "choices")->presence == GIVEN;
    const char *payload =
        arena_printf(cx->arena, "{\"resource\": \"%s\"}", record_value(there, "resource"));
    return !changed ||
           job_add(&cx->db, &(struct job_new){.kind = &custom_wording, .payload = payload}) ||
           fail_db(cx);
}

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    struct list_result there;
    if (operation == OP_DELETE)
        return remove_values(cx, id);
    if (operation == OP_CREATE)
        return check_new(cx, input) && check_whole(cx, input, NULL);
    return record_get(cx, &custom_fields, id, &there) && check_whole(cx, input, &there) &&
           may_change(cx, input, &there) && fill_index(cx, id, input, &there) &&
           fill_words(cx, input, &there);
}

static void committed(struct cx *cx, enum operation operation, const char *id)
{
    (void)operation;
    (void)id;
    tenant_changed(&cx->db, cx->tenant->id);
}

const struct resource custom_fields = {
    .name = "custom-fields",
    .one = "custom field",
    .errors = "422 too_many_custom_fields, 409 custom_field_leaving, 409 custom_field_in_use, "
              "409 choice_in_use, 409 custom_values_repeat",
    .title = "Custom fields",
    .about = "Fields of your own on the records that allow them.",
    .permission = "fields.custom_fields",
    .table = "custom_fields",
    .api = "/api/custom-fields",
    .page = "/admin/custom-fields",
    .icon = "forms",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE,
    .fields = FIELDS(
        {"label", TEXT, REQUIRED | LISTED | SEARCHED | SORTED, 1, 100,
         .help = "What people read beside the value.", .example = "Favourite colour"},
        {"resource", TEXT, REQUIRED | CREATE_ONLY | FILTERED | LISTED, 1, 100, .label = "Of",
         .help = "The records that have it, like crm.leads.", .example = "crm.leads"},
        {"key", TEXT, REQUIRED | CREATE_ONLY | SEARCHED | FILTERED | LISTED, 1, 40,
         .help = "Its name in the API: letters, digits and _; it never changes.",
         .example = "favouriteColour"},
        {"type", CHOICE, REQUIRED | FILTERED | LISTED, .choices = types,
         .choice_labels = type_labels, .example = "text",
         .help = "It can change as long as no record has a value."},
        {"choices", ARRAY, LIST_OMITTED, 0, CHOICES_MOST,
         .fields = FIELDS(CHILD_ID, CHOICE_MEMBERS), .child = &custom_choices, .example = "[]",
         .help = "Of a choice: what it offers."},
        {"refers_to", TEXT, NULLABLE, 1, 100, .example = "crm.contacts",
         .help = "Of a reference: the records that it refers to, like crm.contacts."},
        {"required", BOOL, LISTED, .initial = "false", .example = "false",
         .help = "A new record must have a value."},
        {"listed", BOOL, 0, .initial = "false", .label = "Shown in lists", .example = "false",
         .help = "Lists have a column for it unless others are chosen."},
        {"filtered", BOOL, LISTED, .initial = "false", .label = "Filter", .example = "false",
         .help = "Lists offer it as a filter, and find its values by an index."},
        {"searched", BOOL, 0, .initial = "true", .example = "true",
         .help = "Searches find records by its value: by texts, choices and addresses that "
                 "everybody may see."},
        {"is_unique", BOOL, 0, .initial = "false", .label = "Unique", .example = "false",
         .help = "No two records have the same value."},
        {"minimum", TEXT, NULLABLE, 1, 30, .example = "1",
         .help = "The least that it may be: a number, a day, an amount in the currency's "
                 "smallest unit; of a text how many characters."},
        {"maximum", TEXT, NULLABLE, 1, 30, .example = "100",
         .help = "The most that it may be, in the same way."},
        {"seen_with", TEXT, NULLABLE, 1, 100, .label = "Seen by", .example = "crm.leads:private",
         .help = "The permission with which it is seen; without one everybody sees it who "
                 "sees the record."},
        {"changed_with", TEXT, NULLABLE, 1, 100, .label = "Changed by",
         .example = "crm.leads:private",
         .help = "The permission with which it is changed, besides that of changing the "
                 "record."},
        {"default_value", TEXT, NULLABLE, 1, 1000, .label = "Default", .example = "Blue",
         .help = "What a new record has when nothing else is given."},
        {"help", TEXT, NULLABLE, 1, 300, .label = "Help", .example = "The one on the door.",
         .help = "A sentence that stands below the input."},
        {"position", INT, SORTED, 0, 100000, .initial = "0", .example = "0",
         .help = "Where it stands among the others; smaller is first."},
        {"archived", BOOL, FILTERED, .initial = "false", .example = "false",
         .help = "It is shown nowhere, but its values are kept."}),
    .sort = "position",
    .label = "label",
    .prepare = prepare,
    .committed = committed,
    .add_to_form = field_form_add,
    .add_to_page = field_page_add,
};
