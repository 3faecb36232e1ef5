/* pages_factors: one's own second factors: the list, a new app, the recovery codes. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "account/factors.h"
#include "account/recovery.h"
#include "auth.h"
#include "base/clock.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"

static const char list_path[] = "/account/two-step";

static const char *shown_time(struct cx *cx, const char *stored)
{
    char text[32];
    int64_t us;
    bool is_time = stored && clock_from_database(stored, text) && clock_parse(text, &us);
    return is_time ? show_instant(cx, us) : NULL;
}

static void add_factor(struct cx *cx, json_object *list, const struct rows *rows, size_t row)
{
    json_object *item = page_item(list);
    bool is_app = strcmp(rows_text(rows, row, 1), "totp") == 0;
    page_set(item, "path",
             arena_printf(cx->arena, "%s/factors/%s", list_path, rows_text(rows, row, 0)));
    page_set(item, "kind", is_app ? "Authenticator app" : "Passkey");
    page_set(item, "icon", is_app ? "device-mobile" : "fingerprint");
    page_set(item, "name", rows_text(rows, row, 2));
    page_set(item, "made", shown_time(cx, rows_text(rows, row, 3)));
    page_set(item, "used", shown_time(cx, rows_text(rows, row, 4)));
}

static void crumbs(json_object *data, bool from_list)
{
    page_crumb(data, "My account", "/account");
    if (from_list)
        page_crumb(data, "Two-step sign-in", list_path);
}

static bool list_page(struct cx *cx)
{
    struct factor_state has;
    if (!factor_state(cx, &has))
        return false;
    json_object *data = page_object(cx), *list = page_list(data, "factors");
    for (size_t i = 0; i < rows_count(has.factors); i++)
        add_factor(cx, list, has.factors, i);
    page_set_bool(data, "has_factors", rows_count(has.factors) > 0);
    page_set_bool(data, "first", cx->session->must_enrol);
    page_set_bool(data, "required", has.required);
    page_set_int(data, "codes", has.recovery_codes);
    crumbs(data, false);
    return page_render(cx, 200, "auth/factors", "Two-step sign-in", data);
}

/* ---- a new app ---- */

static bool app_begin(struct cx *cx)
{
    struct new_factor made = {.name = NULL};
    return factor_begin(cx, "Authenticator app", &made) &&
           page_go(cx, arena_printf(cx->arena, "%s/app/%s", list_path, made.id));
}

static bool show_app(struct cx *cx, int status)
{
    struct new_factor begun = {.name = NULL};
    struct failure why = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!factor_pending(cx, cx_path(cx, "id"), &begun))
        return false;
    cx->failure = why;
    json_object *data = page_object(cx);
    page_set(data, "action", arena_printf(cx->arena, "%s/app/%s", list_path, begun.id));
    page_set(data, "picture", begun.picture);
    page_set(data, "address", begun.address);
    page_set(data, "secret", begun.secret);
    page_set(data, "name", begun.name);
    page_set(data, "error", why.details ? why.details->message : NULL);
    page_set_bool(data, "has_error", why.details != NULL);
    crumbs(data, true);
    return page_render(cx, status, "auth/app", "Set up an authenticator app", data);
}

static bool app_page(struct cx *cx)
{
    return show_app(cx, 200);
}

bool factor_show_codes(struct cx *cx, const char *const *codes)
{
    json_object *data = page_object(cx), *list = page_list(data, "codes");
    for (; *codes; codes++)
        page_set(page_item(list), "code", *codes);
    page_set(data, "next", cx->session->must_enrol ? "/" : list_path);
    crumbs(data, true);
    return page_render(cx, 200, "auth/codes", "Your recovery codes", data);
}

static bool app_confirm(struct cx *cx)
{
    const char *const *codes;
    int scope = db_scope(&cx->db);
    if (cx->failure.status == 0 &&
        factor_confirm(cx, cx_path(cx, "id"), input_text(cx, "code"), &codes)) {
        if (codes)
            return factor_show_codes(cx, codes);
        page_notice(cx, "success", "Authenticator app added.");
        return page_go(cx, list_path);
    }
    if (cx->failure.status != 422)
        return false;
    db_rollback_to(&cx->db, scope);
    return show_app(cx, 422);
}

static bool codes_renew(struct cx *cx)
{
    const char *const *codes;
    return recovery_renew(cx, &codes) && factor_show_codes(cx, codes);
}

/* ---- one that is there ---- */

static const struct field name_fields[] = {{"name", TEXT, REQUIRED, 1, 100}, {.type = FIELD_END}};

static bool show_factor(struct cx *cx, int status)
{
    struct factor_state has;
    const char *id = cx_path(cx, "id"), *typed = parameter_get(cx->request.form, "name");
    if (!factor_state(cx, &has))
        return false;
    for (size_t i = 0; i < rows_count(has.factors); i++) {
        if (strcmp(rows_text(has.factors, i, 0), id) != 0)
            continue;
        json_object *data = page_object(cx);
        page_set(data, "path", arena_printf(cx->arena, "%s/factors/%s", list_path, id));
        page_set(data, "name", typed ? typed : rows_text(has.factors, i, 2));
        page_set_bool(data, "last", rows_count(has.factors) == 1);
        page_set_bool(data, "required", has.required);
        crumbs(data, true);
        return page_render(cx, status, "auth/factor", rows_text(has.factors, i, 2), data);
    }
    return fail(cx, 404, "not_found", "There is no such factor.");
}

static bool factor_page(struct cx *cx)
{
    return show_factor(cx, 200);
}

static bool factor_save(struct cx *cx)
{
    if (cx->failure.status != 0)
        return show_factor(cx, 422);
    if (!factor_rename(cx, cx_path(cx, "id"), input_text(cx, "name")))
        return false;
    page_notice(cx, "success", "Renamed.");
    return page_go(cx, list_path);
}

static bool factor_end(struct cx *cx)
{
    if (!factor_remove(cx, cx_path(cx, "id")))
        return false;
    page_notice(cx, "success", "Removed.");
    return page_go(cx, list_path);
}

#define OWN_FACTORS (ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED)

const struct route page_factor_routes[] = {
    ROUTE(GET, "/account/two-step", SIGNED_IN(TENANT), list_page, "One's own second factors.",
          .answer = ANSWER_PAGE, .flags = OWN_FACTORS),
    ROUTE(POST, "/account/two-step/app", SIGNED_IN(TENANT), app_begin,
          "Begin to set up an authenticator app.", .answer = ANSWER_PAGE,
          .flags = OWN_FACTORS | ROUTE_FORM | ROUTE_LOOSE_BODY | ROUTE_STEP_UP),
    ROUTE(GET, "/account/two-step/app/:id", SIGNED_IN(TENANT), app_page,
          "What the new app must know.", .answer = ANSWER_PAGE, .flags = OWN_FACTORS),
    ROUTE(POST, "/account/two-step/app/:id", SIGNED_IN(TENANT), app_confirm,
          "Confirm the new app by its first code.", .answer = ANSWER_PAGE,
          .body = FIELDS({"code", SECRET, REQUIRED, 1, 64}),
          .flags = OWN_FACTORS | ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT),
    ROUTE(POST, "/account/two-step/recovery-codes", SIGNED_IN(TENANT), codes_renew,
          "Make new recovery codes and show them once.", .answer = ANSWER_PAGE,
          .flags = OWN_FACTORS | ROUTE_FORM | ROUTE_LOOSE_BODY | ROUTE_STEP_UP),
    ROUTE(GET, "/account/two-step/factors/:id", SIGNED_IN(TENANT), factor_page,
          "One of one's own factors.", .answer = ANSWER_PAGE, .flags = OWN_FACTORS),
    ROUTE(POST, "/account/two-step/factors/:id", SIGNED_IN(TENANT), factor_save, "Rename a factor.",
          .answer = ANSWER_PAGE, .body = name_fields,
          .flags = OWN_FACTORS | ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(POST, "/account/two-step/factors/:id/remove", SIGNED_IN(TENANT), factor_end,
          "Remove a factor.", .answer = ANSWER_PAGE,
          .flags = OWN_FACTORS | ROUTE_FORM | ROUTE_LOOSE_BODY | ROUTE_STEP_UP),
    {.path = NULL},
};
