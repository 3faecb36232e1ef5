/* password: Argon2id through libsodium on the helper threads, at OWASP's
 * 19 MiB, t=2; a bounded number at once. Hashes that other systems made with
 * bcrypt are verified too, by libcrypt, and count as old.
 *
 * A password is hashed in one form (unicode_password(): RFC 8265, NFC), so that it does
 * not matter which keyboard typed it. NFC and not NFKC: it takes nothing from what was
 * chosen, and NIST SP 800-63B asks for one stable form. */
#ifndef ACCESS_PASSWORD_H
#define ACCESS_PASSWORD_H

#include <stdbool.h>

struct arena;

/* WAITS. NULL only when memory for the sum cannot be had. */
char *password_hash(struct arena *arena, const char *password);
/* WAITS. hash NULL does the same work and answers false, so that an account
 * that does not exist takes as long. A hash of the password as it was typed is good too:
 * twice the work, for passwords alone that are not in the one form. */
bool password_verify(const char *hash, const char *password);
/* Whether the hash was made with other costs than today's, or by bcrypt. */
bool password_is_old(const char *hash);
/* Whether a hash made elsewhere can be taken over: bcrypt ($2a$, $2b$, $2y$) of
 * a cost from 10 (ASVS 2.4.4) to 12, which is checked within lockout_settle()'s time, or
 * Argon2id as libsodium writes it, not costlier than 64 MiB, t=4. */
bool password_hash_is_known(const char *hash);

#endif
