/* password: Argon2id through libsodium on the helper threads, at OWASP's
 * 19 MiB, t=2; a bounded number at once. */
#ifndef ACCESS_PASSWORD_H
#define ACCESS_PASSWORD_H

#include <stdbool.h>

struct arena;

/* WAITS. NULL only when memory for the sum cannot be had. */
char *password_hash(struct arena *arena, const char *password);
/* WAITS. hash NULL does the same work and answers false, so that an account
 * that does not exist takes as long. */
bool password_verify(const char *hash, const char *password);
/* Whether the hash was made with other costs than today's. */
bool password_is_old(const char *hash);

#endif
