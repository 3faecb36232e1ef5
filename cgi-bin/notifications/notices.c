/* notices: the notifications of the one signed in, and of nobody else. */
#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "notifications.h"
#include "page/page.h"
#include "page/unread.h"
#include "resource/paged.h"
#include "resource/resource.h"

#define NOTICES                                                                                    \
    "from notifications\n"                                                                         \
    "where tenant_id = $1::uuid and user_id = $2::uuid\n"                                          \
    "and (not $3::bool or read_at is null)"

STATEMENT(notices_list,
          "select id, type, title, body, link, read_at, created_at\n" NOTICES "\n"
          "and ($4::uuid is null or id < $4::uuid)\n"
          "order by id desc\n"
          "limit $5::int offset $6::int",
          0);
STATEMENT(notices_count, PAGED_COUNT(NOTICES), 0);

STATEMENT(notices_read,
          "update notifications\n"
          "set read_at = coalesce(read_at, clock_timestamp())\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and id = $3::uuid\n"
          "returning link",
          DB_WRITES);

STATEMENT(notices_read_all,
          "update notifications\n"
          "set read_at = clock_timestamp()\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and read_at is null",
          DB_WRITES);

static const struct field notice_fields[] = {{"id", UUID},
                                             {"type", TEXT},
                                             {"title", TEXT},
                                             {"body", TEXT, NULLABLE},
                                             {"link", TEXT, NULLABLE},
                                             {"read_at", TIME, NULLABLE},
                                             {"created_at", TIME},
                                             {.type = FIELD_END}};
static const struct field unread_fields[] = {{"unread", INT}, {.type = FIELD_END}};

enum { ID, TYPE, TITLE, BODY, LINK, READ_AT, CREATED_AT };

static const struct paged notices = {&notices_list, &notices_count, notice_fields};

static const char *const *whose(struct cx *cx)
{
    const char *unread = query_text(cx, "unread"), **all = arena_alloc(cx->arena, 3 * sizeof *all);
    all[0] = cx->session->tenant_id;
    all[1] = cx->session->user_id;
    all[2] = unread ? unread : "false";
    return all;
}

static bool list_api(struct cx *cx)
{
    return respond_paged(cx, &notices, whose(cx), 3);
}

static bool mark(struct cx *cx, const char **link)
{
    const char *id = cx_path(cx, "id");
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &notices_read, cx->session->tenant_id,
                                             cx->session->user_id, id)
                                    : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such notification.");
    *link = rows_text(rows, 0, 0);
    return true;
}

static bool mark_all(struct cx *cx)
{
    return db_get(&cx->db, &notices_read_all, cx->session->tenant_id, cx->session->user_id) ||
           fail_db(cx);
}

static bool answer_unread(struct cx *cx)
{
    int64_t unread = notify_unread(cx);
    if (unread < 0)
        return fail(cx, 503, "unavailable", "The database does not answer; try again.");
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_int(json, "unread", unread);
    json_close_object(json);
    return respond_end(cx);
}

static bool read_api(struct cx *cx)
{
    const char *link = NULL;
    return mark(cx, &link) && answer_unread(cx);
}

static bool read_all_api(struct cx *cx)
{
    return mark_all(cx) && answer_unread(cx);
}

/* ---- pages ---- */

static void add_notice(struct cx *cx, json_object *item, const struct rows *rows, size_t row)
{
    char text[32];
    int64_t us;
    page_set(item, "id", rows_text(rows, row, ID));
    page_set(item, "title", rows_text(rows, row, TITLE));
    page_set(item, "body", rows_text(rows, row, BODY));
    page_set(item, "link", rows_text(rows, row, LINK));
    page_set_bool(item, "unread", rows_text(rows, row, READ_AT) == NULL);
    if (clock_from_database(rows_text(rows, row, CREATED_AT), text) && clock_parse(text, &us))
        page_set(item, "when", show_instant(cx, us));
}

static void add_empty(json_object *data)
{
    json_object *empty = page_add(data, "empty");
    page_set(empty, "icon", "bell");
    page_set(empty, "title", "Nothing to tell you");
    page_set(empty, "text", "What concerns you will stand here and at the bell.");
    page_set(empty, "action", NULL);
}

static bool list_page(struct cx *cx)
{
    enum { ON_A_PAGE = 30 };
    struct paged_rows page;
    if (!paged_run(cx, &notices, whose(cx), 3, ON_A_PAGE, &page))
        return false;
    bool any_unread = false;
    json_object *data = page_object(cx), *items = page_list(data, "notices");
    for (size_t i = 0; i < page.count; i++) {
        add_notice(cx, page_item(items), page.rows, i);
        any_unread = any_unread || rows_text(page.rows, i, READ_AT) == NULL;
    }
    page_set_bool(data, "any", page.count > 0);
    page_set_bool(data, "any_unread", any_unread);
    page_set(data, "older",
             page.next_cursor ? arena_printf(cx->arena, "/notifications?after=%s", page.next_cursor)
                              : NULL);
    if (page.count == 0)
        add_empty(data);
    page_action(data, "Preferences", "/notifications/preferences", "settings");
    return page_render(cx, 200, "notifications/list", "Notifications", data);
}

/* To where the notification leads; it counts as read then. */
static bool open_page(struct cx *cx)
{
    const char *link = NULL;
    return mark(cx, &link) && page_go(cx, link ? link : "/notifications");
}

static bool read_all_page(struct cx *cx)
{
    return mark_all(cx) && page_go(cx, "/notifications");
}

#define UNREAD                                                                                     \
    {                                                                                              \
        "unread", BOOL, 0, .help = "Only those not read yet."                                      \
    }

const struct route notice_routes[] = {
    ROUTE(GET, "/api/notifications", SIGNED_IN(TENANT), list_api,
          "One's own notifications, newest first.", .operation = "listMyNotifications",
          .answer_name = "notification", .answer = ANSWER_LIST, .answer_fields = notice_fields,
          .query = FIELDS(UNREAD, PAGED_QUERY)),
    ROUTE(POST, "/api/notifications/read-all", SIGNED_IN(TENANT), read_all_api,
          "Mark all one's notifications as read.", .operation = "markAllNotificationsRead",
          .answer_name = "unread count", .answer_fields = unread_fields),
    ROUTE(POST, "/api/notifications/:id/read", SIGNED_IN(TENANT), read_api,
          "Mark one of one's notifications as read.", .operation = "markNotificationRead",
          .answer_name = "unread count", .answer_fields = unread_fields),
    ROUTE(GET, "/notifications", SIGNED_IN(TENANT), list_page, "One's own notifications.",
          .answer = ANSWER_PAGE, .query = FIELDS(UNREAD, {"after", TEXT, 0, 1, 2000})),
    ROUTE(POST, "/notifications/read-all", SIGNED_IN(TENANT), read_all_page,
          "Mark all one's notifications as read.", .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    ROUTE(POST, "/notifications/:id/open", SIGNED_IN(TENANT), open_page,
          "Mark a notification as read, and go where it leads.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM),
    {.path = NULL},
};
