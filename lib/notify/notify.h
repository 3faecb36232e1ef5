/* notify: telling one user of something, by the bell in every page.
 *
 * A kind of notification is a const table, named by the area that sends it
 * (struct area's .notifications), so that the page of preferences lists it:
 *
 *     const struct notification_kind lead_assigned = {
 *         "crm.lead_assigned", "A lead for you", "Somebody made you the owner of a lead."};
 *     notify_user(&db, tenant_id, user_id, &lead_assigned, &(struct notification){.title = …});
 *
 * It is written in the caller's transaction: who is told of what did not happen
 * is misled. Whoever listens (cgi-bin/realtime) hears of it once it is committed.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct cx;
struct db;

struct notification_kind {
    const char *type;  /* "crm.lead_assigned": area, thing */
    const char *title; /* on the page of preferences */
    const char *about; /* one sentence for it */
};

struct notification {
    const char *title; /* one line, at most 200 characters; longer is cut */
    const char *body;  /* or NULL; at most 2000 */
    const char *link;  /* a page of ours that says more ("/admin/users"), or NULL */
};

/* Writes it for a user of the tenant, unless they do not want this kind. The
 * tenant is db's own, or any for a db of the platform role. false: db->error.
 * WAITS. */
bool notify_user(struct db *db, const char *tenant_id, const char *user_id,
                 const struct notification_kind *kind, const struct notification *notification);

/* How many the one signed in has not read; -1 when that cannot be told. WAITS. */
int64_t notify_unread(struct cx *cx);

#endif
