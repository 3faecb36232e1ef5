/* recovery: codes that open an account when its other factors are out of reach. */
#ifndef ACCOUNT_RECOVERY_H
#define ACCOUNT_RECOVERY_H

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

/* Deletes them all. false: db->error. WAITS. */
bool recovery_forget(struct db *db, const char *tenant_id, const char *user_id);
/* Deletes them when no factor is left: they would open nothing. The same. */
bool recovery_forget_useless(struct db *db, const char *tenant_id, const char *user_id);

/* "recoveryCodes" of an answer; null when there are no new ones. */
struct json;
void recovery_write(struct json *json, const char *const *codes);

#endif
