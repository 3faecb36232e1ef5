/* resend: a form that came too late is not lost. Whose session ended while they
 * typed signs in again beside it and sends the same once more; whose form is of an
 * earlier session is asked, since its token says no more that they meant it. */
#include <string.h>
#include <strings.h>

#include "access/access.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/resource.h"

/* Browsers say where a form was sent from; what another site sends is not kept. */
static bool is_from_here(struct cx *cx)
{
    const char *origin = request_header(&cx->request, "Origin");
    return origin && cx->request.origin_host &&
           text_equal(origin, arena_printf(cx->arena, "%s://%s", cx->request.scheme,
                                           cx->request.origin_host));
}

/* Passwords go into no page; neither do the tokens of the page that is no more. */
static bool is_kept(const struct cx *cx, const struct parameter *it)
{
    const struct field *field = cx->route->body ? field_find_json(cx->route->body, it->name) : NULL;
    bool secret = (field && field->type == SECRET) || strcasestr(it->name, "password") != NULL;
    return !secret && strcmp(it->name, "_csrf") != 0;
}

static size_t add_kept(struct cx *cx, json_object *data)
{
    json_object *list = page_list(data, "kept");
    size_t count = 0;
    for (const struct parameter *it = cx->request.form; it; it = it->next) {
        if (!is_kept(cx, it))
            continue;
        json_object *kept = page_item(list);
        page_set(kept, "name", it->name);
        page_set(kept, "value", it->value);
        count += *it->name != '_';
    }
    return count;
}

/* Which of what was sent has to be given again. */
static const char *missing(struct cx *cx)
{
    for (const struct parameter *it = cx->request.form; it; it = it->next)
        if (strcmp(it->name, "_csrf") != 0 && !is_kept(cx, it) && *it->value)
            return "Passwords are not kept: you will be asked for them again.";
    return cx->request.uploads ? "Files are not kept: choose them again." : NULL;
}

bool resend_offer(struct cx *cx)
{
    bool late = text_equal(cx->failure.code, "not_signed_in");
    bool stale = text_equal(cx->failure.code, "csrf_invalid") && cx->session;
    if (cx->request.method != HTTP_POST || !cx->route || !(cx->route->flags & ROUTE_FORM) ||
        !(late || stale) || !is_from_here(cx))
        return false;
    json_object *data = page_object(cx);
    if (add_kept(cx, data) == 0)
        return false;
    struct failure why = cx->failure;
    page_set_bool(data, "late", late);
    page_set(data, "action", cx->request.path);
    page_set(data, "missing", missing(cx));
    page_set(data, "subtitle", NULL);
    cx->failure.status = 0; /* the page has no fields to correct */
    bool shown = page_render(cx, why.status, "layout/resend",
                             late ? "Your session has ended" : "Send this again?", data);
    cx->failure = why;
    return shown;
}
