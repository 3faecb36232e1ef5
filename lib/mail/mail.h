/* mail: e-mail from templates, in the tenant's branding and the reader's language.
 *
 * A template is templates/mail/NAME.html, in English; the catalogues have its texts in the other
 * languages. Its text is said once, for the HTML part and the plain one alike:
 *
 *     {{<mail/frame}}
 *     {{$subject}}Reset your password at {{tenant.name}}{{/subject}}
 *     {{$intro}}Somebody, hopefully you, asked for a new password.{{/intro}}
 *     {{$action}}Choose a new password{{/action}}
 *     {{$note}}The link works once, until {{expires}}.{{/note}}
 *     {{/mail/frame}}
 *
 * Blocks hold text, one paragraph each, without
 * markup. Of the data the frame shows: "link", the address behind the button that
 * is named by {{$action}}, and "facts", a list of {"label", "value"}. Whatever is
 * in the data may be named in the blocks, and "to_name", "tenant.name",
 * "tenant.url" besides.
 *
 * To send one, in the transaction of what causes it:
 *
 *     json_object *data = page_object(cx);
 *     page_set(data, "link", link);
 *     return mail_queue(cx, &cx->db, NULL, &(struct mail){
 *         .template = "reset_password", .to = email, .to_name = name, .locale = locale,
 *         .data = data});
 *
 * It is made at once and queued as a job "mail.send", sealed, since a link may be
 * a secret. Without TULOU_SMTP_URL it becomes a file in TULOU_VAR/mail, which
 * /platform/mail shows.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <json-c/json.h>
#include <stdbool.h>

struct client_mail;
struct cx;
struct db;
struct job_kind;
struct tenant;

/* What becomes of a message when the tenant's e-mails of the month are used up (tenant_quotas). All
 * are counted. */
enum mail_quota {
    MAIL_ALWAYS,    /* it goes: people need it to come in, or to know of a danger */
    MAIL_IF_LEFT,   /* it is left out without a word */
    MAIL_OR_REFUSED /* what causes it is refused: 403 quota_exceeded */
};

struct mail {
    const char *template;     /* "reset_password" */
    const char *to, *to_name; /* to_name: NULL when unknown */
    const char *locale;       /* of the reader; NULL: the tenant's */
    bool unverified_too;      /* goes out although the tenant is unverified: what its people need to
                                 come in and to prove their address */
    enum mail_quota quota;
    json_object *data; /* for the template (page_object()), or NULL; members are added to it */
};

/* A tenant that signed up by itself is no way to have us write to strangers: until
 * it is verified (access/tenant.h) only mail with unverified_too goes out, and any
 * other is left out without a word; who must know of that asks before.
 *
 * Queues one message in db's transaction (in one of its own outside of any) and
 * in db's tenant. `tenant` is who writes; NULL: cx->tenant. An address that no
 * server could take is found when it is sent, so that nobody learns here whether
 * an account exists. false with the failure set. WAITS. */
bool mail_queue(struct cx *cx, struct db *db, const struct tenant *tenant, const struct mail *mail);

/* "mail.send". An address or a message that the server refuses for good is a dead
 * letter at once; everything else is tried again for about three days. The
 * Message-ID is that of the job, so that a second copy after a crash can be told. */
extern const struct job_kind mail_send;

/* Whether mail goes to a server; else to TULOU_VAR/mail. */
bool mail_has_server(void);
/* The server of the configuration, without a message. */
void mail_server(struct client_mail *mail);

#endif
