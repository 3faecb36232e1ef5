/* client: what we send to others: HTTP and SMTP by libcurl, its multi interface
 * on our loop, so that a coroutine waits for an answer while the others run.
 *
 * Floor: above base, beside db. Addresses that tenants choose (webhooks, OpenID
 * providers) are checked: with CLIENT_OUTSIDE a name that leads into the
 * operator's own network (loopback, private, link-local, unique local, and the
 * like; RFC 6890) is refused after it was looked up, for each connection, so
 * that a second look-up cannot differ.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum client_flags {
    CLIENT_OUTSIDE = 1, /* not into our own network (TULOU_ALLOW_PRIVATE=1 allows it, for tests) */
    CLIENT_HTTPS_ONLY = 2 /* no plain http (the same variable allows loopback) */
};

struct client_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *body;
    size_t body_len;
    int timeout_s;   /* of the whole; 0: 10 */
    size_t body_max; /* of the answer; 0: 1 MiB */
    unsigned flags;
};

struct client_answer {
    int status;       /* 0: none came, see problem */
    const char *body; /* in the arena, NUL after it; "" when empty */
    size_t body_len;
    const char *content_type; /* or "" */
    const char *problem;      /* one sentence without secrets; NULL when status is set */
};

/* Redirects are not followed. true when an answer came, whatever its status. WAITS. */
bool client_fetch(struct arena *arena, const struct client_request *request,
                  struct client_answer *answer);

/* One message over SMTP (RFC 5321), with TLS and authentication as the URL and
 * the options say. */
struct client_mail {
    const char *url; /* "smtp://host:port", "smtps://…" */
    bool require_tls;
    const char *user, *password; /* NULL: none */
    const char *from;            /* envelope */
    const char *to;
    const char *message; /* RFC 5322, with CRLF */
    size_t message_len;
    int timeout_s; /* 0: 60 */
};
struct client_mail_answer {
    int status; /* the server's last code (250, 451, 550 …); 0: none came */
    const char *problem;
};
/* true when the server took it (2xx). WAITS. */
bool client_mail(struct arena *arena, const struct client_mail *mail,
                 struct client_mail_answer *answer);

#endif
