/* domain: which names a tenant may claim as hosts of its own. */
#ifndef ACCESS_DOMAIN_H
#define ACCESS_DOMAIN_H

struct arena;

struct domain_problem {
    const char *code, *message; /* invalid_domain, domain_reserved */
};

/* A name as typed in its normal form: lower case, without the root's dot,
 * international labels as A-labels (RFC 5891, UTS 46 without transition). NULL,
 * with *problem filled, when it is none, an address, a single label, the
 * platform's own or below it, below no top-level domain that there is, or a suffix
 * under which others register names (publicsuffix.org). In the arena. */
char *domain_read(struct arena *arena, const char *typed, struct domain_problem *problem);

/* As people write it: with U-labels. */
char *domain_shown(struct arena *arena, const char *domain);

#endif
