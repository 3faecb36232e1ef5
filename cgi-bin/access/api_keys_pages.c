/* api_keys_pages: what the generic pages of the keys lack: a new one. */
#include <string.h>

#include "access/session.h"
#include "area.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"

/* ---- a new one: ticks for what one has oneself ---- */

struct ticks {
    struct cx *cx;
    json_object *areas, *permissions;
    const char *area;
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
    (void)title;
    if (!areas_may(ticks->cx, name))
        return;
    if (!text_equal(area, ticks->area)) {
        json_object *item = page_item(ticks->areas);
        page_set(item, "area", area);
        ticks->permissions = page_list(item, "permissions");
        ticks->area = area;
    }
    json_object *item = page_item(ticks->permissions);
    const char *grant = permission_with_sight(ticks->cx->arena, name, sight_of(ticks->cx, name));
    page_set(item, "name", grant);
    page_set_bool(item, "on", is_ticked(ticks->cx, grant));
}

static const char *permissions_error(const struct cx *cx)
{
    for (const struct failure_detail *it = cx->failure.details; it; it = it->next)
        if (text_starts(it->field, "permissions"))
            return it->message;
    return NULL;
}

static bool show_form(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    struct ticks ticks = {.cx = cx, .areas = page_list(data, "areas")};
    areas_permissions(add_tick, &ticks);
    page_set(data, "action", api_keys.page);
    page_set(data, "back", api_keys.page);
    page_set(data, "submit", "Make the key");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set_bool(data, "multipart", false);
    page_set(data, "permissions_error", permissions_error(cx));
    json_object_object_add(data, "fields", page_form_fields(cx, api_key_body_fields, NULL, true));
    page_crumb(data, api_keys.title, api_keys.page);
    return page_render(cx, status, "access/api_key_form", "New API key", data);
}

static bool new_page(struct cx *cx)
{
    return show_form(cx, 200);
}

static bool create_page(struct cx *cx)
{
    const char *id, *key;
    if (cx->failure.status != 0 || !api_key_create(cx, &id, &key))
        return cx->failure.status == 422 ? show_form(cx, 422) : false;
    json_object *data = page_object(cx);
    page_set(data, "key", key);
    page_set(data, "name", input_text(cx, "name"));
    page_set(data, "path", arena_printf(cx->arena, "%s/%s", api_keys.page, id));
    page_crumb(data, api_keys.title, api_keys.page);
    return page_render(cx, 200, "access/api_key_made", "Your new API key", data);
}

const struct route api_key_pages[] = {
    ROUTE(POST, "/admin/api-keys", MAY(TENANT, "access.api_keys:create"), create_page,
          "Make an API key and show it once.", .answer = ANSWER_PAGE, .body = api_key_body_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_IN_PERSON | ROUTE_STEP_UP),
    ROUTE(GET, "/admin/api-keys/new", MAY(TENANT, "access.api_keys:create"), new_page,
          "Form for a new API key.", .answer = ANSWER_PAGE,
          .flags = ROUTE_IN_PERSON | ROUTE_STEP_UP),
    {.path = NULL},
};
