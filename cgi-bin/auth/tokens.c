/* tokens: signing in and out by API. The words of the answer are OAuth's
 * (RFC 6749 5.1), since clients know them. */
#include "tokens.h"
#include "access/session.h"
#include "access/tenant.h"
#include "auth.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/input.h"

/* The tenant that the request names: in the body, by host or by header. The
 * bare domain names none, unless the body says so. */
static bool named_tenant(struct cx *cx, const char **tenant_id)
{
    const char *slug = input_text(cx, "tenant");
    *tenant_id = NULL;
    if (slug) {
        const struct tenant *tenant = tenant_by_slug(cx, slug);
        if (!tenant)
            return fail(cx, 401, "invalid_credentials",
                        "The e-mail address or the password is wrong.");
        if (cx->tenant->kind != TENANT_PLATFORM && !text_equal(tenant->id, cx->tenant->id))
            return fail(cx, 403, "tenant_mismatch",
                        "The body and the host name different tenants.");
        *tenant_id = tenant->id;
    } else if (cx->tenant->kind != TENANT_PLATFORM) {
        *tenant_id = cx->tenant->id;
    }
    return true;
}

/* One address in several tenants: which one is asked only of somebody who
 * knows the password. */
static bool answer_workspaces(struct cx *cx, const struct sign_in *found)
{
    for (size_t i = 0; i < found->count; i++)
        fail_field(cx, "tenant", found->accounts[i].slug, "%s", found->accounts[i].tenant_name);
    cx->failure.status = 409;
    cx->failure.code = "workspace_required";
    cx->failure.message = "This account exists in several tenants: send one of them as tenant.";
    return false;
}

static bool login(struct cx *cx)
{
    const char *tenant_id, *email = input_text(cx, "email");
    struct sign_in found;
    struct session_tokens tokens;
    if (!named_tenant(cx, &tenant_id) ||
        !sign_in_check(cx, email, input_text(cx, "password"), tenant_id, &found))
        return false;
    if (found.count > 1)
        return answer_workspaces(cx, &found);
    const struct account *account = &found.accounts[0];
    if (account->has_factor)
        return answer_second_step(cx, account);
    return sign_in_open(cx, account, SESSION_TOKEN, &tokens) &&
           answer_signed_in(cx, account, &tokens);
}

static bool refresh(struct cx *cx)
{
    struct session_tokens tokens;
    if (!session_refresh(cx, input_text(cx, "refresh_token"), &tokens))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    tokens_write(json, &tokens);
    json_close_object(json);
    return respond_end(cx);
}

/* An access token that has expired must not keep one signed in: the refresh token alone
 * will do, and where both came both sessions end. */
static bool logout(struct cx *cx)
{
    const char *refresh = input_text(cx, "refresh_token");
    const struct session *me = cx->session;
    if (me && me->kind == SESSION_API_KEY)
        return fail(cx, 403, "api_key_refused", "This is not open to API keys.");
    if (!me && !refresh)
        return fail(cx, 401, "not_signed_in", "Sign in first.");
    if (refresh && !session_revoke_refresh(cx, refresh))
        return false;
    if (me && !session_revoke(cx, &cx->db, me->id, "signed out"))
        return false;
    if (me && me->kind == SESSION_COOKIE)
        response_cookie(cx, cookie_name(cx, "tulou_session"), "", 0);
    return respond_nothing(cx);
}

const struct route token_routes[] = {
    ROUTE(POST, "/api/auth/login", PUBLIC(PLATFORM), login,
          "Sign in with e-mail address and password; with a ticket, go on at mfa/verify.",
          .operation = "signIn", .answer_name = "sign-in",
          .body = FIELDS({"email", EMAIL, REQUIRED, .example = "owner@northside.test"},
                         {"password", SECRET, REQUIRED, 1, 1024, .example = "tulou-demo-2026"},
                         {"tenant", SLUG, 0, 3, 40, .help = "Slug, if the host does not say it.",
                          .example = "northside"}),
          .answer_fields = signed_in_fields, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = "401 invalid_credentials, 403 password_expired, 409 workspace_required, 429 "
                    "locked_out"),
    ROUTE(POST, "/api/auth/refresh", PUBLIC(PLATFORM), refresh,
          "Exchange a refresh token for a new pair; a second use revokes the session, but the same "
          "client gets the same refresh token again within ten seconds.",
          .operation = "refreshTokens", .answer_name = "tokens",
          .body = FIELDS({"refresh_token", SECRET, REQUIRED | AS_NAMED, 1, 512,
                          .example = "c2FtcGxlIHJlZnJlc2ggdG9rZW4"}),
          .answer_fields = FIELDS(TOKEN_FIELDS(0)), .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = "401 refresh_token_invalid, 401 refresh_token_reused"),
    ROUTE(POST, "/api/auth/logout", PUBLIC(EITHER), logout,
          "Sign out: revoke this session, or that of a refresh token.", .operation = "signOut",
          .body = FIELDS({"refresh_token", SECRET, AS_NAMED, 1, 512,
                          .help = "In place of an access token, which may have expired.",
                          .example = "c2FtcGxlIHJlZnJlc2ggdG9rZW4"}),
          .answer = ANSWER_NOTHING, .flags = ROUTE_NOT_REPEATED | ROUTE_KNOWS_CALLER,
          .errors = "401 not_signed_in, 403 tenant_mismatch"),
    {.path = NULL},
};
