/* pages: from a list to its views and back. A view is opened by an address of its own, which leads
 * to the list with the query that it holds: from there on the address says all, and what one looks
 * at or changes there changes no view until it is saved. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/list_address.h"
#include "views.h"

/* The list so, as a draft of the view (NULL: of none). */
static const char *view_address(struct cx *cx, const struct resource *list, const char *query,
                                const char *view_id)
{
    const char *of = view_id ? arena_printf(cx->arena, "view=%s", view_id) : "";
    return arena_printf(cx->arena, "%s?%s%s%s", list->page, query, *query && *of ? "&" : "", of);
}

static bool view_open(struct cx *cx)
{
    int lost;
    struct list_result view;
    struct parameter *query;
    if (!record_get(cx, &views, cx_path(cx, "id"), &view))
        return false;
    const struct resource *list = view_list(record_value(&view, "resource"));
    const char *kept = record_value(&view, "query");
    if (!list || !list_address_read(cx, kept ? kept : "", &query))
        return fail(cx, 404, "not_found", "The list of this view is no more.");
    query = list_address_prune(cx, list, query, &lost);
    if (cx->failure.status)
        return false;
    if (lost > 0)
        page_notice(cx, "warning",
                    "This view names fields that are no more, or that you may not "
                    "see: it is shown without them.");
    return page_go(cx,
                   view_address(cx, list, list_address_write(cx->arena, query), cx_path(cx, "id")));
}

/* Back to the list with what is wrong, in words. */
static bool view_refused(struct cx *cx, const struct resource *list, const char *query,
                         const char *view_id)
{
    if (cx->failure.status >= 500 || !list)
        return false;
    const struct failure_detail *detail = cx->failure.details;
    page_notice(cx, "danger", detail ? detail->message : cx->failure.message);
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, view_address(cx, list, query, view_id));
}

static const char *view_sent_query(struct cx *cx)
{
    struct parameter *query;
    const char *sent = parameter_get(cx->request.form, "query");
    return sent && list_address_read(cx, sent, &query) ? list_address_write(cx->arena, query) : "";
}

static bool view_keep(struct cx *cx)
{
    struct list_result made;
    const char *query = view_sent_query(cx);
    const struct resource *list = view_list(parameter_get(cx->request.form, "resource"));
    int scope = db_scope(&cx->db);
    if (cx->failure.status || !record_create(cx, &views, cx->input, &made)) {
        db_rollback_to(&cx->db, scope);
        return view_refused(cx, list, query, parameter_get(cx->request.form, "_view"));
    }
    page_notice(cx, "success", "View saved.");
    return page_go(cx, view_address(cx, list, query, record_value(&made, "id")));
}

static bool view_keep_changes(struct cx *cx)
{
    struct list_result view;
    const char *id = cx_path(cx, "id"), *query = view_sent_query(cx);
    int scope = db_scope(&cx->db);
    if (!record_get(cx, &views, id, &view))
        return false;
    const struct resource *list = view_list(record_value(&view, "resource"));
    if (cx->failure.status || !record_update(cx, &views, id, cx->input, INPUT_MERGE, &view)) {
        db_rollback_to(&cx->db, scope);
        return view_refused(cx, list, query, id);
    }
    page_notice(cx, "success", "View saved.");
    return page_go(cx, view_address(cx, list, query, id));
}

/* The forms beside a list. */
static const struct field kept_fields[] = {
    {"name", TEXT, REQUIRED, 1, 80},
    {"resource", TEXT, REQUIRED, 3, 100},
    {"query", TEXT, HIDDEN, 0, 4000, .initial = ""},
    {"shared", BOOL, 0, .initial = "false", .changed_with = VIEW_SHARE},
    {"default_role", TEXT, NULLABLE, 2, 49, .changed_with = VIEW_SHARE},
    {"owner_id", UUID, READ_ONLY | NULLABLE, .label = "Owner"},
    {.type = FIELD_END}};

const struct route view_pages[] = {
    ROUTE(GET, "/views/:id/open", SIGNED_IN(TENANT), view_open, "Open a list as a saved view says.",
          .answer = ANSWER_PAGE),
    ROUTE(POST, "/views/keep", SIGNED_IN(TENANT), view_keep, "Save what a list shows as a view.",
          .body = kept_fields, .answer = ANSWER_PAGE, .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(POST, "/views/:id/keep", SIGNED_IN(TENANT), view_keep_changes,
          "Save what a list shows in its view.", .body = kept_fields, .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_MERGE),
    {.path = NULL},
};
