/* recovery: ten codes that each open the account once when the phone is lost.
 * 120 random bits each, so a plain hash keeps them (ASVS 2.6.2
 * asks for 112 then). */
#include "account/recovery.h"

#include <sodium.h>
#include <string.h>

#include "access/event.h"
#include "access/factor.h"
#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(recovery_delete,
          "delete from recovery_codes\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid",
          DB_WRITES);

STATEMENT(recovery_insert,
          "insert into recovery_codes (tenant_id, user_id, code_hash)\n"
          "select $1::uuid, $2::uuid, hash\n"
          "from jsonb_array_elements_text($3::jsonb) hash",
          DB_WRITES);

/* Codes without a factor would open nothing. */
STATEMENT(recovery_delete_useless,
          "delete from recovery_codes c\n"
          "where c.tenant_id = $1::uuid and c.user_id = $2::uuid\n"
          "and not " HAS_FACTOR("c.tenant_id", "c.user_id"),
          DB_WRITES);

STATEMENT(recovery_take,
          "update recovery_codes\n"
          "set used_at = now()\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid and code_hash = $3\n"
          "and used_at is null\n"
          "returning id",
          DB_WRITES);

STATEMENT(recovery_allowed,
          "select u.id\n"
          "from users u\n"
          "where u.tenant_id = $1::uuid and u.id = $2::uuid\n"
          "and " HAS_FACTOR("u.tenant_id", "u.id") "\n"
                                                   "for no key update of u",
          DB_WRITES);

enum { RECOVERY_CODES = 10, LETTERS = 24, GROUP = 4 };

/* Letters and digits that are not taken for each other. */
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz123456789";
_Static_assert(sizeof alphabet == 33, "five bits a letter");

/* "k7f2-…": six groups of four. */
static char *new_code(struct arena *arena)
{
    unsigned char random[LETTERS];
    char *code = arena_alloc(arena, LETTERS + LETTERS / GROUP), *to = code;
    randombytes_buf(random, sizeof random);
    for (int i = 0; i < LETTERS; i++) {
        if (i > 0 && i % GROUP == 0)
            *to++ = '-';
        *to++ = alphabet[random[i] % 32];
    }
    *to = '\0';
    return code;
}

/* As people type them: spaces, hyphens and capitals do not matter. */
static void hash_of(struct arena *arena, const char *code, char out[static 65])
{
    char *plain = arena_alloc(arena, strlen(code) + 1), *to = plain;
    for (const char *c = text_lower(arena, code); *c; c++)
        if (*c != '-' && *c != ' ')
            *to++ = *c;
    *to = '\0';
    text_sha256(plain, strlen(plain), out);
}

const char *const *recovery_make(struct db *db, const char *tenant_id, const char *user_id)
{
    const char **codes = arena_alloc(db->arena, sizeof *codes * (RECOVERY_CODES + 1));
    char hash[65];
    struct buf hashes;
    struct json json;
    buf_init(&hashes, db->arena);
    json_start(&json, &hashes);
    json_open_array(&json);
    for (int i = 0; i < RECOVERY_CODES; i++) {
        codes[i] = new_code(db->arena);
        hash_of(db->arena, codes[i], hash);
        json_put_text(&json, hash);
    }
    json_close_array(&json);
    codes[RECOVERY_CODES] = NULL;
    bool stored = db_get(db, &recovery_delete, tenant_id, user_id) &&
                  db_get(db, &recovery_insert, tenant_id, user_id, hashes.data) &&
                  event_append(db, "user.recovery_codes_made", user_id, NULL);
    return stored ? codes : NULL;
}

bool recovery_renew(struct cx *cx, const char *const **codes)
{
    const struct session *me = cx->session;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct rows *rows = db_get(&cx->db, &recovery_allowed, me->tenant_id, me->user_id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 409, "mfa_not_set_up", "Set up two-step sign-in first.");
    *codes = recovery_make(&cx->db, me->tenant_id, me->user_id);
    return (*codes && db_commit(&cx->db)) || fail_db(cx);
}

bool recovery_use(struct db *db, const char *tenant_id, const char *user_id, const char *code,
                  bool *right)
{
    char hash[65];
    hash_of(db->arena, code, hash);
    struct rows *rows = db_get(db, &recovery_take, tenant_id, user_id, hash);
    *right = rows && rows_count(rows) == 1;
    return rows && (!*right || event_append(db, "user.recovery_code_used", user_id, NULL));
}

bool recovery_forget(struct db *db, const char *tenant_id, const char *user_id)
{
    return db_get(db, &recovery_delete, tenant_id, user_id) != NULL;
}

bool recovery_forget_useless(struct db *db, const char *tenant_id, const char *user_id)
{
    return db_get(db, &recovery_delete_useless, tenant_id, user_id) != NULL;
}

void recovery_write(struct json *json, const char *const *codes)
{
    json_key(json, "recoveryCodes");
    if (!codes) {
        json_put_null(json);
        return;
    }
    json_open_array(json);
    for (; *codes; codes++)
        json_put_text(json, *codes);
    json_close_array(json);
}
