/* ticket: from the bare domain into a workspace without the password again. The
 * page there posts it to the tenant's /login/continue; it is good once, for five
 * minutes. A secret: never log. */
#ifndef ACCESS_TICKET_H
#define ACCESS_TICKET_H

struct db;

/* Makes one for a user of the tenant, in db's transaction if one is open, and
 * answers it in db's arena. db is of the platform role. NULL: db->error. WAITS. */
char *ticket_make(struct db *db, const char *tenant_id, const char *user_id);

#endif
