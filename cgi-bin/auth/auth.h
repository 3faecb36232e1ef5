/* auth: what the files of this area share. */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "access/link.h"
#include "access/session.h"
#include "base/uuid.h"
#include "http/route.h"
#include "notify/notify.h"

struct cx;
struct db;

/* An account whose password was right, or whom a provider vouches for. */
struct account {
    char user_id[UUID_SIZE], tenant_id[UUID_SIZE];
    const char *email, *slug, *tenant_name, *name;
    bool must_change_password;
    bool has_factor;   /* then the second step comes before the session */
    bool by_sso;       /* known by the tenant's OpenID provider */
    bool provider_mfa; /* which asked for a second factor itself */
    /* Of who comes from a linked workspace, else "": where the switches began, and the
     * session that this one is opened from. */
    char chain_id[UUID_SIZE], parent_id[UUID_SIZE];
};
enum { ACCOUNTS_MAX = 5 };

struct sign_in {
    struct account accounts[ACCOUNTS_MAX];
    size_t count;
    bool expired; /* the password was right, but one that had to be changed in time */
};

/* Finds the accounts of an e-mail address (in one tenant, or in all when
 * tenant_id is NULL) whose password this is. false: locked out (429), wrong
 * (401 invalid_credentials), too old a first one (403 password_expired), or the database is
 * away. The answer and the work
 * are the same whether the account exists or not. WAITS. */
bool sign_in_check(struct cx *cx, const char *email, const char *password, const char *tenant_id,
                   struct sign_in *out);

/* Opens a session for one of them and writes the event. 403 sso_required where the
 * tenant lets only owners in by other ways than its provider. WAITS. */
bool sign_in_open(struct cx *cx, const struct account *account, enum session_kind kind,
                  struct session_tokens *out);

/* Checks the old password and the rules of the new one, stores it, and revokes
 * the user's other sessions. WAITS. */
bool password_change(struct cx *cx, const char *old_password, const char *new_password);

/* Whether a form comes from the bare domain or from this very host: for those that
 * are posted without a session. */
bool origin_is_ours(struct cx *cx);
/* Whether it comes from any host below the base domain, where no page is but ours,
 * or from this very host. */
bool origin_is_below_base(struct cx *cx);

/* Sends a link for a new password to each account of the address, in one tenant
 * or in all. The answer and its time are the same if there is none. WAITS. */
bool password_forgotten(struct cx *cx, const char *email, const char *tenant_id);
/* What a link of an e-mail is for, once; cx->db is of the platform role. false:
 * the link's failures, 422 for the password or the name. WAITS. */
bool password_reset(struct cx *cx, const char *token, const char *password);
bool invitation_accept(struct cx *cx, const char *token, const char *name, const char *password);
/* Confirms the account's address or changes it to the new one (409 email_taken). */
bool email_confirm(struct cx *cx, const char *token, struct link *link);

/* Sends the one signed in a link that confirms the address, or changes it to
 * another: 429 too_many_links, 409 already_verified. WAITS. */
bool email_verify_ask(struct cx *cx);
bool email_change_ask(struct cx *cx, const char *email, const char *password);
bool email_is_verified(struct cx *cx, bool *verified);

/* Ends one of one's own sessions; 404 for another's. WAITS. */
bool own_session_end(struct cx *cx, const char *id);

extern const struct route avatar_routes[];  /* one's own photo */
extern const struct route token_routes[];   /* login, logout, refresh */
extern const struct route account_routes[]; /* me, change-password, sessions */
extern const struct route link_routes[];    /* forgotten, reset, accept, verify */
extern const struct route email_routes[];   /* change-email, send-verification; pages too */
extern const struct route page_sign_in_routes[];
extern const struct route page_link_routes[];
extern const struct route page_account_routes[];
extern const struct route impersonation_routes[];
extern const struct route workspace_routes[];      /* linked accounts, by API */
extern const struct route page_workspace_routes[]; /* and by page */

/* ---- avatar.c ---- */
/* Adds "avatar", the address of one's own photo or null, to the data of a page. WAITS; false: the
 * failure is set. */
struct json_object;
bool avatar_add_to_page(struct cx *cx, struct json_object *data);

/* ---- mfa.c, pages_factors.c ---- */
/* The page that shows recovery codes, this once. */
bool factor_show_codes(struct cx *cx, const char *const *codes);
extern const struct route factor_routes[];      /* /api/auth/mfa */
extern const struct route page_factor_routes[]; /* /account/two-step */

#endif
