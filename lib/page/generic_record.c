/* The pages of one record: detail, and the forms that make and change it. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/alike.h"
#include "resource/custom.h"
#include "resource/event_told.h"
#include "resource/file_field.h"
#include "resource/merge.h"
#include "resource/reference.h"
#include "resource/resource.h"

static const char *record_path(struct cx *cx, const struct resource *resource, const char *id,
                               const char *more)
{
    return arena_printf(cx->arena, "%s/%s%s", resource->page, id, more);
}

static const char *id_of(const struct list_result *record)
{
    return rows_text(record->rows, 0, show_column(record, "id"));
}

/* An amount beside it says it. */
static bool is_said_by_amount(const struct list_result *record, const struct field *field)
{
    for (int i = 0; record->fields[i]; i++)
        if (record->fields[i]->type == MONEY &&
            text_equal(record->fields[i]->currency, field->name))
            return true;
    return (field->flags & MADE) && field->type == CURRENCY;
}

static bool is_fact(const struct list_result *record, const struct field *field)
{
    return !(field->flags & (HIDDEN | INPUT_ONLY)) && field->type != SECRET &&
           !is_said_by_amount(record, field) && field->type != CUSTOM &&
           strcmp(field->name, "id") != 0 && strcmp(field->name, "tenant_id") != 0;
}

/* What is shown on a condition is null while that does not hold; what changed is told in words, if
 * it can be. */
static bool is_there(const struct list_result *record, int column)
{
    if (record->told && record->told[0].change_count > 0 && record->fields[column]->type == JSON)
        return false;
    return !record->fields[column]->shown_when || rows_text(record->rows, 0, column);
}

static void add_fact(struct cx *cx, json_object *facts, const struct list_result *record,
                     int column)
{
    const struct field *field = record->fields[column];
    json_object *fact = page_item(facts);
    page_set(fact, "label", field_title(cx, field));
    page_set_bool(fact, "wide",
                  field->type == LONG || field->type == JSON || field->type == OBJECT ||
                      field->child);
    show_value(cx, fact, record, 0, column);
}

/* When it was made and changed stands last. */
static void add_facts(struct cx *cx, json_object *data, const struct list_result *record)
{
    json_object *facts = page_list(data, "facts");
    for (int common = 0; common < 2; common++)
        for (int i = 0; record->fields[i]; i++)
            if (is_fact(record, record->fields[i]) && is_there(record, i) &&
                show_is_common(record->fields[i]) == common)
                add_fact(cx, facts, record, i);
}

static bool may_with(struct cx *cx, const struct resource *resource,
                     const struct list_result *record, enum operation operation)
{
    const char *action = operation == OP_DELETE ? "delete" : "update";
    return generic_may(cx, resource, operation) &&
           record_is_in_sight(cx, resource, record,
                              arena_printf(cx->arena, "%s:%s", resource->permission, action));
}

static bool add_record_actions(struct cx *cx, json_object *data, const struct resource *resource,
                               const struct list_result *record)
{
    const char *id = id_of(record);
    page_list(data, "actions");
    if (!generic_add_actions(cx, data, resource, id))
        return false;
    if (may_with(cx, resource, record, OP_DELETE)) {
        json_object *action =
            page_action(data, "Delete", record_path(cx, resource, id, "/delete"), "trash");
        page_set_bool(action, "danger", true);
    }
    if (may_with(cx, resource, record, OP_MERGE)) {
        json_object *action =
            page_action(data, "Edit", record_path(cx, resource, id, "/edit"), "pencil");
        page_set_bool(action, "primary", true);
    }
    return true;
}

json_object *page_detail_data(struct cx *cx, const struct resource *resource,
                              const struct list_result *record)
{
    json_object *data = page_object(cx);
    json_object_object_add(data, "record", json_object_get(page_record(cx, record, 0)));
    page_set(data, "label", show_label(cx, resource, record, 0));
    page_set(data, "subtitle", text_title(cx->arena, cx_text(cx, resource->one)));
    page_set(data, "path", record_path(cx, resource, id_of(record), ""));
    page_set(data, "attachments", NULL);
    page_list(data, "parts");
    page_list(data, "related");
    page_set(data, "timeline", NULL);
    add_facts(cx, data, record);
    page_list(data, "changes");
    page_set_bool(data, "now", false);
    page_set_bool(data, "any_changes", record->told && record->told[0].change_count > 0);
    if (record->told)
        page_add_changes(data, &record->told[0]);
    if (!add_record_actions(cx, data, resource, record))
        return NULL;
    generic_crumbs(cx, data, resource);
    return data;
}

/* With the names of what it refers to, and the tenant's own fields. */
static bool read_record(struct cx *cx, const struct resource *resource, const char *id,
                        struct list_result *out)
{
    return record_get_named(cx, resource, id, reference_labels_shown(cx, resource), out) &&
           custom_spread(cx, out);
}

bool generic_detail_of(struct cx *cx, const struct resource *resource, const char *id, int status)
{
    struct list_result record;
    if (!read_record(cx, resource, id, &record))
        return false;
    if (resource->tell && !resource->tell(cx, &record))
        return false;
    const char *template = resource->template_detail ? resource->template_detail : "layout/detail";
    json_object *data = page_detail_data(cx, resource, &record);
    if (!data || !attachments_add(cx, data, resource, &record) ||
        !parts_add(cx, data, resource, &record) ||
        !related_add_all(cx, data, resource, id_of(&record)) ||
        !timeline_add(cx, data, resource, &record) ||
        (resource->add_to_page && !resource->add_to_page(cx, data, &record)))
        return false;
    return page_render(cx, status, template, show_label(cx, resource, &record, 0), data);
}

/* The page of a record that was merged into another one is that one's. */
static bool go_to_winner(struct cx *cx, const struct resource *resource)
{
    const struct failure missing = cx->failure;
    const char *winner;
    if (missing.status != 404 || !resource->merges)
        return false;
    cx->failure = (struct failure){.status = 0};
    if (!merge_follow(cx, resource, cx_path(cx, "id"), &winner))
        return false;
    if (winner)
        return page_go(cx, record_path(cx, resource, winner, ""));
    cx->failure = missing;
    return false;
}

bool generic_detail(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    return generic_detail_of(cx, resource, cx_path(cx, "id"), 200) || go_to_winner(cx, resource);
}

/* Who may only write their own records has nobody to choose as the owner. */
static void leave_out_owner(json_object *fields, const struct resource *resource)
{
    const char *owner = field_json_name(field_find(resource->fields, resource->owner));
    for (size_t i = json_object_array_length(fields); i > 0; i--) {
        json_object *name = NULL;
        json_object_object_get_ex(json_object_array_get_idx(fields, i - 1), "name", &name);
        if (text_equal(json_object_get_string(name), owner))
            json_object_array_del_idx(fields, i - 1, 1);
    }
}

/* record NULL: the form for a new one. */
static bool show_form(struct cx *cx, const struct resource *resource,
                      const struct list_result *record, int status)
{
    json_object *data = page_object(cx);
    const char *label = record ? show_label(cx, resource, record, 0) : NULL;
    const char *path = record ? record_path(cx, resource, id_of(record), "") : resource->page;
    bool can_open = record && (resource->operations & OP_GET);
    page_list(data, "actions");
    page_set(data, "subtitle", NULL);
    page_set(data, "action", path);
    page_set(data, "back", can_open ? path : resource->page);
    page_set(data, "submit", cx_printf(cx, "Save %s", resource->one));
    const char *begun =
        form_is_asked_again(cx) ? parameter_get(cx->request.form, "_version") : NULL;
    page_set(data, "version", begun ? begun : record ? record_etag(cx, record) : NULL);
    page_set_bool(data, "asks_again", form_can_ask_again(resource->fields));
    page_set_bool(data, "unsaved", cx->request.method == HTTP_POST);
    page_set_bool(data, "multipart", file_field_is_written(resource));
    bool asks_alike = !record && resource->alike && generic_may(cx, resource, OP_LIST);
    page_set(data, "alike", asks_alike ? arena_printf(cx->arena, "%s/alike", resource->api) : NULL);
    page_set(data, "alike_names", asks_alike ? alike_names(cx, resource) : NULL);
    page_set(data, "alike_page", resource->page);
    json_object *fields = page_form_fields(cx, resource->fields, record, record == NULL);
    json_object_object_add(data, "fields", fields);
    if (record_owner_is_fixed(cx, resource, record == NULL))
        leave_out_owner(fields, resource);
    if (resource->add_to_form && !resource->add_to_form(cx, data, record))
        return false;
    generic_crumbs(cx, data, resource);
    if (can_open)
        page_crumb(data, label, path);
    const char *template = resource->template_form ? resource->template_form : "layout/form";
    const char *title =
        record ? cx_printf(cx, "Edit %s", label) : cx_printf(cx, "New %s", resource->one);
    return page_render(cx, status, template, title, data);
}

/* What people can put right themselves is shown on the form. */
static bool can_correct(const struct cx *cx)
{
    return cx->failure.status == 409 || cx->failure.status == 412 || cx->failure.status == 413 ||
           cx->failure.status == 422;
}

bool generic_new(struct cx *cx)
{
    return show_form(cx, cx->route->about, NULL, 200);
}

/* What was sent along is stored before the record's transaction, and belongs to it within it. */
static bool create_with_files(struct cx *cx, const struct resource *resource,
                              struct list_result *out)
{
    struct file_form form;
    if (!file_field_is_written(resource))
        return record_create(cx, resource, cx->input, out);
    if (!file_form_take(cx, resource, NULL, &form))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return record_create(cx, resource, cx->input, out) &&
           file_form_put(cx, resource, id_of(out), &form) && (db_commit(&cx->db) || fail_db(cx));
}

static bool update_with_files(struct cx *cx, const struct resource *resource, const char *id,
                              struct list_result *out)
{
    struct file_form form;
    if (!file_field_is_written(resource))
        return record_update(cx, resource, id, cx->input, INPUT_MERGE, out);
    if (!record_get_with(cx, resource, id, cx->route->access.needs, out) ||
        !file_form_take(cx, resource, id, &form))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return record_update(cx, resource, id, cx->input, INPUT_MERGE, out) &&
           file_form_put(cx, resource, id, &form) && (db_commit(&cx->db) || fail_db(cx));
}

/* And which one is there that is like it: with the list of those with its value, to be merged. */
static bool say_saved(struct cx *cx, const struct resource *resource,
                      const struct list_result *record, const char *said)
{
    struct alike found[ALIKE_MOST];
    size_t count = 0;
    if (resource->alike && generic_may(cx, resource, OP_LIST) &&
        !alike_find(cx, resource, cx->request.form, id_of(record), found, &count))
        return false;
    if (count == 0) {
        page_notice(cx, "success", said);
        return true;
    }
    const char *name = field_json_name(found[0].field);
    struct buf list;
    buf_init(&list, cx->arena);
    buf_printf(&list, "%s?%s=", resource->page, name);
    text_url(&list, record_value(record, found[0].field->name));
    page_notice_link(cx, "warning",
                     cx_printf(cx, "%s But this may have been there already: %s.", said,
                               found[0].name ? found[0].name : ""),
                     list.data, "Show them");
    return true;
}

bool generic_create(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_result record = {.rows = NULL};
    int scope = db_scope(&cx->db);
    if (form_is_asked_again(cx)) {
        cx->failure = (struct failure){.status = 0};
        return show_form(cx, resource, NULL, 200);
    }
    bool made = cx->failure.status == 0 && create_with_files(cx, resource, &record);
    if (!made && !can_correct(cx))
        return false;
    if (!made) {
        db_rollback_to(&cx->db, scope);
        return show_form(cx, resource, NULL, cx->failure.status);
    }
    const char *said =
        cx_printf(cx, "%s saved.", text_title(cx->arena, cx_text(cx, resource->one)));
    const char *path = resource->operations & OP_GET ? record_path(cx, resource, id_of(&record), "")
                                                     : resource->page;
    if (generic_gives_secret(resource->gives))
        return generic_show_given(cx, resource->gives, said, path);
    return say_saved(cx, resource, &record, generic_say_given(cx, resource->gives, said)) &&
           page_go(cx, path);
}

bool generic_edit(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    struct list_result record;
    return read_record(cx, resource, cx_path(cx, "id"), &record) &&
           show_form(cx, resource, &record, 200);
}

void generic_demand_version(struct cx *cx)
{
    const char *version = parameter_get(cx->request.form, "_version");
    size_t count = 0;
    if (!version || !*version)
        return;
    while (cx->request.environment[count])
        count++;
    char **environment = arena_alloc(cx->arena, (count + 2) * sizeof *environment);
    memcpy(environment + 1, cx->request.environment, count * sizeof *environment);
    environment[0] = arena_printf(cx->arena, "HTTP_IF_MATCH=%s", version);
    cx->request.environment = environment;
}

const char generic_conflict[] = "Somebody else changed this while you were at it. Your entries are "
                                "kept below: saving again replaces the other change.";

static bool update(struct cx *cx, const struct resource *resource, const char *id)
{
    struct list_result record;
    if (cx->failure.status != 0)
        return false;
    generic_demand_version(cx);
    form_take_sides(cx);
    if (update_with_files(cx, resource, id, &record))
        return true;
    if (cx->failure.status == 412)
        cx->failure.message =
            "Somebody else changed this while you were at it. Your entries are kept "
            "below; where they differ from what is stored now, choose which "
            "of the two stays.";
    return false;
}

bool generic_update(struct cx *cx)
{
    const struct resource *resource = cx->route->about;
    const char *id = cx_path(cx, "id");
    struct list_result record;
    int scope = db_scope(&cx->db);
    if (form_is_asked_again(cx)) {
        cx->failure = (struct failure){.status = 0};
        return record_get_named(cx, resource, id, reference_labels_shown(cx, resource), &record) &&
               show_form(cx, resource, &record, 200);
    }
    if (update(cx, resource, id)) {
        page_notice(cx, "success", "Changes saved.");
        return page_go(cx, resource->operations & OP_GET ? record_path(cx, resource, id, "")
                                                         : resource->page);
    }
    if (!can_correct(cx))
        return false;
    int status = cx->failure.status;
    db_rollback_to(&cx->db, scope);
    return read_record(cx, resource, id, &record) && show_form(cx, resource, &record, status);
}
