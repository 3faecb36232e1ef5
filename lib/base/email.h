/* email: which addresses there are. One answer for everything that takes, stores or
 * sends: what is taken can be mailed. */
#ifndef BASE_EMAIL_H
#define BASE_EMAIL_H

#include <stdbool.h>

struct arena;

enum { EMAIL_MAX = 254 }; /* RFC 5321 4.5.3.1.3, without the angle brackets */

/* The normal form of an address as it was typed: without the white space around it, in
 * small letters, the domain's labels as the DNS has them (RFC 5891, UTS 46: bücher.example
 * is xn--bcher-kva.example). In the arena; NULL: this is no address that mail from the
 * internet reaches. The local part is RFC 5321's dot-string of ASCII, since few servers
 * take others (RFC 6531); the domain has a dot, and is no number (no IP address). */
char *email_read(struct arena *arena, const char *typed);

/* Whether it is the normal form of an address already. */
bool email_is(const char *address);

/* Whether a message may name it as its sender: the same, but an own host may be a single
 * label (no-reply@localhost) and letters large. */
bool email_may_send(const char *address);

#endif
