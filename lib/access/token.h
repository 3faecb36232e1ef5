/* token: access tokens, JWT (RFC 7519) with HS256 through libjwt.
 *
 * Keys derive from TULOU_SECRET_KEY and a key id ("kid" in the header); ids
 * are kept in the table signing_keys: the newest signs, older ones verify
 * until they retire, so rotation signs nobody out. Only HS256 is accepted,
 * whatever the header says (RFC 8725 3.1).
 */
#ifndef ACCESS_TOKEN_H
#define ACCESS_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "access/permission.h"

struct arena;

struct claims {
    const char *user_id, *email, *role, *tenant_id, *session_id;
    const char *name;   /* claim "name" */
    const char *locale; /* claim "locale" (OpenID Connect Core 5.1): the user's language, or NULL */
    int rank;           /* claim "rank" */
    /* claims "impersonatorId", "impersonatorName": the operator who acts as the user, or NULL */
    const char *impersonator_id, *impersonator_name;
    bool is_operator;          /* type and aud: PLATFORM_USER, else ADMIN_USER */
    bool must_enrol;           /* claim "mustEnrol", only when true: see access/factor.h */
    bool must_change_password; /* claim "mustChangePassword", only when true */
    struct permissions permissions;
    int64_t issued_us;  /* claim "iat" in seconds; "iatUs" keeps the rest */
    int64_t expires_at; /* seconds since 1970 */
    int64_t not_before; /* the same; 0: none (ours have none) */
};

/* Signs; NULL only without keys. */
char *token_sign(struct arena *arena, const struct claims *claims);

/* Verifies signature, algorithm, key id, iss, aud against type, exp, nbf and
 * iat. NULL when good, else a stable code: token_malformed token_algorithm
 * token_key token_signature token_expired token_audience token_issuer. */
const char *token_verify(struct arena *arena, const char *token, struct claims *out);

/* Keys of this process by their ids, at most 16; the last one signs. */
void token_set_keys(const char *const *ids, int count);
bool token_ready(void); /* there are keys */
void token_set_issuer(const char *issuer);

#endif
