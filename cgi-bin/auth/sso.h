/* sso: signing in by a tenant's own OpenID provider (lib/oidc speaks with it).
 *
 * A provider says who somebody is, so whoever chooses it could say to be anybody:
 * it lets in nobody whose rights the one who saved it last did not cover. A person is known by
 * issuer and subject; an account that was there before is found once, by an
 * e-mail address that the provider has verified.
 */
#ifndef AUTH_SSO_H
#define AUTH_SSO_H

#include <json-c/json.h>
#include <stdbool.h>

#include "access/roles.h"
#include "auth.h"
#include "oidc/oidc.h"
#include "resource/resource.h"

/* ---- sso_providers.c ---- */
struct sso_provider {
    char id[UUID_SIZE];
    const char *name;
    struct oidc_client client; /* its secret opened: never log */
    bool enabled, create_users, roles_follow;
    const char *default_role; /* or NULL */
    json_object *role_mapping, *email_domains, *mfa_values;
    struct rights most; /* of whoever saved it last: it lets nobody in who has more */
};
/* One of the tenant that db is set to. false: 404, or the database is away. WAITS. */
bool sso_provider_find(struct cx *cx, struct db *db, const char *id, struct sso_provider *out);
/* Where providers send browsers back to: it must be registered there. */
char *sso_redirect_uri(struct cx *cx, const char *origin);

/* ---- sso_mapping.c ---- */
/* "groups=staff-eu: front_desk": a claim, one of its values, the role that it gives. */
struct sso_rule {
    const char *claim, *value, *role;
};
bool sso_rule_read(struct arena *arena, const char *line, struct sso_rule *out);
/* The roles that the claims give, as a JSON array; the default role where none does. */
json_object *sso_roles(struct cx *cx, const struct sso_provider *provider, json_object *claims);
/* The claims that a sign-in needs, NULL-terminated. */
const char *const *sso_wanted_claims(struct cx *cx, const struct sso_provider *provider);

/* ---- sso_users.c ---- */
/* Whom the claims mean: found, linked, or made. false with *why, a sentence for the
 * person, or NULL and the failure set. WAITS. */
bool sso_find_account(struct cx *cx, const struct sso_provider *provider, json_object *claims,
                      struct account *out, const char **why);

/* ---- sso_sign_in.c ---- */
/* The buttons of the login page; false: the failure is set. WAITS. */
bool sso_add_buttons(struct cx *cx, json_object *data, const char *next);

extern const struct resource sso_providers, sso_identities;
extern const struct route sso_routes[]; /* /api/auth/sso/:tenant/… */

/* ---- sso_check.c ---- */
extern const struct action sso_test;
/* What the test has just found, on the provider's page. */
void sso_add_test(struct cx *cx, json_object *data);

#endif
