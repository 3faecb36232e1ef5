/* notify: telling one user of something, by the bell in every page and, where
 * they wish it, by e-mail.
 *
 * A kind of notification is a const table, named by the area that sends it
 * (struct area's .notifications), so that the page of preferences lists it:
 *
 *     const struct notification_kind lead_assigned = {
 *         "crm.lead_assigned", "A lead for you", "Somebody made you the owner of a lead."};
 *     notify_user(cx, &cx->db, tenant_id, user_id, &lead_assigned, &(struct notification){.title =
 * …});
 *
 * It is written in the caller's transaction: who is told of what did not happen
 * is misled. Whoever listens (cgi-bin/realtime) hears of it once it is committed.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <json-c/json.h>
#include <stdbool.h>

struct cx;
struct db;

struct notification_kind {
    const char *type;  /* "crm.lead_assigned": area, thing */
    const char *title; /* on the page of preferences */
    const char *about; /* one sentence for it */
    bool email;        /* by e-mail too, unless the user says otherwise */
};

/* Title and body are English texts of the catalogues; each may have one %s, in which `about`
 * stands: a name, or when `at` is given that instant. The reader has them in their language. */
struct notification {
    const char *title;    /* one line, at most 200 characters; longer is cut */
    const char *body;     /* or NULL; at most 2000 */
    const char *about;    /* what %s stands for; a text of ours is translated too */
    const char *at;       /* or an instant, as the database writes it; the mail has it as "date" */
    const char *link;     /* a page of ours that says more ("/admin/users"), or NULL */
    const char *template; /* of the e-mail, in the reader's language; NULL: title and body */
    json_object *data;    /* for it (page_object()), or NULL */
};

/* Writes it for a user of the tenant, and queues the e-mail, unless they do not
 * want this kind. The tenant is db's own, or any for a db of the platform role.
 * false with the failure set. WAITS. */
bool notify_user(struct cx *cx, struct db *db, const char *tenant_id, const char *user_id,
                 const struct notification_kind *kind, const struct notification *notification);

#endif
