/* mail: e-mail from templates, in the tenant's branding and the reader's language.
 *
 * A template is templates/mail/NAME.html (NAME.de.html for German, and so on by
 * locale); it fills the blocks subject, text and html of templates/mail/frame.html.
 * The message is made at once and queued as a job "mail.send" in the caller's
 * transaction, sealed, since it may hold a link that is a secret.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <json-c/json.h>
#include <stdbool.h>

struct cx;
struct db;
struct tenant;

struct mail {
    const char *template; /* "reset_password" */
    const char *to, *to_name;
    const char *locale; /* of the reader; NULL: the tenant's */
    json_object *data;  /* for the template (page_object()); branding, url and product name are
                         * added under "tenant" */
    const char *about;  /* one of the kinds of notifications, or NULL: always sent */
};

/* Queues one message in db's transaction. tenant NULL: cx->tenant. false with
 * the failure set. WAITS. */
bool mail_queue(struct cx *cx, struct db *db, const struct tenant *tenant, const struct mail *mail);

#endif
