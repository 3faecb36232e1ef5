/* generic: the routes of a resource's pages, and what those pages share. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/action.h"
#include "resource/board.h"
#include "resource/file_field.h"
#include "resource/part.h"
#include "resource/resource.h"

static const struct page_row {
    unsigned operations; /* any of these */
    enum http_method method;
    const char *path, *action, *summary;
    handler *handle;
    bool fields;
    unsigned flags;
} pages[] = {
    {OP_LIST, HTTP_GET, "", "read", "List page", generic_list, false, ROUTE_LIST_QUERY},
    {OP_EXPORT, HTTP_GET, "/export.csv", "export", "The list as CSV", generic_export, false,
     ROUTE_LIST_QUERY},
    {OP_EXPORT, HTTP_GET, "/export.xlsx", "export", "The list as a workbook", generic_export_sheet,
     false, ROUTE_LIST_QUERY},
    {OP_CREATE, HTTP_GET, "/new", "create", "Form for a new one", generic_new, false, 0},
    {OP_CREATE, HTTP_POST, "", "create", "Saves a new one", generic_create, true,
     ROUTE_FORM | ROUTE_SHOWS_ERRORS},
    {OP_DELETE, HTTP_POST, "/bulk-delete", "delete", "Deletes those ticked, after asking",
     generic_bulk_delete, false, ROUTE_FORM | ROUTE_LOOSE_BODY},
    {OP_MERGE, HTTP_POST, "/bulk-update", "update", "New values for those ticked",
     generic_bulk_update, false, ROUTE_FORM | ROUTE_LOOSE_BODY},
    {OP_GET, HTTP_GET, "/:id", "read", "Detail page", generic_detail, false, 0},
    {OP_MERGE | OP_REPLACE, HTTP_GET, "/:id/edit", "update", "Form to change it", generic_edit,
     false, 0},
    {OP_MERGE | OP_REPLACE, HTTP_POST, "/:id", "update", "Saves the change", generic_update, true,
     ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_MERGE},
    {OP_DELETE, HTTP_GET, "/:id/delete", "delete", "Asks before deleting", generic_delete_ask,
     false, 0},
    {OP_DELETE, HTTP_POST, "/:id/delete", "delete", "Deletes it", generic_delete, false,
     ROUTE_FORM | ROUTE_LOOSE_BODY},
};

static const char *kept(const char *first, const char *between, const char *last)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s%s", first, between, last);
    return text.data;
}

static const char *permission_of(const struct resource *resource, const char *action)
{
    return resource->personal ? NULL : kept(resource->permission, ":", action);
}

static struct route action_page(const struct resource *resource, const struct action *action,
                                enum http_method method, const char *path, handler *handle)
{
    bool submits = method == HTTP_POST;
    return (struct route){
        .method = method,
        .path = kept(resource->page, path, action->name),
        .access = resource_access(resource, action_needs(resource, action)),
        .handle = handle,
        .summary = action->summary,
        .body = submits ? action->takes : NULL,
        .answer = ANSWER_PAGE,
        .flags = action_route_flags(action) | sight_route_flags(resource) |
                 (submits ? ROUTE_FORM | ROUTE_SHOWS_ERRORS : 0),
        .about = resource,
        .action = action,
    };
}

/* Those of one action: asking, doing, doing with many. */
static size_t add_action_pages(const struct resource *resource, const struct action *action,
                               struct route *made)
{
    size_t count = 0;
    const char *path = action->flags & ACTION_ON_LIST ? "/" : "/:id/";
    if (action->flags & ACTION_NO_PAGE)
        return 0;
    made[count++] = action_page(resource, action, HTTP_GET, path, generic_action_ask);
    made[count++] = action_page(resource, action, HTTP_POST, path, generic_action);
    if (action->flags & ACTION_MANY)
        made[count++] = action_page(resource, action, HTTP_POST, "/bulk-", generic_bulk_action);
    return count;
}

/* Those of the rows that belong to a record; rows with an order stand in its own form. */
static size_t part_routes(const struct resource *part, struct route *made)
{
    static const struct {
        unsigned operation;
        enum http_method method;
        const char *path, *summary; /* the path behind that of one; NULL: of all */
        handler *handle;
        unsigned flags;
    } rows[] = {
        {OP_CREATE, HTTP_POST, NULL, "Adds one", part_append, ROUTE_FORM | ROUTE_SHOWS_ERRORS},
        {OP_MERGE, HTTP_GET, "/edit", "Form to change one", part_edit, 0},
        {OP_MERGE, HTTP_POST, "", "Saves the change of one", part_save,
         ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_MERGE},
        {OP_DELETE, HTTP_GET, "/delete", "Asks before deleting one", part_delete_ask, 0},
        {OP_DELETE, HTTP_POST, "/delete", "Deletes one", part_delete_done,
         ROUTE_FORM | ROUTE_LOOSE_BODY},
    };
    size_t count = 0;
    if (!part->parent->page || part_is_ordered(part))
        return 0;
    const char *all = kept(part->parent->page, "/:id", strrchr(part->api, '/'));
    const char *one = kept(all, "/:", part_variable(part));
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!(part->operations & rows[i].operation))
            continue;
        bool saves = (rows[i].flags & ROUTE_SHOWS_ERRORS) != 0;
        made[count++] = (struct route){
            .method = rows[i].method,
            .path = rows[i].path ? kept(one, "", rows[i].path) : all,
            .access = {ACCESS_PERMISSION, part->scope, kept(part->permission, ":", "update")},
            .handle = rows[i].handle,
            .summary = kept(part->title, ": ", rows[i].summary),
            .body = saves ? part->fields : NULL,
            .answer = ANSWER_PAGE,
            .flags = rows[i].flags | sight_route_flags(part->parent),
            .about = part,
        };
    }
    return count;
}

static size_t board_pages(const struct resource *resource, struct route *made)
{
    if (!resource->board)
        return 0;
    made[0] = (struct route){
        .method = HTTP_GET,
        .path = kept(resource->page, "/board", ""),
        .access = resource_access(resource, permission_of(resource, "read")),
        .handle = generic_board,
        .summary = kept(resource->title, ": ", "The board"),
        .answer = ANSWER_PAGE,
        .flags = ROUTE_LIST_QUERY | sight_route_flags(resource),
        .about = resource,
    };
    return 1;
}

static size_t merge_pages(const struct resource *resource, struct route *made)
{
    if (!resource->merges)
        return 0;
    made[0] = (struct route){
        .method = HTTP_POST,
        .path = kept(resource->page, "/bulk-merge", ""),
        .access = resource_access(resource, permission_of(resource, "delete")),
        .handle = generic_bulk_merge,
        .summary = kept(resource->title, ": ", "Merges those ticked, after asking"),
        .answer = ANSWER_PAGE,
        .flags = ROUTE_FORM | ROUTE_LOOSE_BODY | sight_route_flags(resource),
        .about = resource,
    };
    return 1;
}

size_t page_routes(const struct resource *resource, const struct route **routes)
{
    struct route *made =
        calloc(COUNT(pages) + 2 + 3 * ACTIONS_MAX + ATTACHMENT_PAGES, sizeof *made);
    size_t count = 0;
    if (!made)
        log_out_of_memory();
    *routes = made;
    if (resource->parent)
        return part_routes(resource, made);
    for (size_t i = 0; i < COUNT(pages); i++) {
        const struct page_row *row = &pages[i];
        if (!(resource->operations & row->operations))
            continue;
        made[count++] = (struct route){
            .method = row->method,
            .path = kept(resource->page, row->path, ""),
            .access = resource_access(resource, permission_of(resource, row->action)),
            .handle = row->handle,
            .summary = kept(resource->title, ": ", row->summary),
            .body = row->fields ? resource->fields : NULL,
            .answer = row->operations == OP_EXPORT ? ANSWER_DOWNLOAD : ANSWER_PAGE,
            .flags = row->flags | sight_route_flags(resource) |
                     (row->operations & (OP_LIST | OP_GET | OP_EXPORT) ? 0 : resource->write_flags),
            .about = resource,
        };
        if (row->fields && file_field_is_written(resource)) {
            made[count - 1].flags |= ROUTE_UPLOAD | ROUTE_CALLS_OUT;
            made[count - 1].body_limit = FILE_BODY_MAX * FILE_FIELDS_MAX;
        }
    }
    for (int i = 0; i < ACTIONS_MAX && resource->actions && resource->actions[i]; i++)
        count += add_action_pages(resource, resource->actions[i], made + count);
    count += board_pages(resource, made + count);
    count += merge_pages(resource, made + count);
    if (resource->attachments)
        count += attachment_pages(resource, made + count);
    return count;
}

static const char *action_of(unsigned operation)
{
    switch (operation) {
    case OP_CREATE:
        return "create";
    case OP_REPLACE:
    case OP_MERGE:
        return "update";
    case OP_DELETE:
        return "delete";
    case OP_EXPORT:
        return "export";
    default:
        return "read";
    }
}

bool generic_may(struct cx *cx, const struct resource *resource, unsigned operation)
{
    bool update = operation == OP_MERGE || operation == OP_REPLACE;
    unsigned offered = resource->operations & (update ? OP_MERGE | OP_REPLACE : operation);
    return offered && resource_may(cx, resource,
                                   arena_printf(cx->arena, "%s:%s", resource->permission,
                                                action_of(operation)));
}

void generic_crumbs(struct cx *cx, json_object *data, const struct resource *resource)
{
    const char *home = frame_home(cx);
    if (strcmp(home, resource->page) != 0)
        page_crumb(data, "Overview", home);
    if (strcmp(cx->request.path, resource->page) != 0 || cx->request.method == HTTP_POST)
        page_crumb(data, resource->title, resource->page);
}
