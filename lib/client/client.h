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
    CLIENT_HTTPS_ONLY = 2 /* no plain http (the same variable allows it to loopback) */
};

struct client_request {
    const char *method; /* NULL: GET, or POST with a body */
    const char *url;
    const char *address;        /* connect here instead of looking the host up; NULL: look */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *body;
    size_t body_len;
    int body_fd; /* instead of `body`, when body_fd_len is more than 0: so many bytes of this
                  * descriptor, from its beginning, read while they are sent */
    int64_t body_fd_len;
    int timeout_s;   /* of the whole; 0: 10 */
    size_t body_max; /* of the answer; 0: 1 MiB */
    unsigned flags;
};

struct client_answer {
    int status;       /* 0: none came, see problem */
    const char *body; /* in the arena, NUL after it; "" when empty */
    size_t body_len;
    const char *content_type; /* or "" */
    int64_t retry_after_s;    /* what the answer asks for (RFC 9110 10.2.3), or 0 */
    const char *problem;      /* one sentence without secrets; NULL when status is set */
};

/* Redirects are not followed, proxies of the environment not used. true when a
 * whole answer came, whatever its status. When the coroutine is cancelled or its
 * deadline passes, the connection is given up at once. WAITS. */
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
    int status;   /* 250; else the server's last code if it was an error (451, 550 …), or 0 */
    bool refused; /* 5xx for this sender, reader or message: trying again is useless. Not for
                   * a sign-in or a connection that the server refuses: an operator mends that */
    const char *problem; /* with the server's own words */
};
/* true when the server took it. A few at once for each process, the others wait
 * for their turn. When the coroutine is cancelled while the message is on its way,
 * the server may have taken it. WAITS. */
bool client_mail(struct arena *arena, const struct client_mail *mail,
                 struct client_mail_answer *answer);

/* Connects and says good-bye (EHLO, STARTTLS, signing in), so that a wrong
 * configuration is seen before a message waits. Blocks: for commands, not for the loop. */
bool client_mail_check(struct arena *arena, const struct client_mail *mail,
                       struct client_mail_answer *answer);

/* Closes kept connections: for tests, before loop_end(). */
void client_end(void);

#endif
