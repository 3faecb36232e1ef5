/* recovery: codes that open an account when its other factors are out of reach. */
#ifndef AUTH_RECOVERY_H
#define AUTH_RECOVERY_H

#include <stdbool.h>

struct cx;
struct db;

/* Ten new ones in place of those there are, in db's transaction; NULL-terminated,
 * to be shown once. NULL: db->error. WAITS. */
const char *const *recovery_make(struct db *db, const char *tenant_id, const char *user_id);
/* The same for the one signed in; 409 mfa_not_set_up. WAITS. */
bool recovery_renew(struct cx *cx, const char *const **codes);
/* Uses one up; *right says whether it was one. false: db->error. WAITS. */
bool recovery_use(struct db *db, const char *tenant_id, const char *user_id, const char *code,
                  bool *right);

/* "recoveryCodes" of an answer; null when there are no new ones. */
struct json;
void recovery_write(struct json *json, const char *const *codes);

#endif
