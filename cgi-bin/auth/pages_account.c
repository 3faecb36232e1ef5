/* pages_account: one's own profile and password. */
#include <string.h>

#include "access/first_login.h"
#include "access/session.h"
#include "access/tenant.h"
#include "auth.h"
#include "base/clock.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/resource.h"

STATEMENT(profile_get,
          "select name, phone, locale\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          0);

STATEMENT(profile_update,
          "update users\n"
          "set name = $3, phone = $4, locale = $5\n"
          "where tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

static const struct field profile_fields[] = {
    {"name", TEXT, REQUIRED, 1, 200},
    {"phone", PHONE, NULLABLE, .help = "With the country's prefix."},
    {"locale", LOCALE, NULLABLE, .label = "Language", .help = "Empty: that of your workspace."},
    {.type = FIELD_END}};

static const struct field password_fields[] = {
    {"current_password", SECRET, REQUIRED, 1, 1024, .label = "Current password"},
    {"new_password", SECRET, REQUIRED, 1, 1024, .label = "New password",
     .help = "At least 12 characters unless your workspace says otherwise; a few words are easier "
             "to keep in mind."},
    {.type = FIELD_END}};

static bool read_profile(struct cx *cx, struct list_result *out)
{
    static const struct field *columns[] = {&profile_fields[0], &profile_fields[1],
                                            &profile_fields[2], NULL};
    struct rows *rows = db_get(&cx->db, &profile_get, cx->session->tenant_id, cx->session->user_id);
    if (!rows)
        return fail_db(cx);
    *out = (struct list_result){.rows = rows, .fields = columns, .total = 1};
    return rows_count(rows) == 1 || fail(cx, 404, "not_found", "This account is gone.");
}

static bool show_account(struct cx *cx, int status)
{
    struct list_result profile;
    json_object *data = page_object(cx);
    bool verified = false;
    if (!read_profile(cx, &profile) || !email_is_verified(cx, &verified) ||
        !avatar_add_to_page(cx, data))
        return false;
    page_set_bool(data, "verified", verified);
    page_set(data, "email", cx->session->email);
    json_object_object_add(data, "fields", page_form_fields(cx, profile_fields, &profile, false));
    return page_render(cx, status, "auth/account", "My account", data);
}

static bool account_page(struct cx *cx)
{
    return show_account(cx, 200);
}

static bool account_save(struct cx *cx)
{
    if (cx->failure.status != 0)
        return show_account(cx, 422);
    if (!db_get(&cx->db, &profile_update, cx->session->tenant_id, cx->session->user_id,
                input_text(cx, "name"), input_text(cx, "phone"), input_text(cx, "locale")))
        return fail_db(cx);
    page_notice(cx, "success", "Profile saved.");
    return page_go(cx, "/account");
}

static bool show_password(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    page_set(data, "action", "/account/password");
    page_set(data, "back", "/account");
    page_set(data, "submit", "Change password");
    page_set_bool(data, "first", cx->session->must_change_password);
    json_object_object_add(data, "fields", page_form_fields(cx, password_fields, NULL, true));
    return page_render(cx, status, "auth/password", "Change password", data);
}

static bool password_page(struct cx *cx)
{
    return show_password(cx, 200);
}

static bool password_save(struct cx *cx)
{
    if (cx->failure.status == 0 &&
        password_change(cx, input_text(cx, "current_password"), input_text(cx, "new_password"))) {
        first_login_used(cx);
        page_notice(cx, "success", "Password changed. Your other sessions were signed out.");
        return page_go(cx, "/");
    }
    int status = cx->failure.status;
    return status == 422 || status == 429 ? show_password(cx, status) : false;
}

const struct route page_account_routes[] = {
    ROUTE(GET, "/account", SIGNED_IN(TENANT), account_page, "One's own account.",
          .answer = ANSWER_PAGE),
    ROUTE(POST, "/account", SIGNED_IN(TENANT), account_save, "Save one's own profile.",
          .answer = ANSWER_PAGE, .body = profile_fields, .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(GET, "/account/password", SIGNED_IN(TENANT), password_page, "Password page.",
          .answer = ANSWER_PAGE, .flags = ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_FIRST_PASSWORD),
    ROUTE(POST, "/account/password", SIGNED_IN(TENANT), password_save, "Change one's own password.",
          .answer = ANSWER_PAGE, .body = password_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED |
                   ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_FIRST_PASSWORD),
    {.path = NULL},
};
