/* auth: what the files of this area share. */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "access/session.h"
#include "base/uuid.h"
#include "http/route.h"
#include "notify/notify.h"

struct cx;
struct db;

/* An account whose password was right. */
struct account {
    char user_id[UUID_SIZE], tenant_id[UUID_SIZE];
    const char *email, *slug, *tenant_name, *name;
    bool must_change_password;
    bool has_factor; /* then the second step comes before the session */
};
enum { ACCOUNTS_MAX = 5 };

struct sign_in {
    struct account accounts[ACCOUNTS_MAX];
    size_t count;
};

/* Finds the accounts of an e-mail address (in one tenant, or in all when
 * tenant_id is NULL) whose password this is. false: locked out (429), wrong
 * (401 invalid_credentials), or the database is away. The answer and the work
 * are the same whether the account exists or not. WAITS. */
bool sign_in_check(struct cx *cx, const char *email, const char *password, const char *tenant_id,
                   struct sign_in *out);

/* Opens a session for one of them and writes the event. WAITS. */
bool sign_in_open(struct cx *cx, const struct account *account, enum session_kind kind,
                  struct session_tokens *out);

/* Checks the old password and the rules of the new one, stores it, and revokes
 * the user's other sessions. WAITS. */
bool password_change(struct cx *cx, const char *old_password, const char *new_password);

/* Whether a form comes from the bare domain or from this very host: for those that
 * are posted without a session. */
bool origin_is_ours(struct cx *cx);

/* Ends one of one's own sessions; 404 for another's. WAITS. */
bool own_session_end(struct cx *cx, const char *id);

extern const struct notification_kind notice_password_changed;
extern const struct route token_routes[];   /* login, logout, refresh */
extern const struct route account_routes[]; /* me, change-password, sessions */
extern const struct route page_sign_in_routes[];
extern const struct route page_account_routes[];
extern const struct route impersonation_routes[];

#endif
