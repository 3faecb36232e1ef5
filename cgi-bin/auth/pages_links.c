/* pages_links: "Forgotten password?", and where the links of e-mails lead to.
 * Looking at a page uses nothing up: mail programs follow links by themselves. */
#include <string.h>

#include "access/policy.h"
#include "access/tenant.h"
#include "auth.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "second_step.h"

#define TOKEN_FIELD                                                                                \
    {                                                                                              \
        "token", SECRET, REQUIRED | HIDDEN, 1, 200                                                 \
    }
#define PASSWORD_FIELD                                                                             \
    {                                                                                              \
        "password", SECRET, REQUIRED, 1, 1024, .label = "New password",                            \
                                               .help = "A few words are easier to keep in mind."   \
    }

static const struct field forgotten_fields[] = {{"email", EMAIL, REQUIRED, .label = "E-mail"},
                                                {.type = FIELD_END}};
static const struct field reset_fields[] = {TOKEN_FIELD, PASSWORD_FIELD, {.type = FIELD_END}};
static const struct field accept_fields[] = {TOKEN_FIELD,
                                             {"name", TEXT, REQUIRED, 1, 200, .label = "Your name"},
                                             PASSWORD_FIELD,
                                             {.type = FIELD_END}};
static const struct field confirm_fields[] = {TOKEN_FIELD, {.type = FIELD_END}};

/* ---- forgotten ---- */

static bool show_forgotten(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    page_set(data, "email", NULL);
    page_set(data, "action", "/forgot-password");
    json_object_object_add(data, "fields", page_form_fields(cx, forgotten_fields, NULL, true));
    return page_render(cx, status, "auth/forgotten", "Forgotten password", data);
}

static bool forgotten_page(struct cx *cx)
{
    return show_forgotten(cx, 200);
}

static bool forgotten_submit(struct cx *cx)
{
    bool bare = cx->tenant->kind == TENANT_PLATFORM;
    const char *email = input_text(cx, "email");
    if (cx->failure.status != 0)
        return show_forgotten(cx, cx->failure.status);
    if (!password_forgotten(cx, email, bare ? NULL : cx->tenant->id))
        return false;
    json_object *data = page_object(cx);
    page_set(data, "email", email);
    return page_render(cx, 200, "auth/sent", "Look into your inbox", data);
}

/* ---- the forms behind a link ---- */

struct link_form {
    unsigned purposes;
    const char *path, *title, *submit;
    const struct field *fields;
};

static const struct link_form reset_form = {LINK_PASSWORD_RESET, "/reset-password",
                                            "Choose a new password", "Save the password",
                                            reset_fields};
static const struct link_form accept_form = {LINK_INVITATION, "/accept-invitation",
                                             "Accept the invitation", "Create the account",
                                             accept_fields};
static const struct link_form confirm_form = {LINK_EMAIL_VERIFICATION | LINK_EMAIL_CHANGE,
                                              "/verify-email", "Confirm your e-mail address",
                                              "Confirm", confirm_fields};

static const char *token_of(const struct cx *cx)
{
    const char *token = parameter_get(cx->request.form, "token");
    return token ? token : parameter_get(cx->request.query, "token");
}

/* The rule is the tenant's; the name is known from the invitation. */
static void fill_fields(struct cx *cx, json_object *fields, const struct link *link)
{
    const struct tenant *tenant = tenant_by_id(cx, link->tenant_id);
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i), *name = NULL, *value = NULL;
        json_object_object_get_ex(field, "name", &name);
        json_object_object_get_ex(field, "value", &value);
        if (strcmp(json_object_get_string(name), "password") == 0)
            page_set(field, "help", password_policy_help(cx, tenant));
        else if (!value)
            page_set(field, "value", link->user_name);
    }
}

static bool show_form(struct cx *cx, const struct link_form *form, int status)
{
    struct link link;
    const struct failure refused = cx->failure;
    cx->failure = (struct failure){.status = 0};
    if (!link_find(cx, token_of(cx), form->purposes, &link))
        return false;
    cx->failure = refused;
    const struct tenant *tenant = tenant_by_id(cx, link.tenant_id);
    json_object *data = page_object(cx);
    json_object *fields = page_form_fields(cx, form->fields, NULL, true);
    fill_fields(cx, fields, &link);
    json_object_object_add(data, "fields", fields);
    page_set(data, "action", form->path);
    page_set(data, "submit", form->submit);
    page_set(data, "token", token_of(cx));
    page_set(data, "email", link.email);
    page_set(data, "workspace", tenant ? tenant->name : NULL);
    page_set_bool(data, "is_reset", link.purpose == LINK_PASSWORD_RESET);
    page_set_bool(data, "is_invitation", link.purpose == LINK_INVITATION);
    page_set_bool(data, "is_verification", link.purpose == LINK_EMAIL_VERIFICATION);
    page_set_bool(data, "is_change", link.purpose == LINK_EMAIL_CHANGE);
    return page_render(cx, status, "auth/link", form->title, data);
}

/* Done, or the form again with what is to be corrected. */
static bool close_form(struct cx *cx, const struct link_form *form, int scope, bool done,
                       const char *notice)
{
    if (!done) {
        db_rollback_to(&cx->db, scope);
        return cx->failure.status == 422 ? show_form(cx, form, 422) : false;
    }
    page_notice(cx, "success", notice);
    return page_go(cx, "/login");
}

static bool reset_page(struct cx *cx)
{
    return token_of(cx) ? show_form(cx, &reset_form, 200) : page_go(cx, "/forgot-password");
}

static bool reset_submit(struct cx *cx)
{
    int scope = db_scope(&cx->db);
    bool done = cx->failure.status == 0 &&
                password_reset(cx, input_text(cx, "token"), input_text(cx, "password"));
    return close_form(cx, &reset_form, scope, done, "Your new password is saved. Sign in with it.");
}

static bool accept_page(struct cx *cx)
{
    return token_of(cx) ? show_form(cx, &accept_form, 200) : page_go(cx, "/login");
}

/* Whoever just chose a password goes on into the workspace with it, by all that a sign-in asks;
 * false: they sign in themselves. */
static bool find_account(struct cx *cx, const struct link *link, struct sign_in *found)
{
    bool here = cx->tenant && strcmp(link->tenant_id, cx->tenant->id) == 0;
    if (here &&
        sign_in_check(cx, link->user_email, input_text(cx, "password"), link->tenant_id, found))
        return found->count == 1;
    cx->failure = (struct failure){.status = 0};
    return false;
}

static bool accept_submit(struct cx *cx)
{
    struct link link;
    struct sign_in found;
    int scope = db_scope(&cx->db);
    bool done = cx->failure.status == 0 &&
                link_find(cx, input_text(cx, "token"), LINK_INVITATION, &link) &&
                invitation_accept(cx, input_text(cx, "token"), input_text(cx, "name"),
                                  input_text(cx, "password"));
    if (done && find_account(cx, &link, &found)) {
        if (enter_or_ask(cx, &found.accounts[0], "/"))
            return true;
        cx->failure = (struct failure){.status = 0}; /* they come in by another way */
    }
    return close_form(cx, &accept_form, scope, done, "Your account is ready. Sign in.");
}

static bool confirm_page(struct cx *cx)
{
    return token_of(cx) ? show_form(cx, &confirm_form, 200) : page_go(cx, "/login");
}

static bool confirm_submit(struct cx *cx)
{
    struct link link;
    int scope = db_scope(&cx->db);
    bool done = cx->failure.status == 0 && email_confirm(cx, input_text(cx, "token"), &link);
    return close_form(cx, &confirm_form, scope, done, "Your e-mail address is confirmed.");
}

#define LINK_PAGE .answer = ANSWER_PAGE, .query = FIELDS({"token", SECRET, 0, 1, 200})
#define LINK_POST                                                                                  \
    .answer = ANSWER_PAGE,                                                                         \
    .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED

const struct route page_link_routes[] = {
    ROUTE(GET, "/forgot-password", PUBLIC(NONE), forgotten_page, "Forgotten password page.",
          .answer = ANSWER_PAGE),
    ROUTE(POST, "/forgot-password", PUBLIC(PLATFORM), forgotten_submit,
          "Send a link to choose a new password.", .body = forgotten_fields, LINK_POST),
    ROUTE(GET, "/reset-password", PUBLIC(PLATFORM), reset_page, "New password page.", LINK_PAGE),
    ROUTE(POST, "/reset-password", PUBLIC(PLATFORM), reset_submit, "Choose a new password.",
          .body = reset_fields, LINK_POST),
    ROUTE(GET, "/accept-invitation", PUBLIC(PLATFORM), accept_page, "Invitation page.", LINK_PAGE),
    ROUTE(POST, "/accept-invitation", PUBLIC(PLATFORM), accept_submit, "Accept an invitation.",
          .body = accept_fields, LINK_POST),
    ROUTE(GET, "/verify-email", PUBLIC(PLATFORM), confirm_page, "Page to confirm an address.",
          LINK_PAGE),
    ROUTE(POST, "/verify-email", PUBLIC(PLATFORM), confirm_submit, "Confirm an address.",
          .body = confirm_fields, LINK_POST),
    {.path = NULL},
};
