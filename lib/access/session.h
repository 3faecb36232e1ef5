/* session: who is signed in. One table serves browser cookies and refresh
 * tokens; an access token names its session in the claim `sid`.
 *
 * Revocation is at once on this machine through shared memory and within a
 * NOTIFY on others; access tokens also end by themselves (15 minutes).
 */
#ifndef ACCESS_SESSION_H
#define ACCESS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "access/permission.h"
#include "base/uuid.h"

struct cx;
struct db;

/* An API key is no row of sessions, but it comes with the same rights. */
enum session_kind { SESSION_TOKEN, SESSION_COOKIE, SESSION_API_KEY };

struct session {
    enum session_kind kind;
    char id[UUID_SIZE];      /* of an API key: the key's */
    char user_id[UUID_SIZE]; /* of an API key: who made it */
    char tenant_id[UUID_SIZE];
    const char *email, *name, *role; /* role: key of the highest-ranked role */
    const char *locale;              /* the language the user chose, or NULL */
    int rank;                        /* of that role; higher is mightier */
    bool is_operator;                /* user of the platform tenant: audience PLATFORM_USER */
    bool must_change_password;
    bool must_enrol; /* a second factor must be set up before anything else */
    struct permissions permissions;
    bool is_linked;   /* with accounts in other workspaces; of cookie sessions only */
    const char *csrf; /* token for forms; cookie sessions only */
    /* The operator who acts as the user; NULL: they are themselves. */
    const char *impersonator_id, *impersonator_name;
    const char *ends_at; /* of such a session by cookie: "2026-11-21 09:30:00+00" */
};

/* An operator who acts as a user: who, why, and for how long at most. */
struct impersonation {
    const char *operator_id, *operator_name, *reason;
    const char *session_id; /* the operator's own, with which it ends */
    int minutes;
};

/* What a successful sign-in gives. Secrets: never log. */
struct session_tokens {
    const char *access, *refresh, *cookie; /* cookie: value for the browser; else NULL */
    int64_t expires_in;                    /* seconds of the access token */
    char session_id[UUID_SIZE];
};

/* Whom the requests of a session count for: the user, or the API key. */
const char *session_actor(const struct session *session);

/* Opens a session for a user of the tenant db is set to. WAITS. */
bool session_open(struct cx *cx, struct db *db, const char *user_id, enum session_kind kind,
                  struct session_tokens *out);
/* The same for an operator, within the rights of the user and for that time
 * alone: there is no refresh token, and use does not prolong it. WAITS. */
bool session_open_as(struct cx *cx, struct db *db, const char *user_id, enum session_kind kind,
                     const struct impersonation *by, struct session_tokens *out);
/* What a log shows as the actor's name: the user, or the operator as the user. */
const char *session_actor_name(struct cx *cx, const struct session *session);
/* Rotates a refresh token (RFC 9700 4.14.2): a second use revokes the family, but for the same
 * client (user agent and network) within ten seconds, which gets the same successor. WAITS. */
bool session_refresh(struct cx *cx, const char *refresh, struct session_tokens *out);
/* Ends the session of a refresh token, also of one that was used up. One that is nobody's
 * is none any more, which is what was asked for (RFC 7009 2.2). 403 tenant_mismatch. WAITS. */
bool session_revoke_refresh(struct cx *cx, const char *refresh);
/* Revokes one session, or all of a user except `keep` (NULL: none kept); and all that was
 * opened from them by switches or impersonation, in whichever tenant (not what `keep` opened);
 * of an operator also every session in which they act as somebody. Call it in the transaction
 * of the change that it follows from. The log says of one: db->action, else session.ended of
 * one's own, auth.session_revoked of another; of all the change that they end for stands there.
 * `why` is a literal. WAITS. */
bool session_revoke(struct cx *cx, struct db *db, const char *session_id, const char *why);
bool session_revoke_user(struct cx *cx, struct db *db, const char *user_id, const char *keep,
                         const char *why);
/* After a change whose triggers may end sessions by the way (of a link between workspaces, of
 * operators in a tenant), in its transaction: their tokens are void at its commit. WAITS. */
bool session_void_ended(struct cx *cx, struct db *db);
/* The rights of a user (or of everybody in a tenant) changed: tokens issued
 * before must be refreshed (401 token_stale), from db's commit on. NULL: at once. */
void session_rights_changed(struct db *db, const char *user_or_tenant_id);
/* An API key was revoked: it opens nothing from db's commit on. */
void session_key_revoked(struct db *db, const char *key_id);

#endif
