/* notices: the notifications of the one signed in, and of nobody else. */
#include "access/session.h"
#include "http/cx.h"
#include "notifications.h"
#include "page/page.h"
#include "resource/action.h"
#include "resource/resource.h"

STATEMENT(notice_mark,
          "update notifications\n"
          "set read_at = case when $2::bool then coalesce(read_at, clock_timestamp()) end,\n"
          "    archived_at = case when $3::bool then clock_timestamp() end\n"
          "where tenant_id = current_setting('app.tenant_id')::uuid and id = $1::uuid",
          DB_WRITES);

STATEMENT(notices_read_all,
          "update notifications\n"
          "set read_at = clock_timestamp()\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and read_at is null",
          DB_WRITES);

/* ---- what one does with them ---- */

static bool mark(struct cx *cx, const struct list_result *notice, bool read, bool archived)
{
    return db_get(&cx->db, &notice_mark, record_value(notice, "id"), read ? "true" : "false",
                  archived ? "true" : "false") ||
           fail_db(cx);
}

static bool notice_read_run(struct cx *cx, const struct list_result *notice)
{
    return mark(cx, notice, true, false);
}

static bool notice_unread_run(struct cx *cx, const struct list_result *notice)
{
    return mark(cx, notice, false, false);
}

static bool notice_archive_run(struct cx *cx, const struct list_result *notice)
{
    return mark(cx, notice, true, true);
}

static bool notices_read_all_run(struct cx *cx, const struct list_result *none)
{
    (void)none;
    return db_get(&cx->db, &notices_read_all, cx->session->tenant_id, cx->session->user_id) ||
           fail_db(cx);
}

static const struct action read_notice = {
    .name = "read",
    .title = "Mark as read",
    .summary = "Mark one of one's notifications as read.",
    .done = "It is read.",
    .flags = ACTION_MANY | ACTION_TO_LIST,
    .run = notice_read_run,
};
static const struct action unread_notice = {
    .name = "unread",
    .title = "Mark as unread",
    .summary = "Mark one of one's notifications as not read yet.",
    .when = "read_at is not null",
    .refused = {"not_read", "It is not read yet."},
    .done = "It is not read yet.",
    .flags = ACTION_MANY | ACTION_TO_LIST,
    .run = notice_unread_run,
};
static const struct action archive_notice = {
    .name = "archive",
    .title = "Archive",
    .summary = "Put one of one's notifications away for good: it is read, and listed no more.",
    .done = "It is put away.",
    .flags = ACTION_MANY | ACTION_TO_LIST,
    .run = notice_archive_run,
};
static const struct action read_all_notices = {
    .name = "read-all",
    .title = "Mark all as read",
    .icon = "checks",
    .done = "All are read.",
    .summary = "Mark all one's notifications as read.",
    .operation = "markAllNotificationsRead",
    .flags = ACTION_ON_LIST,
    .run = notices_read_all_run,
};

static bool add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    (void)cx;
    if (!record)
        page_action(data, "Preferences", "/notifications/preferences", "settings");
    return true;
}

const struct resource notices = {
    .name = "notifications",
    .one = "notification",
    .title = "Notifications",
    .about = "What concerns you stands here and at the bell.",
    .personal = "user_id",
    .table = "notifications",
    .api = "/api/notifications",
    .page = "/notifications",
    .icon = "bell",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET,
    .where = "archived_at is null",
    .sort = "-id",
    .label = "title",
    .no_common_times = true,
    .fields = FIELDS(
        {"user_id", UUID, READ_ONLY | HIDDEN, .help = "Whom it was told: oneself."},

        {"type", TEXT, READ_ONLY | FILTERED | HIDDEN, .example = "auth.password_changed"},
        {"title", TEXT, READ_ONLY | LISTED, .example = "Your password was changed"},
        {"body", TEXT, READ_ONLY | NULLABLE},
        {"link", TEXT, READ_ONLY | NULLABLE | HIDDEN, .help = "A page of ours."},
        {"unread", BOOL, READ_ONLY | FILTERED, .sql = "read_at is null"},
        {"read_at", TIME, READ_ONLY | NULLABLE}, {"created_at", TIME, READ_ONLY, .label = "When"}),
    .actions = ACTIONS(&read_notice, &unread_notice, &archive_notice, &read_all_notices),
    .template_list = "notifications/list",
    .add_to_page = add_to_page,
    .follows = "notifications",
};

/* To where the notification leads; it counts as read then. */
static bool open_page(struct cx *cx)
{
    bool there;
    struct list_result notice;
    if (!action_run(cx, &notices, &read_notice, cx_path(cx, "id"), &notice, &there))
        return false;
    const char *link = there ? record_value(&notice, "link") : NULL;
    return page_go(cx, link ? link : notices.page);
}

const struct route notice_pages[] = {
    ROUTE(POST, "/notifications/:id/open", SIGNED_IN(TENANT), open_page,
          "Mark a notification as read, and go where it leads.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM),
    {.path = NULL},
};
