#include "access/domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <string.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/host.h"
#include "base/log.h"
#include "base/text.h"

/* So that "_tulou." fits before it (RFC 1035 2.3.4). */
enum { DOMAIN_MAX = 246 };

/* Names that the list of suffixes has, and that are no hosts of anybody's in the
 * DNS (RFC 6761, RFC 7686, RFC 8375). */
static const char *const reserved[] = {"localhost", "local", "internal", "invalid", "test",
                                       "example",   "onion", "arpa",     "alt"};

static char *refuse(struct domain_problem *problem, const char *code, const char *message)
{
    *problem = (struct domain_problem){code, message};
    return NULL;
}

/* The newest list on this machine, read once. */
static const psl_ctx_t *suffixes(void)
{
    static psl_ctx_t *list;
    if (!list)
        list = psl_latest(NULL);
    if (!list)
        log_error("there is no list of public suffixes");
    return list;
}

static bool is_below(const char *domain, const char *base)
{
    size_t len = strlen(domain), tail = strlen(base);
    return len >= tail && strcasecmp(domain + len - tail, base) == 0 &&
           (len == tail || domain[len - tail - 1] == '.');
}

/* TULOU_PUBLIC_URL's host may be another than the base domain. */
static bool is_ours(struct arena *arena, const char *domain)
{
    const char *url = config_text(CONFIG_TULOU_PUBLIC_URL), *mark = strstr(url, "://");
    const char *host = mark ? mark + 3 : url;
    size_t len = strcspn(host, ":/");
    return is_below(domain, config_text(CONFIG_TULOU_DOMAIN)) ||
           (len > 0 && is_below(domain, arena_copy(arena, host, len)));
}

static bool is_reserved(const char *domain)
{
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (is_below(domain, reserved[i]))
            return true;
    return false;
}

static char *check(struct arena *arena, char *domain, struct domain_problem *problem)
{
    const psl_ctx_t *list = suffixes();
    const char *last = strrchr(domain, '.');
    if (is_ours(arena, domain))
        return refuse(problem, "domain_reserved",
                      "Names below the platform's own are given by it.");
    if (is_reserved(domain))
        return refuse(problem, "domain_reserved", "This name is reserved and is no host's.");
    if (!list)
        return refuse(problem, "invalid_domain", "Domains cannot be checked here at present.");
    if (!last || !psl_is_public_suffix2(list, last + 1, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE))
        return refuse(problem, "invalid_domain", "There is no such top-level domain.");
    if (psl_is_public_suffix(list, domain))
        return refuse(problem, "domain_reserved", "Others register names below this one.");
    return domain;
}

char *domain_read(struct arena *arena, const char *typed, struct domain_problem *problem)
{
    static const char form[] = "This is not a domain name, such as club.example.com.";
    char *name = text_trim(arena, typed);
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        name[len - 1] = '\0';
    char *domain = host_read(arena, name);
    if (!domain || strlen(domain) > DOMAIN_MAX || host_is_number(domain))
        return refuse(problem, "invalid_domain", form);
    return check(arena, domain, problem);
}

char *domain_shown(struct arena *arena, const char *domain)
{
    char *found = NULL;
    if (idn2_to_unicode_8z8z(domain, &found, IDN2_NONTRANSITIONAL) != IDN2_OK)
        return arena_text(arena, domain);
    char *shown = arena_text(arena, found);
    idn2_free(found);
    return shown;
}
