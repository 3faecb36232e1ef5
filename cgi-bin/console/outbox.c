/* outbox: the messages that became files because there is no mail server.
 *
 * They hold links that open accounts, of any tenant. So to read them is a right of
 * its own, which nobody has who may merely read everything, and of people alone. */
#include <string.h>

#include "access/tenant.h"
#include "base/clock.h"
#include "console.h"
#include "http/cx.h"
#include "mail/folder.h"
#include "mail/mail.h"
#include "page/page.h"

enum { ON_A_PAGE = 30 };

static const char *member(json_object *message, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(message, key, &value);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static const char *when(struct cx *cx, json_object *message)
{
    int64_t us;
    return clock_parse(member(message, "date"), &us) ? show_instant(cx, us) : NULL;
}

static const char *person(struct cx *cx, json_object *message, const char *name, const char *email)
{
    return *member(message, name)
               ? arena_printf(cx->arena, "%s <%s>", member(message, name), member(message, email))
               : member(message, email);
}

static void add_message(struct cx *cx, json_object *item, const char *id, json_object *message)
{
    page_set(item, "path", arena_printf(cx->arena, "/platform/mail/%s", id));
    page_set(item, "to", member(message, "to"));
    page_set(item, "subject", member(message, "subject"));
    page_set(item, "when", when(cx, message));
}

static void add_empty(json_object *data)
{
    json_object *empty = page_add(data, "empty");
    bool server = mail_has_server();
    page_set(empty, "icon", "mail");
    page_set(empty, "title", server ? "Mail goes to the server" : "No message yet");
    page_set(empty, "text",
             server ? "What waits to be sent, or could not be, stands in the queue \"email\"."
                    : "There is no mail server (TULOU_SMTP_URL): messages are kept here instead, "
                      "the newest 500.");
    json_object *action = server ? page_add(empty, "action") : NULL;
    if (server) {
        page_set(action, "title", "Jobs");
        page_set(action, "path", "/platform/jobs?queue=email");
        page_set(action, "icon", "stack-2");
    } else {
        page_set(empty, "action", NULL);
    }
}

/* Ids sort by time, newest first; those removed meanwhile are passed over. */
static bool list_page(struct cx *cx)
{
    size_t count, at = 0, shown = 0;
    const char *before = query_text(cx, "before");
    char **ids = folder_list(cx->arena, &count);
    json_object *data = page_object(cx), *items = page_list(data, "messages");
    while (at < count && before && strcmp(ids[at], before) >= 0)
        at++;
    for (; at < count && shown < ON_A_PAGE; at++) {
        json_object *message = folder_get(cx->arena, ids[at]);
        if (message)
            add_message(cx, page_item(items), ids[at], message);
        shown += message != NULL;
    }
    page_set_bool(data, "any", shown > 0);
    page_set(data, "older",
             at < count && shown > 0
                 ? arena_printf(cx->arena, "/platform/mail?before=%s", ids[at - 1])
                 : NULL);
    if (shown == 0)
        add_empty(data);
    return page_render(cx, 200, "console/outbox", "Mail", data);
}

static bool message_page(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    json_object *message = folder_get(cx->arena, id);
    if (!message)
        return fail(cx, 404, "not_found", "There is no such message.");
    json_object *data = page_object(cx);
    page_set(data, "from", person(cx, message, "fromName", "from"));
    page_set(data, "to", person(cx, message, "toName", "to"));
    page_set(data, "when", when(cx, message));
    page_set(data, "text", member(message, "text"));
    page_crumb(data, "Mail", "/platform/mail");
    page_set_bool(page_action(data, "Download",
                              arena_printf(cx->arena, "/platform/mail/%s/message", id), "download"),
                  "download", true);
    return page_render(cx, 200, "console/message", member(message, "subject"), data);
}

/* As it would have been sent, for a mail program to show. */
static bool message_file(struct cx *cx)
{
    size_t len;
    const char *id = cx_path(cx, "id");
    const char *message = folder_get_message(cx->arena, id, &len);
    if (!message)
        return fail(cx, 404, "not_found", "There is no such message.");
    buf_add(&cx->response.body, message, len);
    return respond_file(cx, "message/rfc822", arena_printf(cx->arena, "%s.eml", id));
}

#define MAY_OPEN MAY(PLATFORM, "platform.mail:open")

const struct route outbox_routes[] = {
    ROUTE(GET, "/platform/mail", MAY_OPEN, list_page, "Messages kept for want of a mail server.",
          .answer = ANSWER_PAGE, .query = FIELDS({"before", UUID, 0}), .flags = ROUTE_IN_PERSON),
    ROUTE(GET, "/platform/mail/:id", MAY_OPEN, message_page, "One of them.", .answer = ANSWER_PAGE,
          .flags = ROUTE_IN_PERSON),
    ROUTE(GET, "/platform/mail/:id/message", MAY_OPEN, message_file, "One of them as a file.",
          .answer = ANSWER_DOWNLOAD, .flags = ROUTE_IN_PERSON),
    {.path = NULL},
};
