/* sso_sign_in: to the tenant's provider and back (OpenID Connect Core 3.1).
 *
 * The browser keeps one secret in a cookie of ten minutes; state, nonce and the
 * verifier of PKCE are made of it, so that an answer is good in that browser
 * alone, and what stands in the database is good for nothing. Whatever goes
 * wrong leads back to the login page with a sentence for the person; the reason
 * stands in the audit log for those who administer.
 */
#include <sodium.h>
#include <string.h>

#include "access/event.h"
#include "access/lockout.h"
#include "access/tenant.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/sentence.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/input.h"
#include "second_step.h"
#include "sso.h"

enum { COOKIE_S = 600, SECRET_CHARS = 43, TOKEN_BYTES = 32 };
static const char cookie[] = "tulou_sso";

STATEMENT(sso_buttons,
          "select id, name\n"
          "from sso_providers\n"
          "where tenant_id = $1::uuid and enabled\n"
          "order by created_at, id\n"
          "limit 10",
          0);

STATEMENT(sso_request_insert,
          "insert into sso_requests (tenant_id, provider_id, state_hash, browser_hash,\n"
          "                          redirect_uri, next)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, $6)",
          DB_WRITES);

/* Whoever deletes it has it: a state is good once, and in its browser. */
STATEMENT(sso_request_use,
          "delete from sso_requests\n"
          "where tenant_id = $1::uuid and state_hash = $2 and browser_hash = $3\n"
          "and expires_at > now()\n"
          "returning provider_id, redirect_uri, next",
          DB_WRITES);

/* ---- what both ways share ---- */

static void tenant_db(struct cx *cx, struct db *db)
{
    db_init(db, cx->arena, DB_TENANT, cx->tenant->id, cx->tenant->schema);
    db->actor = cx->db.actor;
}

static bool fail_with(struct cx *cx, const struct db *db)
{
    cx->db.error = db->error;
    return fail_db(cx);
}

static bool back(struct cx *cx, const char *sentence)
{
    page_notice(cx, "warning", sentence);
    return page_go(cx, "/login");
}

static const char *hash_of(struct cx *cx, const char *secret)
{
    char *hash = arena_alloc(cx->arena, 65);
    text_sha256(secret, strlen(secret), hash);
    return hash;
}

/* What belongs to one sign-in in one browser, and to nobody who lacks the cookie. */
static const char *derive(struct cx *cx, const char *what, const char *browser, const char *state)
{
    unsigned char key[SECRET_BYTES], out[TOKEN_BYTES];
    const char *text = arena_printf(cx->arena, "%s\n%s\n%s", what, browser, state);
    secret_derive("sso", key);
    crypto_generichash(out, sizeof out, (const unsigned char *)text, strlen(text), key, sizeof key);
    sodium_memzero(key, sizeof key);
    size_t room = sodium_base64_encoded_len(sizeof out, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(cx->arena, room), room, out, sizeof out,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static struct oidc_request make_request(struct cx *cx, const char *browser, const char *state,
                                        const char *redirect_uri)
{
    return (struct oidc_request){.redirect_uri = redirect_uri,
                                 .state = state,
                                 .nonce = derive(cx, "nonce", browser, state),
                                 .verifier = derive(cx, "verifier", browser, state)};
}

/* Of a cookie that is ours in form, so that sign-ins in two tabs both come back. */
static const char *browser_secret(const struct cx *cx)
{
    const char *value = request_cookie(&cx->request, cookie_name(cx, cookie));
    bool good = value && strlen(value) == SECRET_CHARS &&
                strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                    SECRET_CHARS;
    return good ? value : NULL;
}

bool sso_add_buttons(struct cx *cx, json_object *data, const char *next)
{
    struct db db;
    json_object *list = page_list(data, "providers");
    tenant_db(cx, &db);
    struct rows *rows = db_get(&db, &sso_buttons, cx->tenant->id);
    if (!rows)
        return fail_with(cx, &db);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct buf path;
        buf_init(&path, cx->arena);
        buf_printf(&path, "/api/auth/sso/%s/start?provider=%s&next=", cx->tenant->slug,
                   rows_text(rows, i, 0));
        text_url(&path, next);
        json_object *item = page_item(list);
        page_set(item, "name", rows_text(rows, i, 1));
        page_set(item, "path", path.data);
    }
    page_set_bool(data, "hasProviders", rows_count(rows) > 0);
    page_set_bool(data, "ssoOnly",
                  rows_count(rows) > 0 &&
                      text_equal(tenant_setting(cx, "security", "ssoRequired"), "true"));
    return true;
}

/* ---- there ---- */

/* The one named, or the first where none is; id NULL: there is none. */
static bool choose(struct cx *cx, const char **id)
{
    *id = query_text(cx, "provider");
    if (*id)
        return true;
    struct rows *rows = db_get(&cx->db, &sso_buttons, cx->tenant->id);
    if (!rows)
        return fail_db(cx);
    *id = rows_count(rows) > 0 ? rows_text(rows, 0, 0) : NULL;
    return true;
}

static bool find_enabled(struct cx *cx, struct db *db, const char *id, struct sso_provider *out)
{
    if (!sso_provider_find(cx, db, id, out))
        return false;
    return out->enabled || fail(cx, 404, "not_found", "There is no such provider.");
}

/* The platform's own host sends everybody to their tenant's. */
static bool go_home(struct cx *cx)
{
    const struct tenant *tenant = tenant_by_slug(cx, cx_path(cx, "tenant"));
    if (!tenant || cx->tenant->kind != TENANT_PLATFORM)
        return fail(cx, 404, "not_found", "There is nothing at this address.");
    return respond_redirect_out(cx, arena_printf(cx->arena, "%s/api/auth/sso/%s/start",
                                                 tenant_url(cx->arena, tenant), tenant->slug));
}

static bool send_off(struct cx *cx, const struct sso_provider *provider,
                     const struct oidc_metadata *metadata)
{
    const char *known = browser_secret(cx);
    const char *browser = known ? known : text_random(cx->arena, TOKEN_BYTES);
    const char *state = text_random(cx->arena, TOKEN_BYTES);
    const char *origin =
        arena_printf(cx->arena, "%s://%s", cx->request.scheme, cx->request.origin_host);
    struct oidc_request request = make_request(cx, browser, state, sso_redirect_uri(cx, origin));
    if (!db_get(&cx->db, &sso_request_insert, cx->tenant->id, provider->id, hash_of(cx, state),
                hash_of(cx, browser), request.redirect_uri, local_path(query_text(cx, "next"))))
        return fail_db(cx);
    response_cookie(cx, cookie_name(cx, cookie), browser, COOKIE_S);
    return respond_redirect_out(
        cx, oidc_authorization_url(cx->arena, metadata, &provider->client, &request));
}

/* By its slug, or one that it gave up lately. */
static bool names_this_tenant(struct cx *cx)
{
    const struct tenant *named = tenant_by_slug(cx, cx_path(cx, "tenant"));
    return named && text_equal(named->id, cx->tenant->id);
}

static bool start(struct cx *cx)
{
    struct sso_provider provider;
    struct oidc_metadata metadata;
    const char *id, *problem;
    if (!names_this_tenant(cx))
        return go_home(cx);
    if (!choose(cx, &id))
        return false;
    if (!id || !find_enabled(cx, &cx->db, id, &provider))
        return !id || cx->failure.status == 404
                   ? back(cx, "This way to sign in is not there any more.")
                   : false;
    if (oidc_discover(cx->arena, provider.client.issuer, false, &metadata, &problem))
        return send_off(cx, &provider, &metadata);
    log_warn("provider not usable", "provider", provider.id, "problem",
             sentence_read(cx->arena, NULL, problem), "requestId", cx->request_id);
    return back(cx, cx_printf(cx,
                              "%s cannot be used at the moment. Try again later, or tell an "
                              "administrator.",
                              provider.name));
}

/* ---- and back ---- */

struct arrival {
    struct sso_provider provider;
    struct oidc_metadata metadata;
    struct oidc_request request;
    const char *next;
};

static const char *refused(struct cx *cx, const struct sso_provider *provider, const char *reason)
{
    struct db db;
    struct buf changes;
    struct json json;
    tenant_db(cx, &db);
    buf_init(&changes, cx->arena);
    json_start(&json, &changes);
    json_open_object(&json);
    json_pair(&json, "provider", provider->name);
    json_pair(&json, "reason", sentence_read(cx->arena, NULL, reason));
    json_close_object(&json);
    event_append(&db, "sso_provider.sign_in_refused", provider->id, changes.data);
    return cx_printf(cx,
                     "Signing in with %s did not work. Try again; if it happens again, an "
                     "administrator finds the reason in the audit log.",
                     provider->name);
}

/* *why NULL and false: the failure is set. */
static bool take_request(struct cx *cx, struct arrival *out, const char **why)
{
    struct db db;
    const char *state = query_text(cx, "state"), *browser = browser_secret(cx);
    *why = "That sign-in took too long, was used before, or began in another browser. Please begin "
           "again.";
    if (!state || !browser || !names_this_tenant(cx))
        return false;
    tenant_db(cx, &db);
    struct rows *rows =
        db_get(&db, &sso_request_use, cx->tenant->id, hash_of(cx, state), hash_of(cx, browser));
    if (rows && rows_count(rows) == 0)
        return false;
    *why = NULL;
    if (!rows)
        return fail_with(cx, &db);
    out->request = make_request(cx, browser, state, rows_text(rows, 0, 1));
    out->next = rows_text(rows, 0, 2);
    if (find_enabled(cx, &db, rows_text(rows, 0, 0), &out->provider))
        return true;
    if (cx->failure.status == 404)
        *why = "This way to sign in is not there any more.";
    return false;
}

/* What the provider says instead of a code (RFC 6749 4.1.2.1, Core 3.1.2.6). */
static const char *read_error(struct cx *cx, const struct sso_provider *provider, const char *error)
{
    if (text_equal(error, "access_denied"))
        return cx_printf(cx, "Signing in with %s was cancelled.", provider->name);
    if (text_equal(error, "temporarily_unavailable"))
        return cx_printf(cx, "%s is busy. Try again in a moment.", provider->name);
    return refused(
        cx, provider,
        sentence_keep(cx->arena, "The provider answered with the error \"%.60s\".", error));
}

/* Another provider's answer is not taken for this one's (RFC 9207 2.4). */
static bool is_from(struct cx *cx, const struct arrival *arrival)
{
    const char *issuer = query_text(cx, "iss");
    return issuer ? text_equal(issuer, arrival->provider.client.issuer)
                  : !arrival->metadata.sends_issuer;
}

static bool read_answer(struct cx *cx, struct arrival *arrival, json_object **claims,
                        const char **why)
{
    const struct sso_provider *provider = &arrival->provider;
    const char *code = query_text(cx, "code"), *error = query_text(cx, "error"), *problem = NULL;
    if (!oidc_discover(cx->arena, provider->client.issuer, false, &arrival->metadata, &problem)) {
        *why = refused(cx, provider, problem);
        return false;
    }
    if (!is_from(cx, arrival)) {
        *why = refused(cx, provider, "The answer came from another issuer.");
        return false;
    }
    if (error || !code) {
        *why = error ? read_error(cx, provider, error)
                     : refused(cx, provider, "The provider sent no code.");
        return false;
    }
    if (oidc_exchange(cx->arena, &arrival->metadata, &provider->client, &arrival->request, code,
                      sso_wanted_claims(cx, provider), claims, &problem))
        return true;
    *why = refused(cx, provider, problem);
    return false;
}

/* A second factor that follows here forgives wrong passwords itself. */
static bool enter(struct cx *cx, const struct account *account, const char *next)
{
    bool asked = account->has_factor && !account->provider_mfa;
    return (asked || lockout_forgive(cx, account->tenant_id, account->email)) &&
           enter_or_ask(cx, account, next);
}

static bool callback(struct cx *cx)
{
    struct arrival arrival = {.next = NULL};
    struct account account;
    json_object *claims = NULL;
    const char *why = NULL;
    if (take_request(cx, &arrival, &why) && read_answer(cx, &arrival, &claims, &why) &&
        sso_find_account(cx, &arrival.provider, claims, &account, &why)) {
        response_cookie(cx, cookie_name(cx, cookie), "", 0);
        return enter(cx, &account, arrival.next);
    }
    if (!why)
        return false;
    cx->failure = (struct failure){.status = 0};
    return back(cx, why);
}

const struct route sso_routes[] = {
    ROUTE(GET, "/api/auth/sso/:tenant/start", PUBLIC(TENANT), start,
          "Sends the browser to the tenant's OpenID provider.", .operation = "startSsoSignIn",
          .answer = ANSWER_REDIRECT,
          .query = FIELDS({"provider", UUID, 0, .help = "Which one, if there are several."},
                          {"next", TEXT, 0, 0, 2000, .help = "Where to go on afterwards."}),
          .flags = ROUTE_AUTH_LIMIT),
    ROUTE(GET, "/api/auth/sso/:tenant/callback", PUBLIC(PLATFORM), callback,
          "Where the provider sends the browser back: opens a session, or leads to the sign-in "
          "page.",
          .operation = "finishSsoSignIn", .answer = ANSWER_REDIRECT,
          .query = FIELDS({"code", TEXT, 0, 0, 4000}, {"state", TEXT, 0, 0, 200},
                          {"iss", TEXT, 0, 0, 1000}, {"error", TEXT, 0, 0, 200}),
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED),
    {.path = NULL},
};
