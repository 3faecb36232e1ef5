/* search: everything that one may open, by name; the page of it, and its results
 * alone for the palette (static/palette.js). */
#include "base/text.h"
#include "console.h"
#include "http/cx.h"
#include "page/page.h"
#include "page/template.h"

static const char found[] = "console/found";

static bool is_palette(const struct cx *cx)
{
    return text_equal(request_header(&cx->request, "X-Part"), "found");
}

static bool search(struct cx *cx)
{
    const char *typed = parameter_get(cx->request.query, "q");
    const char *query = text_trim(cx->arena, typed ? typed : "");
    json_object *data = page_object(cx);
    page_set(data, "q", query);
    page_set_bool(data, "asked", *query != 0);
    page_set_bool(data, "short", *query && text_count(query) < 3);
    if (!page_find(cx, query, data))
        return false;
    response_header_set(cx, "Vary", "X-Part");
    if (!is_palette(cx))
        return page_render(cx, 200, "console/search", "Search", data);
    page_set(page_add(data, "frame"), "version", static_version());
    return page_fill(found, data, false, &cx->response.body)
               ? respond_html(cx, 200)
               : fail(cx, 500, "internal", "Something went wrong on our side.");
}

const struct route search_routes[] = {
    ROUTE(GET, "/search", SIGNED_IN(EITHER), search,
          "Pages and records that one may open, by what they are called.", .answer = ANSWER_PAGE,
          .query = FIELDS({"q", TEXT, 0, 0, 200, .label = "Search for"})),
    {.path = NULL},
};
