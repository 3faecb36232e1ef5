#include "access/link.h"

#include <stdio.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"

/* Of two at once for one user the second waits and then voids the first's. */
STATEMENT(link_lock_user,
          "select id\n"
          "from users\n"
          "where tenant_id = $1::uuid and id = $2::uuid\n"
          "for no key update",
          DB_WRITES);

STATEMENT(link_void,
          "update links\n"
          "set used_at = now()\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and purpose = $3\n"
          "and used_at is null",
          DB_WRITES);

STATEMENT(link_insert,
          "insert into links (tenant_id, user_id, purpose, email, token_hash, expires_at)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5, now() + make_interval(hours => $6::int))",
          DB_WRITES);

STATEMENT(link_count_hour,
          "select count(*)\n"
          "from links\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and purpose = $3\n"
          "and created_at > now() - interval '1 hour'",
          0);

/* The platform role looks, since whoever follows a link is not signed in. An
 * invitation is for who has not come in yet, a password for who may. */
STATEMENT(
    link_get,
    "select l.tenant_id, l.user_id, l.purpose, l.email, u.email, u.name, u.locale,\n"
    "       l.used_at is not null, l.expires_at <= now(),\n"
    "       (l.purpose = 'email_change' or l.email = u.email)\n"
    "       and (u.status = 'active' or (l.purpose = 'invitation' and u.status = 'pending'))\n"
    "from links l\n"
    "join users u on u.tenant_id = l.tenant_id and u.id = l.user_id\n"
    "join tenants t on t.id = l.tenant_id\n"
    "where l.token_hash = $1 and ($2::uuid is null or l.tenant_id = $2::uuid)\n"
    "and t.deleted_at is null and t.status in ('trial', 'active', 'suspended')",
    DB_ON_PLATFORM);

STATEMENT(link_use_up,
          "update links\n"
          "set used_at = now(), opened_at = now()\n"
          "where tenant_id = $1::uuid and token_hash = $2\n"
          "and used_at is null and expires_at > now()\n"
          "returning id",
          DB_WRITES);

static const struct {
    enum link_purpose purpose;
    const char *name;
    int hours;
} purposes[] = {{LINK_PASSWORD_RESET, "password_reset", 1},
                {LINK_INVITATION, "invitation", 7 * 24},
                {LINK_EMAIL_VERIFICATION, "email_verification", 48},
                {LINK_EMAIL_CHANGE, "email_change", 24}};

enum { TOKEN_BYTES = 32 };

static size_t row_of(enum link_purpose purpose)
{
    size_t row = 0;
    while (row + 1 < COUNT(purposes) && purposes[row].purpose != purpose)
        row++;
    return row;
}

int link_hours(enum link_purpose purpose)
{
    return purposes[row_of(purpose)].hours;
}

/* ---- making ---- */

char *link_make(struct db *db, const char *tenant_id, const char *user_id,
                enum link_purpose purpose, const char *email)
{
    char hash[65], hours[16];
    const char *name = purposes[row_of(purpose)].name;
    char *token = text_random(db->arena, TOKEN_BYTES);
    struct rows *user = db_get(db, &link_lock_user, tenant_id, user_id);
    if (!user || rows_count(user) == 0)
        return NULL;
    text_sha256(token, strlen(token), hash);
    snprintf(hours, sizeof hours, "%d", link_hours(purpose));
    bool made = db_get(db, &link_void, tenant_id, user_id, name) &&
                db_get(db, &link_insert, tenant_id, user_id, name, email, hash, hours);
    return made ? token : NULL;
}

int link_allowed(struct db *db, const char *tenant_id, const char *user_id,
                 enum link_purpose purpose)
{
    struct rows *rows =
        db_get(db, &link_count_hour, tenant_id, user_id, purposes[row_of(purpose)].name);
    return rows ? rows_int(rows, 0, 0) < LINKS_AN_HOUR : -1;
}

/* ---- using ---- */

static bool invalid(struct cx *cx)
{
    return fail(cx, 404, "link_invalid",
                "This link does not work here. See whether it was copied whole.");
}

static bool used(struct cx *cx)
{
    return fail(cx, 410, "link_used",
                "This link was used already, or a newer one was sent. Ask for a new one.");
}

static void take(struct link *out, const struct rows *rows, const char *hash)
{
    size_t row = 0;
    while (row + 1 < COUNT(purposes) && strcmp(purposes[row].name, rows_text(rows, 0, 2)) != 0)
        row++;
    *out = (struct link){.purpose = purposes[row].purpose,
                         .hash = hash,
                         .email = rows_text(rows, 0, 3),
                         .user_email = rows_text(rows, 0, 4),
                         .user_name = rows_text(rows, 0, 5),
                         .user_locale = rows_text(rows, 0, 6)};
    memcpy(out->tenant_id, rows_text(rows, 0, 0), UUID_SIZE);
    memcpy(out->user_id, rows_text(rows, 0, 1), UUID_SIZE);
}

bool link_find(struct cx *cx, const char *token, unsigned wanted, struct link *out)
{
    char *hash = arena_alloc(cx->arena, 65);
    const char *tenant_id = cx->tenant->kind == TENANT_PLATFORM ? NULL : cx->tenant->id;
    if (!token)
        return invalid(cx);
    text_sha256(token, strlen(token), hash);
    struct rows *rows = db_get(&cx->db, &link_get, hash, tenant_id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) != 1)
        return invalid(cx);
    take(out, rows, hash);
    if ((out->purpose & wanted) == 0)
        return invalid(cx);
    if (rows_bool(rows, 0, 7))
        return used(cx);
    if (rows_bool(rows, 0, 8))
        return fail(cx, 410, "link_expired", "This link is too old. Ask for a new one.");
    return rows_bool(rows, 0, 9) || invalid(cx);
}

/* The user first, as link_make() does: two that take them in another order
 * would wait for each other. */
bool link_use(struct cx *cx, struct db *db, const struct link *link)
{
    struct rows *rows = NULL;
    if (db_get(db, &link_lock_user, link->tenant_id, link->user_id))
        rows = db_get(db, &link_use_up, link->tenant_id, link->hash);
    if (!rows) {
        cx->db.error = db->error;
        return fail_db(cx);
    }
    return rows_count(rows) == 1 || used(cx);
}
