/* internal: what the files of client share. */
#ifndef CLIENT_INTERNAL_H
#define CLIENT_INTERNAL_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

struct arena;
struct client_mail;
struct client_mail_answer;

/* ---- address.c ---- */
bool address_is_loopback(const struct sockaddr *address);
/* Globally reachable by the registries of RFC 6890; addresses that carry an IPv4
 * address within (mapped, 6to4, NAT64) count as what they carry. */
bool address_is_public(const struct sockaddr *address);

/* ---- multi.c ---- */
/* Connections are kept and used again only among those that were opened under
 * the same check. */
enum client_pool { POOL_INSIDE, POOL_OUTSIDE, POOLS };
/* Makes libcurl ready, once in a process. */
bool curl_ready(void);
/* Runs the transfer on the loop. false: cancelled, past the deadline, or it could
 * not begin; *result is set otherwise. The handle is the caller's again. WAITS. */
bool multi_perform(enum client_pool pool, CURL *easy, CURLcode *result);

/* ---- problem.c ---- */
/* Why a transfer failed, in one sentence of printable ASCII. `detail` is
 * libcurl's error buffer. */
const char *curl_problem(struct arena *arena, CURLcode code, const char *detail);
/* What both kinds of transfers set alike: no signals, no proxies, our authorities. */
void curl_set_common(CURL *easy, char *detail, int timeout_s);

/* ---- smtp.c ---- */
/* One message by a connection of its own, on the thread that calls. It stops soon
 * after *give_up is set. The handle that it returns (or NULL) still says good-bye
 * when smtp_close() is called, which may take a moment. */
CURL *smtp_send(struct arena *arena, const struct client_mail *mail,
                struct client_mail_answer *answer, const atomic_bool *give_up);
void smtp_close(CURL *easy);

/* ---- send.c ---- */
void senders_end(void);

#endif
