/* network: addresses and the networks that hold them (CIDR, RFC 4632, RFC 4291). */
#ifndef ACCESS_NETWORK_H
#define ACCESS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the address is in one of the comma-separated networks
 * ("192.0.2.0/24,2001:db8::/32"; without a length: one address). An IPv4
 * address in IPv6 clothes (::ffff:192.0.2.1) is an IPv4 address. */
bool network_holds(const char *networks, const char *address);

/* Whether a tenant's rules let the address in: none of the networks with a mark
 * ("!203.0.113.0/24") holds it and, where there are some without, one of those
 * does. NULL: there are no rules. */
bool network_allows(const char *rules, const char *address);

/* Whether the text is one network, or one address; what follows its length must
 * be zero, since a mistake there is not seen later ("192.0.2.7/24" is none). */
bool network_is(const char *text);

/* Whom an address counts as: itself, or for IPv6 its /64, since that is what
 * one client is given. Into `out`; what is no address is copied. */
void network_of(const char *address, char *out, size_t size);

#endif
