/* api_keys_pages: what the form of a new key shows: ticks for what one has oneself. */
#include <string.h>

#include "access/session.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/permission_words.h"

struct ticks {
    struct cx *cx;
    json_object *subjects, *permissions;
    const char *subject;
};

static bool is_ticked(const struct cx *cx, const char *permission)
{
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "permissions") == 0 && strcmp(it->value, permission) == 0)
            return true;
    return false;
}

static void add_tick(void *arg, const char *name, const char *title, const char *area)
{
    struct ticks *ticks = arg;
    (void)area;
    if (!areas_may(ticks->cx, name))
        return;
    const struct permission_words words = permission_words(ticks->cx, name, title);
    if (!text_equal(words.subject, ticks->subject)) {
        json_object *item = page_item(ticks->subjects);
        page_set(item, "subject", words.subject);
        page_set_int(item, "number", (int64_t)json_object_array_length(ticks->subjects));
        ticks->permissions = page_list(item, "permissions");
        ticks->subject = words.subject;
    }
    json_object *item = page_item(ticks->permissions);
    const char *grant = permission_with_sight(ticks->cx->arena, name, sight_of(ticks->cx, name));
    page_set(item, "name", grant);
    page_set(item, "permission", name);
    page_set(item, "action", words.action);
    page_set_bool(item, "reads", text_ends(name, ":read"));
    page_set_bool(item, "on", is_ticked(ticks->cx, grant));
}

static const char *permissions_error(const struct cx *cx)
{
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        if (text_starts(it->field, "permissions"))
            return it->message;
    return NULL;
}

/* Ticks stand in the place of a list that one types. */
static void leave_out(json_object *fields, const char *name)
{
    for (size_t i = json_object_array_length(fields); i > 0; i--) {
        json_object *found = NULL;
        json_object_object_get_ex(json_object_array_get_idx(fields, i - 1), "name", &found);
        if (text_equal(json_object_get_string(found), name))
            json_object_array_del_idx(fields, i - 1, 1);
    }
}

bool api_key_add_to_form(struct cx *cx, json_object *data, const struct list_result *record)
{
    (void)record; /* it is made by this form, and never changed */
    struct ticks ticks = {.cx = cx, .subjects = page_list(data, "subjects")};
    areas_permissions(add_tick, &ticks);
    permission_rows_order(ticks.subjects, "permissions");
    page_set(data, "permissions_error", permissions_error(cx));
    leave_out(json_object_object_get(data, "fields"), "permissions");
    return true;
}
