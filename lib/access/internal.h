/* internal: what the files of the access floor share. */
#ifndef ACCESS_INTERNAL_H
#define ACCESS_INTERNAL_H

#include <stdbool.h>

#include "access/api_key.h"
#include "access/token.h"

struct cx;
struct db;
struct tenant;

/* The one tenant of kind platform, made by migrations/0010. */
static const char platform_id[] = "00000000-0000-7000-8000-000000000001";

/* ---- tenant_cache.c ---- */
enum tenant_key { BY_DOMAIN, BY_SLUG, BY_ID };
/* *found NULL: there is none, or it is deleted; held until the request ends.
 * false: the database is away (cx->db.error). WAITS. */
bool tenant_look_up(struct cx *cx, enum tenant_key kind, const char *key,
                    const struct tenant **found);

/* ---- session.c ---- */
/* What stands in Authorization: an access token or an API key. */
struct bearer {
    bool presented, is_key;
    const char *tenant_id; /* that it says it belongs to; NULL: none was presented */
    struct claims claims;  /* of a token, verified */
    struct api_key key;    /* of a key, well-formed */
};
/* false: it is bad (401 set), or it cannot be checked yet (503). */
bool session_read_bearer(struct cx *cx, struct bearer *out);
/* cx->session from it (after tenant_resolve() with its tenant), or from the
 * cookie. WAITS for keys and cookies. */
bool session_from_bearer(struct cx *cx, const struct bearer *bearer);
bool session_from_cookie(struct cx *cx);

/* ---- api_key_session.c ---- */
bool session_from_key(struct cx *cx, const struct api_key *key);

/* ---- session_store.c ---- */
/* How many days a session of the tenant lives without use, as text. */
const char *session_days(struct cx *cx, const char *tenant_id);

/* ---- access.c ---- */
/* 403 network_denied when the tenant's rules keep the client's address out. */
bool network_check(struct cx *cx, const struct tenant *tenant);

/* ---- limit.c ---- */
bool limit_check(struct cx *cx);
/* For those whom nobody knows yet: by address alone. */
bool limit_check_stranger(struct cx *cx);

/* ---- csrf.c ---- */
bool csrf_check(struct cx *cx);
/* The HMAC of a session's id (or of the cookie before there is one). */
char *csrf_token(struct cx *cx, const char *subject);

#endif
