/* register: a tenant with its owner, in one transaction. */
#include <string.h>

#include "access/network.h"
#include "access/password.h"
#include "access/policy.h"
#include "access/tenant.h"
#include "access/ticket.h"
#include "account/account.h"
#include "account/tenant_slug.h"
#include "api/settings.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/link_mail.h"
#include "signup.h"

/* Of two at once from one network, or with one address, the second waits and then
 * counts the first. Networks before addresses, so that none waits in a circle. */
STATEMENT(signup_lock, "select pg_advisory_xact_lock(hashtextextended('signup ' || $1, 0))",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(signup_counts,
          "select (select count(*) from public.signups\n"
          "        where network = $1 and created_at > now() - interval '1 day'),\n"
          "       (select count(*) from public.signups\n"
          "        where address_hash = $2 and created_at > now() - interval '1 day')",
          DB_ON_PLATFORM);

STATEMENT(signup_note,
          "insert into public.signups (network, address_hash)\n"
          "values ($1, $2)",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(
    signup_tenant,
    "insert into tenants (id, parent_id, kind, name, slug, email, status, plan_level,\n"
    "                     trial_ends_at, verify_by, locale, time_zone, currency)\n"
    "values ($1::uuid, $2::uuid, 'business', $3, $4, $5, 'trial', $6::int,\n"
    "        now() + make_interval(days => $7::int), now() + make_interval(days => $8::int),\n"
    "        $9, $10, $11)\n"
    "returning trial_ends_at, verify_by",
    DB_WRITES | DB_ON_PLATFORM);

enum { ADDRESS_LIMIT = 3, NETWORK_SIZE = 64 };

/* ---- what was typed ---- */

/* Names stand in what we write and show: no place for somebody's advertising. */
static bool check_name(struct cx *cx, const char *field, const char *text)
{
    const char *lower = text_lower(cx->arena, text);
    return (!strstr(lower, "://") && !strstr(lower, "www.")) ||
           fail_field(cx, field, "invalid_name", "A web address is no name.");
}

/* The slug that was typed, or one made of the name; NULL with the failure set. */
static const char *choose_slug(struct cx *cx)
{
    const char *problem, *why, *slug = input_text(cx, "slug");
    if (!slug)
        return tenant_slug_suggest(cx, input_text(cx, "organisation"));
    if (!tenant_slug_check(cx, field_find(signup_fields, "slug"), slug, &problem, &why))
        return NULL;
    if (!problem)
        return slug;
    fail(cx, 409, problem, "%s", why);
    fail_field(cx, "slug", problem, "%s", why);
    return NULL;
}

static bool check(struct cx *cx)
{
    const struct password_owner owner = {.email = input_text(cx, "email"),
                                         .name = input_text(cx, "name")};
    if (!tenant_takes_signups(cx))
        return fail(cx, 403, "signup_off", "Nobody can sign up here by themselves.");
    bool named = check_name(cx, "organisation", input_text(cx, "organisation"));
    named = check_name(cx, "name", input_text(cx, "name")) && named;
    return password_policy_check(cx, "password", input_text(cx, "password"), &owner) && named;
}

/* ---- what is written ---- */

static char *setting(struct cx *cx, const char *name)
{
    return arena_printf(cx->arena, "%lld",
                        (long long)settings_int(cx, cx->tenant, &signup_sections[0], name));
}

static bool too_many(struct cx *cx)
{
    response_header_set(cx, "Retry-After", "3600");
    return fail(cx, 429, "too_many_signups",
                "There were too many sign-ups from here, or with this address, within a day.");
}

static bool count(struct cx *cx)
{
    char network[NETWORK_SIZE], hash[65];
    const char *email = input_text(cx, "email");
    network_of(cx->request.remote, network, sizeof network);
    text_sha256(email, strlen(email), hash);
    if (!db_get(&cx->db, &signup_lock, network) || !db_get(&cx->db, &signup_lock, hash))
        return fail_db(cx);
    struct rows *rows = db_get(&cx->db, &signup_counts, network, hash);
    if (!rows)
        return fail_db(cx);
    if (rows_int(rows, 0, 0) >=
            settings_int(cx, cx->tenant, &signup_sections[0], "network_limit") ||
        rows_int(rows, 0, 1) >= ADDRESS_LIMIT)
        return too_many(cx);
    return db_get(&cx->db, &signup_note, network, hash) || fail_db(cx);
}

static const char *given(const struct cx *cx, const char *name, const char *otherwise)
{
    const char *text = input_text(cx, name);
    return text ? text : otherwise;
}

static bool insert(struct cx *cx, const char *hash, struct signup *out)
{
    const struct tenant *platform = cx->tenant;
    cx->db.action = "tenant.signed_up";
    struct rows *rows = db_get(
        &cx->db, &signup_tenant, out->tenant_id, platform->id, input_text(cx, "organisation"),
        out->slug, input_text(cx, "email"), setting(cx, "plan_level"), setting(cx, "trial_days"),
        setting(cx, "unverified_days"), given(cx, "locale", platform->locale),
        given(cx, "time_zone", platform->time_zone), given(cx, "currency", platform->currency));
    cx->db.action = NULL;
    const struct account_new owner = {.tenant_id = out->tenant_id,
                                      .id = out->user_id,
                                      .email = input_text(cx, "email"),
                                      .name = input_text(cx, "name"),
                                      .kind = "owner",
                                      .password_hash = hash,
                                      .role = "owner"};
    if (!rows || !account_open(&cx->db, &owner))
        return fail_db(cx);
    out->trial_ends_at = rows_text(rows, 0, 0);
    out->verify_by = rows_text(rows, 0, 1);
    return true;
}

/* Nobody else sees the tenant yet. The message is the platform's: nothing that was
 * typed stands in it but the slug, since it may go to somebody who typed nothing. */
static struct tenant as_it_will_be(const struct cx *cx, const struct signup *made)
{
    struct tenant tenant = *cx->tenant;
    memcpy(tenant.id, made->tenant_id, UUID_SIZE);
    tenant.kind = TENANT_BUSINESS;
    tenant.slug = made->slug;
    tenant.domain = NULL;
    return tenant;
}

static bool invite_in(struct cx *cx, struct signup *out)
{
    const struct tenant tenant = as_it_will_be(cx, out);
    out->url = tenant_url(cx->arena, &tenant);
    if (!link_mail(cx, &cx->db,
                   &(struct link_mail){.purpose = LINK_EMAIL_VERIFICATION,
                                       .tenant = &tenant,
                                       .user_id = out->user_id,
                                       .email = input_text(cx, "email"),
                                       .locale = input_text(cx, "locale"),
                                       .template = "signup"}))
        return false;
    out->ticket = ticket_make(&cx->db, out->tenant_id, out->user_id);
    return out->ticket || fail_db(cx);
}

/* From here on cx->db acts as the owner to be, in the tenant to be. */
static bool begin(struct cx *cx, struct signup *out)
{
    uuid_new(out->tenant_id);
    uuid_new(out->user_id);
    memcpy(cx->db.tenant_id, out->tenant_id, UUID_SIZE);
    db_act_as(&cx->db, "user", out->user_id, input_text(cx, "name"), cx->request.remote,
              request_header(&cx->request, "User-Agent"), cx->request_id);
    return db_begin(&cx->db) || fail_db(cx);
}

bool signup_register(struct cx *cx, struct signup *out)
{
    *out = (struct signup){.slug = NULL};
    if (!check(cx) || !(out->slug = choose_slug(cx)))
        return false;
    const char *hash = password_hash(cx->arena, input_text(cx, "password"));
    if (!hash)
        return fail(cx, 503, "busy", "Too much work at once; try again.");
    int scope = db_scope(&cx->db);
    bool made = begin(cx, out) && count(cx) && insert(cx, hash, out) && invite_in(cx, out) &&
                (db_commit(&cx->db) || fail_db(cx));
    if (made)
        tenant_changed(&cx->db, out->tenant_id);
    else
        db_rollback_to(&cx->db, scope);
    return made;
}
