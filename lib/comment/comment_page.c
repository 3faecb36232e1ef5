/* comment_page: writing comments by the page of their record. */
#include <string.h>

#include "base/text.h"
#include "comment/comment.h"
#include "comment/comment_parts.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page.h"
#include "page/page_parts.h"
#include "resource/internal.h"

static const char *record_path(struct cx *cx)
{
    return arena_printf(cx->arena, "%s/%s", comment_resource(cx)->page, cx_path(cx, "id"));
}

static bool go_back(struct cx *cx, const char *said, const char *unseen)
{
    page_notice(cx, "success",
                *unseen ? cx_printf(cx, "Not told, since they may not see this: %s.", unseen)
                        : said);
    return page_go(cx, record_path(cx));
}

/* What is refused is said on the record's page, with what was typed. */
static bool page_comment_add(struct cx *cx)
{
    const char *id, *unseen;
    const struct failure refused = cx->failure;
    struct list_result record;
    cx->failure = (struct failure){.status = 0}; /* whose record it is not is told nothing else */
    if (!comment_find_record(cx, &record))
        return false;
    cx->failure = refused;
    if (cx->failure.status == 0 && comment_add(cx, &id, &unseen))
        return go_back(cx, "Comment added.", unseen);
    return cx->failure.status == 422 &&
           generic_detail_of(cx, comment_resource(cx), cx_path(cx, "id"), 422);
}

static bool show_form(struct cx *cx, int status)
{
    const struct failure refused = cx->failure;
    cx->failure = (struct failure){.status = 0};
    const struct rows *rows = comment_find_own(cx, false);
    if (!rows)
        return false;
    cx->failure = refused;
    json_object *data = page_object(cx),
                *fields = page_form_fields(cx, timeline_comment_form, NULL, true);
    if (cx->request.method != HTTP_POST)
        page_set(json_object_array_get_idx(fields, 0), "value", comment_text(rows));
    page_list(data, "actions");
    page_set(data, "subtitle", NULL);
    page_set(data, "action",
             arena_printf(cx->arena, "%s/comments/%s", record_path(cx), cx_path(cx, "commentId")));
    page_set(data, "back", record_path(cx));
    page_set(data, "submit", "Save comment");
    page_set(data, "version", NULL);
    page_set_bool(data, "unsaved", false);
    page_set_bool(data, "multipart", false);
    page_set_bool(data, "any_rows", false);
    json_object_object_add(data, "fields", fields);
    generic_crumbs(cx, data, comment_resource(cx));
    return page_render(cx, status, "layout/form", "Edit comment", data);
}

static bool page_comment_edit(struct cx *cx)
{
    return show_form(cx, 200);
}

static bool page_comment_save(struct cx *cx)
{
    const char *unseen;
    if (cx->failure.status == 0 && comment_change(cx, &unseen))
        return go_back(cx, "Changes saved.", unseen);
    return cx->failure.status == 422 && show_form(cx, 422);
}

static bool page_comment_delete_ask(struct cx *cx)
{
    if (!comment_find_own(cx, true))
        return false;
    json_object *data = generic_ask(cx, comment_resource(cx), cx->request.path, record_path(cx));
    page_set(data, "submit", "Delete comment");
    return page_render(cx, 200, "layout/confirm", "Delete this comment?", data);
}

static bool page_comment_delete(struct cx *cx)
{
    if (!text_equal(parameter_get(cx->request.form, "confirm"), "yes"))
        return page_comment_delete_ask(cx);
    return comment_remove(cx) && go_back(cx, "Comment deleted.", "");
}

size_t comment_pages(const struct resource *resource, struct route *routes)
{
    const char *all = engine_text("%s/:id/comments", resource->page);
    const char *one = engine_text("%s/:commentId", all), *what = resource->title;
    const char *delete = engine_text("%s/delete", one);
    const struct access read =
        resource_access(resource, engine_text("%s:read", resource->permission));
    const struct route made[COMMENT_PAGES] = {
        ROUTE(POST, all, read, page_comment_add, engine_text("%s: Comments on one", what),
              .answer = ANSWER_PAGE, .body = timeline_comment_form,
              .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
        ROUTE(GET, engine_text("%s/edit", one), read, page_comment_edit,
              engine_text("%s: Form to change a comment", what), .answer = ANSWER_PAGE),
        ROUTE(POST, one, read, page_comment_save, engine_text("%s: Saves a comment", what),
              .answer = ANSWER_PAGE, .body = timeline_comment_form,
              .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
        ROUTE(GET, delete, read, page_comment_delete_ask,
              engine_text("%s: Asks before deleting a comment", what), .answer = ANSWER_PAGE),
        ROUTE(POST, delete, read, page_comment_delete, engine_text("%s: Deletes a comment", what),
              .answer = ANSWER_PAGE, .flags = ROUTE_FORM | ROUTE_LOOSE_BODY),
    };
    memcpy(routes, made, sizeof made);
    return COMMENT_PAGES;
}
