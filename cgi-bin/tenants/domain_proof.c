/* domain_proof: whether a domain shows a token, by its DNS or by its site. */
#include <string.h>

#include "access/tenant.h"
#include "base/arena.h"
#include "base/sentence.h"
#include "base/text.h"
#include "client/client.h"
#include "client/names.h"
#include "domains.h"

enum { SITE_TIMEOUT_S = 4, SITE_BODY_MAX = 1024 };

static enum proof by_record(struct arena *arena, const char *domain, const char *token,
                            const char **problem)
{
    struct name_texts found;
    const char *name = arena_printf(arena, "_tulou.%s", domain);
    enum name_status status = names_texts(arena, name, &found);
    for (size_t i = 0; i < found.count; i++)
        if (strcmp(text_trim(arena, found.texts[i]), token) == 0)
            return PROOF_THERE;
    if (status == NAME_UNKNOWN)
        *problem = sentence_keep(arena, "The DNS gave no answer about %s.", name);
    else if (status == NAME_NONE)
        *problem = sentence_keep(arena, "There is no TXT record %s.", name);
    else
        *problem = sentence_keep(arena, "The TXT record %s holds another value.", name);
    return status == NAME_UNKNOWN ? PROOF_UNKNOWN : PROOF_NONE;
}

static bool at_address(struct arena *arena, const char *origin, const char *address,
                       const char *token)
{
    struct client_answer answer;
    const struct client_request request = {.url =
                                               arena_printf(arena, "%s" DOMAIN_PROOF_PATH, origin),
                                           .address = address,
                                           .timeout_s = SITE_TIMEOUT_S,
                                           .body_max = SITE_BODY_MAX,
                                           .flags = CLIENT_OUTSIDE};
    return client_fetch(arena, &request, &answer) && answer.status == 200 &&
           strcmp(text_trim(arena, answer.body), token) == 0;
}

/* By https, by http, and where our own pages would be. A site that does not answer
 * shows nothing: the proof of a verified domain may be gone for days. */
static enum proof by_site(struct arena *arena, const char *domain, const char *token)
{
    const char *address;
    const char *origins[] = {arena_printf(arena, "https://%s", domain),
                             arena_printf(arena, "http://%s", domain), url_of_host(arena, domain)};
    enum name_status status = names_address(arena, domain, &address);
    if (status != NAME_FOUND)
        return status == NAME_NONE ? PROOF_NONE : PROOF_UNKNOWN;
    bool third = !text_equal(origins[2], origins[0]) && !text_equal(origins[2], origins[1]);
    for (size_t i = 0; i < (third ? 3 : 2); i++)
        if (at_address(arena, origins[i], address, token))
            return PROOF_THERE;
    return PROOF_NONE;
}

enum proof domain_prove(struct arena *arena, const char *domain, const char *token,
                        const char **problem)
{
    enum proof proof = by_record(arena, domain, token, problem);
    if (proof == PROOF_THERE)
        return proof;
    enum proof site = by_site(arena, domain, token);
    if (site == PROOF_THERE)
        return site;
    return proof == PROOF_UNKNOWN || site == PROOF_UNKNOWN ? PROOF_UNKNOWN : PROOF_NONE;
}
