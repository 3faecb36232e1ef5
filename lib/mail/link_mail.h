/* link_mail: a link of access/link.h on its way to its reader. */
#ifndef MAIL_LINK_MAIL_H
#define MAIL_LINK_MAIL_H

#include "access/link.h"

struct tenant;

struct link_mail {
    enum link_purpose purpose;
    const struct tenant *tenant; /* of the user */
    const char *user_id;
    const char *email, *name, *locale; /* to whom; name and locale may be NULL */
    const char *by;                    /* who asked for it, for an invitation; else NULL */
    const char *template;              /* NULL: that of the purpose */
};

/* Makes the link and queues the message, in one transaction (db's, if one is
 * open). db is set to the user's tenant. false with the failure set. WAITS. */
bool link_mail(struct cx *cx, struct db *db, const struct link_mail *what);

#endif
