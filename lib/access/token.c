#include "access/token.h"

#include <jwt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/uuid.h"

enum { KEYS_MAX = 16, SETS = 256, WAYS = 4, TOKEN_MAX = 8192, LEEWAY_S = 5 };

/* A token verified a moment ago, known by its whole digest, so that the next
 * request with it costs a hash instead of parsing and HMAC. What changes with
 * time (expiry, revocation) is checked each time. */
struct cached {
    unsigned char digest[32];
    struct claims claims; /* its pointers lead into `memory` */
    char *memory;         /* one block: the grants, then all texts; NULL: free */
    size_t size;
};

static struct {
    char ids[KEYS_MAX][40];
    unsigned char keys[KEYS_MAX][SECRET_BYTES];
    int count;
    const char *issuer;
    struct cached cache[SETS][WAYS]; /* in each set the one used last in front */
} tokens = {.issuer = "tulou"};

void token_set_issuer(const char *issuer)
{
    tokens.issuer = issuer;
}

bool token_ready(void)
{
    return tokens.count > 0;
}

static bool same_keys(const char *const *ids, int count)
{
    if (count != tokens.count)
        return false;
    for (int i = 0; i < count; i++)
        if (strcmp(ids[i], tokens.ids[i]) != 0)
            return false;
    return true;
}

static void forget_verified(void)
{
    for (int i = 0; i < SETS * WAYS; i++) {
        struct cached *cached = &tokens.cache[i / WAYS][i % WAYS];
        free(cached->memory);
        *cached = (struct cached){.memory = NULL};
    }
}

void token_set_keys(const char *const *ids, int count)
{
    if (count > KEYS_MAX) {
        ids += count - KEYS_MAX;
        count = KEYS_MAX;
    }
    if (same_keys(ids, count))
        return;
    tokens.count = count;
    for (int i = 0; i < count; i++) {
        char purpose[64];
        snprintf(tokens.ids[i], sizeof tokens.ids[i], "%s", ids[i]);
        snprintf(purpose, sizeof purpose, "access token %s", tokens.ids[i]);
        secret_derive(purpose, tokens.keys[i]);
    }
    forget_verified(); /* some by keys that are retired now */
}

static const char *audience_of(bool is_operator)
{
    return is_operator ? "PLATFORM_USER" : "ADMIN_USER";
}

/* ---- signing ---- */

static char *grants_json(struct arena *arena, const struct claims *claims)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair(&json, "userId", claims->user_id);
    json_pair(&json, "email", claims->email);
    json_pair(&json, "name", claims->name);
    json_pair(&json, "role", claims->role);
    json_pair_int(&json, "rank", claims->rank);
    json_pair(&json, "tenantId", claims->tenant_id);
    json_pair(&json, "type", audience_of(claims->is_operator));
    json_pair(&json, "aud", audience_of(claims->is_operator));
    json_pair(&json, "iss", tokens.issuer);
    json_pair(&json, "sid", claims->session_id);
    json_pair_int(&json, "iat", claims->issued_us / 1000000);
    json_pair_int(&json, "iatUs", claims->issued_us % 1000000);
    json_pair_int(&json, "exp", claims->expires_at);
    if (claims->impersonator_id) {
        json_pair(&json, "impersonatorId", claims->impersonator_id);
        json_pair(&json, "impersonatorName", claims->impersonator_name);
    }
    if (claims->locale)
        json_pair(&json, "locale", claims->locale);
    if (claims->must_enrol)
        json_pair_bool(&json, "mustEnrol", true);
    if (claims->must_change_password)
        json_pair_bool(&json, "mustChangePassword", true);
    json_key(&json, "permissions");
    json_open_array(&json);
    for (size_t i = 0; i < claims->permissions.count; i++)
        json_put_text(&json, claims->permissions.grants[i]);
    json_close_array(&json);
    json_close_object(&json);
    return out.data;
}

char *token_sign(struct arena *arena, const struct claims *claims)
{
    jwt_t *jwt;
    char *signed_token = NULL;
    int last = tokens.count - 1;
    if (last < 0 || jwt_new(&jwt) != 0)
        return NULL;
    if (jwt_add_grants_json(jwt, grants_json(arena, claims)) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_HS256, tokens.keys[last], SECRET_BYTES) == 0 &&
        jwt_add_header(jwt, "kid", tokens.ids[last]) == 0) {
        char *encoded = jwt_encode_str(jwt);
        signed_token = arena_text(arena, encoded);
        free(encoded);
    }
    jwt_free(jwt);
    return signed_token;
}

/* ---- verifying ---- */

static const char *json_member(json_object *object, const char *key)
{
    json_object *value;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

/* The header decides nothing: it must say HS256 and name a key of ours. */
static const char *check_header(struct arena *arena, const char *token, int *key)
{
    const char *dot = strchr(token, '.');
    size_t len = dot ? (size_t)(dot - token) : 0, size;
    char *text = arena_alloc(arena, len + 1);
    struct json_problem problem;
    bool is_null;
    if (len == 0 || sodium_base642bin((unsigned char *)text, len, token, len, NULL, &size, NULL,
                                      sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return "token_malformed";
    json_object *header = json_read(arena, text, size, NULL, &is_null, &problem);
    if (!json_object_is_type(header, json_type_object))
        return "token_malformed";
    if (!text_equal(json_member(header, "alg"), "HS256"))
        return "token_algorithm";
    const char *kid = json_member(header, "kid");
    for (*key = 0; kid && *key < tokens.count; (*key)++)
        if (strcmp(tokens.ids[*key], kid) == 0)
            return NULL;
    return "token_key";
}

static const char *grant(struct arena *arena, jwt_t *jwt, const char *name)
{
    return arena_text(arena, jwt_get_grant(jwt, name));
}

static bool is_id(const char *text)
{
    return text && uuid_is(text);
}

/* A time beyond all calendars is far in the future: not yet good. */
static int64_t issued_us(jwt_t *jwt)
{
    int64_t us;
    if (__builtin_mul_overflow((int64_t)jwt_get_grant_int(jwt, "iat"), 1000000, &us) ||
        __builtin_add_overflow(us, (int64_t)jwt_get_grant_int(jwt, "iatUs"), &us))
        return INT64_MAX;
    return us;
}

static const char *read_claims(struct arena *arena, jwt_t *jwt, struct claims *out)
{
    const char *type = jwt_get_grant(jwt, "type");
    char *permissions = jwt_get_grants_json(jwt, "permissions");
    *out =
        (struct claims){.user_id = grant(arena, jwt, "userId"),
                        .email = grant(arena, jwt, "email"),
                        .name = grant(arena, jwt, "name"),
                        .locale = grant(arena, jwt, "locale"),
                        .role = grant(arena, jwt, "role"),
                        .tenant_id = grant(arena, jwt, "tenantId"),
                        .session_id = grant(arena, jwt, "sid"),
                        .impersonator_id = grant(arena, jwt, "impersonatorId"),
                        .impersonator_name = grant(arena, jwt, "impersonatorName"),
                        .rank = (int)jwt_get_grant_int(jwt, "rank"),
                        .is_operator = text_equal(type, audience_of(true)),
                        .must_enrol = jwt_get_grant_bool(jwt, "mustEnrol") == 1,
                        .must_change_password = jwt_get_grant_bool(jwt, "mustChangePassword") == 1,
                        .permissions = permissions_read(arena, permissions),
                        .issued_us = issued_us(jwt),
                        .expires_at = jwt_get_grant_int(jwt, "exp"),
                        .not_before = jwt_get_grant_int(jwt, "nbf")};
    free(permissions);
    if (!text_equal(jwt_get_grant(jwt, "iss"), tokens.issuer))
        return "token_issuer";
    if (!text_equal(jwt_get_grant(jwt, "aud"), type) ||
        !text_equal(type, audience_of(out->is_operator)))
        return "token_audience";
    if (out->impersonator_id && !is_id(out->impersonator_id))
        return "token_malformed";
    if (!is_id(out->user_id) || !is_id(out->tenant_id) || !is_id(out->session_id) || !out->role)
        return "token_malformed";
    return NULL;
}

static const char *check_time(const struct claims *claims)
{
    int64_t now_us = clock_now_us(), soon_us = now_us + LEEWAY_S * 1000000LL;
    if (claims->expires_at <= now_us / 1000000)
        return "token_expired";
    if (claims->issued_us > soon_us || claims->not_before > soon_us / 1000000)
        return "token_expired"; /* not yet good: the same for whoever sent it */
    return NULL;
}

static const char *verify_fully(struct arena *arena, const char *token, struct claims *out)
{
    int key;
    jwt_t *jwt = NULL;
    const char *problem = check_header(arena, token, &key);
    if (problem)
        return problem;
    if (jwt_decode(&jwt, token, tokens.keys[key], SECRET_BYTES) != 0)
        return "token_signature";
    problem = jwt_get_alg(jwt) == JWT_ALG_HS256 ? read_claims(arena, jwt, out) : "token_algorithm";
    jwt_free(jwt);
    return problem;
}

/* ---- what was verified ---- */

static const char **text_fields(struct claims *claims, int index)
{
    const char **const fields[] = {
        &claims->user_id,    &claims->email,           &claims->role,
        &claims->name,       &claims->locale,          &claims->tenant_id,
        &claims->session_id, &claims->impersonator_id, &claims->impersonator_name};
    return index < (int)COUNT(fields) ? fields[index] : NULL;
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *move_in(char **at, const char *text)
{
    char *place = *at;
    if (!text)
        return NULL;
    *at += size_of(text);
    return memcpy(place, text, size_of(text));
}

static struct cached *set_of(const unsigned char digest[static 32])
{
    return tokens.cache[(digest[0] | digest[1] << 8) % SETS];
}

/* Moved to the front of its set; NULL: not there. */
static struct cached *find_verified(const unsigned char digest[static 32])
{
    struct cached *set = set_of(digest);
    for (size_t i = 0; i < WAYS && set[i].memory; i++) {
        if (memcmp(set[i].digest, digest, sizeof set[i].digest) != 0)
            continue;
        struct cached found = set[i];
        memmove(set + 1, set, sizeof *set * i);
        set[0] = found;
        return set;
    }
    return NULL;
}

/* All that the claims point to, in one block of the heap. The one of its set
 * that was not used for longest goes. */
static void keep(const unsigned char digest[static 32], const struct claims *claims)
{
    struct claims own = *claims;
    size_t count = own.permissions.count, size = sizeof(char *) * (count + 1);
    for (int i = 0; text_fields(&own, i); i++)
        size += size_of(*text_fields(&own, i));
    for (size_t i = 0; i < count; i++)
        size += size_of(own.permissions.grants[i]);
    char *memory = malloc(size);
    if (!memory)
        return; /* the next request verifies again */
    char *at = memory + sizeof(char *) * (count + 1);
    const char **grants = (const char **)(void *)memory;
    for (int i = 0; text_fields(&own, i); i++)
        *text_fields(&own, i) = move_in(&at, *text_fields(&own, i));
    for (size_t i = 0; i < count; i++)
        grants[i] = move_in(&at, own.permissions.grants[i]);
    own.permissions.grants = grants;
    struct cached *set = set_of(digest);
    free(set[WAYS - 1].memory);
    memmove(set + 1, set, sizeof *set * (WAYS - 1));
    set[0] = (struct cached){.claims = own, .memory = memory, .size = size};
    memcpy(set[0].digest, digest, sizeof set[0].digest);
}

/* The entry may be replaced while the request waits, so it gets a copy: the
 * block, and its pointers moved along. */
static void copy_out(struct arena *arena, const struct cached *cached, struct claims *out)
{
    char *copy = arena_copy(arena, cached->memory, cached->size);
    const char **grants = (const char **)(void *)copy;
    *out = cached->claims;
    for (int i = 0; text_fields(out, i); i++)
        if (*text_fields(out, i))
            *text_fields(out, i) = copy + (*text_fields(out, i) - cached->memory);
    for (size_t i = 0; i < out->permissions.count; i++)
        grants[i] = copy + (grants[i] - cached->memory);
    out->permissions.grants = grants;
}

const char *token_verify(struct arena *arena, const char *token, struct claims *out)
{
    unsigned char digest[32];
    size_t len = strlen(token);
    if (len > TOKEN_MAX)
        return "token_malformed";
    crypto_generichash(digest, sizeof digest, (const unsigned char *)token, len, NULL, 0);
    const struct cached *cached = find_verified(digest);
    if (cached) {
        copy_out(arena, cached, out);
        return check_time(out);
    }
    const char *problem = verify_fully(arena, token, out);
    if (problem || (problem = check_time(out)))
        return problem;
    keep(digest, out);
    return NULL;
}
