/* sso_mapping: which roles the claims of a provider give. */
#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "sso.h"

enum { WANTED_MOST = 128 };

/* A value may hold both marks (urn:example:staff, cn=staff,ou=eu): the first "="
 * and the last ":" count. */
bool sso_rule_read(struct arena *arena, const char *line, struct sso_rule *out)
{
    const char *equals = strchr(line, '='), *colon = strrchr(line, ':');
    if (!equals || !colon || colon < equals)
        return false;
    out->claim = text_trim(arena, arena_copy(arena, line, (size_t)(equals - line)));
    out->value = text_trim(arena, arena_copy(arena, equals + 1, (size_t)(colon - equals - 1)));
    out->role = text_trim(arena, colon + 1);
    return *out->claim && *out->value && *out->role;
}

static bool rule_at(struct cx *cx, const struct sso_provider *provider, size_t i,
                    struct sso_rule *out)
{
    const char *line = json_object_get_string(json_object_array_get_idx(provider->role_mapping, i));
    return line && sso_rule_read(cx->arena, line, out);
}

static void add_once(json_object *list, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (text_equal(json_object_get_string(json_object_array_get_idx(list, i)), key))
            return;
    json_object_array_add(list, json_object_new_string(key));
}

static void release(void *object)
{
    json_object_put(object);
}

json_object *sso_roles(struct cx *cx, const struct sso_provider *provider, json_object *claims)
{
    struct sso_rule rule;
    json_object *roles = json_object_new_array();
    arena_defer(cx->arena, release, roles);
    for (size_t i = 0; i < json_object_array_length(provider->role_mapping); i++)
        if (rule_at(cx, provider, i, &rule) && oidc_claim_has(claims, rule.claim, rule.value))
            add_once(roles, rule.role);
    if (json_object_array_length(roles) == 0 && provider->default_role)
        add_once(roles, provider->default_role);
    return roles;
}

/* Of a path its first member. */
const char *const *sso_wanted_claims(struct cx *cx, const struct sso_provider *provider)
{
    const char **wanted = arena_alloc(cx->arena, sizeof *wanted * (WANTED_MOST + 3));
    struct sso_rule rule;
    size_t count = 0, rules = json_object_array_length(provider->role_mapping);
    wanted[count++] = "email";
    wanted[count++] = "email_verified";
    for (size_t i = 0; i < rules && count < WANTED_MOST; i++)
        if (rule_at(cx, provider, i, &rule))
            wanted[count++] = strstr(rule.claim, "://")
                                  ? rule.claim
                                  : arena_copy(cx->arena, rule.claim, strcspn(rule.claim, "."));
    return wanted;
}
