/* passkey_routes: passkeys by API and by page. The pages need a script, since
 * browsers know passkeys by script alone; it sends what the browser answered. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "account/factors.h"
#include "account/recovery.h"
#include "auth.h"
#include "http/cx.h"
#include "page/page.h"
#include "passkeys.h"
#include "resource/input.h"
#include "second_step.h"
#include "tokens.h"

static json_object *sent(struct cx *cx)
{
    return input_value(cx->input, "credential")->json;
}

static bool answer_options(struct cx *cx, json_object *options)
{
    if (!options)
        return false;
    const char *text = json_object_to_json_string_ext(options, JSON_C_TO_STRING_PLAIN);
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_key(json, "options");
    json_put_raw(json, text, strlen(text));
    json_close_object(json);
    return respond_end(cx);
}

/* ---- by API ---- */

static bool creation_options(struct cx *cx)
{
    return answer_options(cx, passkey_creation_options(cx));
}

static bool create(struct cx *cx)
{
    char id[UUID_SIZE];
    const char *const *codes;
    if (!passkey_register(cx, input_text(cx, "name"), sent(cx), id, &codes))
        return false;
    struct json *json = respond_begin(cx, 201);
    json_open_object(json);
    json_pair(json, "id", id);
    recovery_write(json, codes);
    json_close_object(json);
    return respond_end(cx);
}

static bool step_up_options(struct cx *cx)
{
    return answer_options(
        cx, passkey_request_options(cx, "step_up", cx->session->tenant_id, cx->session->user_id));
}

/* With a ticket for the second step of signing in; without, for all of it. */
static bool sign_in_options(struct cx *cx)
{
    struct account account;
    const char *ticket = input_text(cx, "ticket");
    if (!ticket)
        return answer_options(cx, passkey_request_options(cx, "sign_in", cx->tenant->id, NULL));
    return second_step_find(cx, ticket, &account) &&
           answer_options(
               cx, passkey_request_options(cx, "second_step", account.tenant_id, account.user_id));
}

static bool sign_in(struct cx *cx)
{
    struct account account;
    struct session_tokens tokens;
    return passkey_sign_in(cx, sent(cx), &account) &&
           sign_in_open(cx, &account, SESSION_TOKEN, &tokens) &&
           answer_signed_in(cx, &account, &tokens);
}

/* ---- by page ---- */

static bool show_new(struct cx *cx, int status)
{
    json_object *options = passkey_creation_options(cx);
    if (!options)
        return false;
    json_object *data = page_object(cx);
    page_set(data, "options", json_object_to_json_string(options));
    page_set(data, "name", parameter_get(cx->request.form, "name"));
    page_crumb(data, "My account", "/account");
    page_crumb(data, "Two-step sign-in", "/account/two-step");
    return page_render(cx, status, "auth/passkey", "Add a passkey", data);
}

static bool new_page(struct cx *cx)
{
    return show_new(cx, 200);
}

static bool new_submit(struct cx *cx)
{
    char id[UUID_SIZE];
    const char *const *codes;
    int scope = db_scope(&cx->db);
    if (cx->failure.status == 0 &&
        passkey_register(cx, input_text(cx, "name"), sent(cx), id, &codes)) {
        if (codes)
            return factor_show_codes(cx, codes);
        page_notice(cx, "success", "Passkey added.");
        return page_go(cx, "/account/two-step");
    }
    db_rollback_to(&cx->db, scope);
    return (cx->failure.status == 422 || cx->failure.status == 409) &&
           show_new(cx, cx->failure.status);
}

static bool login_submit(struct cx *cx)
{
    struct account account;
    if (passkey_sign_in(cx, sent(cx), &account))
        return enter_by_page(cx, &account, input_text(cx, "next"));
    if (cx->failure.status == 503)
        return false;
    page_notice(cx, "danger", cx->failure.message);
    return page_go(cx, "/login");
}

#define CREDENTIAL                                                                                 \
    {                                                                                              \
        "credential", JSON, REQUIRED, 0, 16384, .example = "{}"                                    \
    }
#define NAME                                                                                       \
    {                                                                                              \
        "name", TEXT, REQUIRED, 1, 100, .example = "Laptop"                                        \
    }
#define OPTIONS                                                                                    \
    .answer_fields = FIELDS(                                                                       \
        {"options", JSON, .help = "For navigator.credentials, bytes as base64url (WebAuthn)."})
#define OWN (ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED)

const struct route passkey_routes[] = {
    ROUTE(POST, "/api/auth/mfa/passkeys/options", SIGNED_IN(TENANT), creation_options,
          "What a new passkey is made with.", .operation = "getPasskeyRegistrationOptions",
          .answer_name = "passkey options", OPTIONS, .status = 200, .flags = OWN | ROUTE_STEP_UP),
    ROUTE(POST, "/api/auth/mfa/passkeys", SIGNED_IN(TENANT), create, "Register a passkey.",
          .operation = "registerPasskey", .answer_name = "new passkey",
          .body = FIELDS(NAME, CREDENTIAL), .status = 201,
          .answer_fields = FIELDS({"id", UUID}, {"recovery_codes", ARRAY, NULLABLE, .item = TEXT}),
          .flags = OWN | ROUTE_STEP_UP,
          .errors = "409 too_many_factors, 409 passkey_known, 422 credential.invalid_passkey"),
    ROUTE(POST, "/api/auth/step-up/options", SIGNED_IN(TENANT), step_up_options,
          "What a passkey signs for POST /api/auth/step-up.", .operation = "getStepUpOptions",
          .answer_name = "passkey options", OPTIONS, .status = 200, .flags = OWN),
    ROUTE(POST, "/api/auth/passkey/options", PUBLIC(PLATFORM), sign_in_options,
          "What a passkey signs to sign in: with a ticket as second step, else as the only one.",
          .operation = "getPasskeySignInOptions", .answer_name = "passkey options",
          .body = FIELDS({"ticket", SECRET, 0, 1, 200, .example = "c2FtcGxlIHRpY2tldA"}), OPTIONS,
          .status = 200, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = "401 ticket_invalid"),
    ROUTE(POST, "/api/auth/passkey/verify", PUBLIC(PLATFORM), sign_in,
          "Sign in with a passkey alone.", .operation = "signInWithPasskey",
          .answer_name = "sign-in", .body = FIELDS(CREDENTIAL), .answer_fields = signed_in_fields,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = "401 passkey_unknown, 401 passkey_invalid, 429 locked_out"),
    {.path = NULL},
};

const struct route page_passkey_routes[] = {
    ROUTE(GET, "/account/two-step/passkeys/new", SIGNED_IN(TENANT), new_page, "Add a passkey.",
          .answer = ANSWER_PAGE, .flags = OWN | ROUTE_STEP_UP),
    ROUTE(POST, "/account/two-step/passkeys/new", SIGNED_IN(TENANT), new_submit,
          "Register a passkey.", .answer = ANSWER_PAGE, .body = FIELDS(NAME, CREDENTIAL),
          .flags = OWN | ROUTE_STEP_UP | ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(POST, "/login/passkey", PUBLIC(PLATFORM), login_submit, "Sign in with a passkey.",
          .answer = ANSWER_PAGE, .body = FIELDS(CREDENTIAL, {"next", TEXT, 0, 0, 2000}),
          .flags = ROUTE_FORM | ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED),
    {.path = NULL},
};
