/* secret: one root key, from which every other key is derived for its purpose,
 * so that a key that leaks tells nothing about the others.
 *
 * The root is TULOU_SECRET_KEY (64 hex digits), or the file secret.key in
 * TULOU_VAR (mode 0600), made once, for a database that is empty.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { SECRET_BYTES = 32, SECRET_FINGERPRINT_SIZE = 2 * SECRET_BYTES + 1 };

/* Reads the root key; false with one line in *problem (static memory), also when
 * there is none. Call once, before secret_derive(). */
bool secret_load(const char **problem);
/* The same, making the file when there is neither: only for an empty database, since
 * one that holds anything belongs to the key that it was made with. */
bool secret_load_or_make(const char **problem);

/* Tells this root from another, and nothing about it: a hash keyed with it, in hex. */
void secret_fingerprint(char out[static SECRET_FINGERPRINT_SIZE]);

/* For tests: the root key itself, instead of secret_load(). */
void secret_set_root(const unsigned char root[static SECRET_BYTES]);

/* 32 bytes for a purpose ("token", "csrf", "notice"): BLAKE2b (RFC 7693) of
 * the purpose, keyed with the root. */
void secret_derive(const char *purpose, unsigned char out[static SECRET_BYTES]);

/* Encrypts a text for a purpose, so that a copy of the database tells nothing:
 * XSalsa20-Poly1305 (libsodium's secretbox) with a random nonce, as base64url. */
char *secret_seal(struct arena *arena, const char *purpose, const char *text);
/* The text again; NULL when it was not sealed for this purpose with this root. */
char *secret_open(struct arena *arena, const char *purpose, const char *sealed);

#endif
