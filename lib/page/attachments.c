/* attachments: the files of a record on its page: what there is, a form for one more, and deleting
 * one after asking. */
#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/attachment.h"

enum { PREVIEW_BYTES_MAX = 2 << 20 }; /* larger pictures are not fetched for a glance */

/* What the routes are about. */
static const struct resource *resource_here(const struct cx *cx)
{
    return cx->route->about;
}

static const char *record_path(struct cx *cx)
{
    return arena_printf(cx->arena, "%s/%s", resource_here(cx)->page, cx_path(cx, "id"));
}

/* ---- on the record's page ---- */

/* "1.4 MB, 3 Nov 2026, 14:05, by Nora Blum" */
static const char *attachment_detail(struct cx *cx, const struct attachment *it)
{
    char iso[32];
    int64_t us;
    const char *size = file_size_show(cx->arena, it->file.bytes), *when = "", *who = "";
    if (clock_from_database(it->created_at, iso) && clock_parse(iso, &us))
        when = arena_printf(cx->arena, ", %s", show_instant(cx, us));
    if (it->created_by_name)
        who = cx_printf(cx, ", by %s", it->created_by_name);
    return arena_printf(cx->arena, "%s%s%s", size, when, who);
}

static void add_item(struct cx *cx, json_object *items, const char *path,
                     const struct attachment *it, bool may_change)
{
    json_object *item = page_item(items);
    const char *own = arena_printf(cx->arena, "%s/%s", path, it->file.id);
    page_set(item, "name", it->file.name);
    page_set(item, "detail", attachment_detail(cx, it));
    page_set(item, "href", own);
    bool is_small = text_starts(it->file.type, "image/") && it->file.bytes <= PREVIEW_BYTES_MAX;
    page_set(item, "preview", is_small ? own : NULL);
    page_set(item, "delete", may_change ? arena_printf(cx->arena, "%s/delete", own) : NULL);
}

bool attachments_add(struct cx *cx, json_object *data, const struct resource *resource,
                     const struct list_result *record)
{
    const char *record_id = record_value(record, "id");
    const char *update = arena_printf(cx->arena, "%s:update", resource->permission);
    struct attachment *all = NULL;
    size_t count = 0;
    if (!resource->attachments)
        return true;
    if (!attachment_list(cx, resource, record_id, &all, &count))
        return false;
    bool may_change =
        resource_may(cx, resource, update) && record_is_in_sight(cx, resource, record, update);
    const char *path = arena_printf(cx->arena, "%s/%s/attachments", resource->page, record_id);
    json_object *section = page_add(data, "attachments"), *items = page_list(section, "items");
    for (size_t i = 0; i < count; i++)
        add_item(cx, items, path, &all[i], may_change);
    page_set_bool(section, "none", count == 0);
    page_set(section, "action", may_change ? path : NULL);
    page_set(section, "limit", file_size_show(cx->arena, FILE_BYTES_MAX));
    return true;
}

/* ---- its own addresses ---- */

static bool find_record(struct cx *cx)
{
    struct list_result record;
    return record_get_with(cx, resource_here(cx), cx_path(cx, "id"), cx->route->access.needs,
                           &record);
}

static bool find_attachment(struct cx *cx, struct attachment *out)
{
    return find_record(cx) &&
           attachment_get(cx, resource_here(cx), cx_path(cx, "id"), cx_path(cx, "file"), out);
}

/* What people can put right is said on the record's page. */
static bool go_with_failure(struct cx *cx)
{
    const struct failure failure = cx->failure;
    if (failure.status != 403 && failure.status != 409 && failure.status != 413 &&
        failure.status != 422 && failure.status != 503)
        return false;
    cx->failure = (struct failure){.status = 0};
    page_notice(cx, "danger", failure.details ? failure.details->message : failure.message);
    return page_go(cx, record_path(cx));
}

static bool attachment_submit(struct cx *cx)
{
    struct attachment made = {.created_at = NULL};
    if (!find_record(cx))
        return false;
    if (!attachment_add(cx, resource_here(cx), cx_path(cx, "id"), &made))
        return go_with_failure(cx);
    page_notice(cx, "success", cx_printf(cx, "%s attached.", made.file.name));
    return page_go(cx, record_path(cx));
}

static bool attachment_download(struct cx *cx)
{
    struct attachment attachment = {.created_at = NULL};
    return find_attachment(cx, &attachment) && attachment_answer(cx, &attachment);
}

static bool attachment_delete_ask(struct cx *cx)
{
    struct attachment it = {.created_at = NULL};
    if (!find_attachment(cx, &it))
        return false;
    json_object *data = page_object(cx);
    page_list(data, "actions");
    page_list(data, "items");
    page_list(data, "kept");
    page_set(data, "subtitle", NULL);
    page_set(data, "version", NULL);
    page_set(data, "action", cx->request.path);
    page_set(data, "back", record_path(cx));
    page_set(data, "text", "The file is removed for good. This cannot be undone.");
    page_set_bool(data, "has_items", false);
    page_set(data, "submit", "Delete attachment");
    generic_crumbs(cx, data, resource_here(cx));
    return page_render(cx, 200, "layout/confirm", cx_printf(cx, "Delete %s?", it.file.name), data);
}

static bool attachment_delete_submit(struct cx *cx)
{
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return attachment_delete_ask(cx);
    if (!find_record(cx) ||
        !attachment_delete(cx, resource_here(cx), cx_path(cx, "id"), cx_path(cx, "file")))
        return false;
    page_notice(cx, "success", "Attachment deleted.");
    return page_go(cx, record_path(cx));
}

/* For the life of the process. */
static const char *joined(const char *first, const char *second)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s", first, second);
    return text.data;
}

size_t attachment_pages(const struct resource *resource, struct route *routes)
{
    const char *all = joined(resource->page, "/:id/attachments"), *one = joined(all, "/:file");
    const char *delete = joined(one, "/delete"), *what = resource->title;
    const struct access read = {ACCESS_PERMISSION, resource->scope,
                                joined(resource->permission, ":read")};
    const struct access write = {ACCESS_PERMISSION, resource->scope,
                                 joined(resource->permission, ":update")};
    const struct route made[ATTACHMENT_PAGES] = {
        ROUTE(POST, all, write, attachment_submit, joined(what, ": Attach a file"),
              .answer = ANSWER_PAGE,
              .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_CALLS_OUT | resource->write_flags,
              .body_limit = FILE_BODY_MAX),
        ROUTE(GET, one, read, attachment_download, joined(what, ": Download an attachment"),
              .answer = ANSWER_DOWNLOAD),
        ROUTE(GET, delete, write, attachment_delete_ask,
              joined(what, ": Asks before deleting an attachment"), .answer = ANSWER_PAGE),
        ROUTE(POST, delete, write, attachment_delete_submit,
              joined(what, ": Deletes an attachment"), .answer = ANSWER_PAGE,
              .flags = ROUTE_FORM | ROUTE_LOOSE_BODY | resource->write_flags),
    };
    for (size_t i = 0; i < ATTACHMENT_PAGES; i++) {
        routes[i] = made[i];
        routes[i].about = resource;
        routes[i].flags |= sight_route_flags(resource);
    }
    return ATTACHMENT_PAGES;
}
