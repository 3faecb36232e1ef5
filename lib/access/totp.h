/* totp: codes of an authenticator app, by liboath (RFC 6238: HMAC-SHA-1, six
 * digits, steps of 30 seconds).
 */
#ifndef ACCESS_TOTP_H
#define ACCESS_TOTP_H

#include <stdint.h>

struct arena;

enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_S = 30 };

/* The purpose that secrets are sealed for. */
#define TOTP_PURPOSE "totp"

/* A new secret as base32 (RFC 4648, without padding), in the arena. */
char *totp_new_secret(struct arena *arena);

/* otpauth://totp/… for the QR code: whose account, at which service. */
char *totp_address(struct arena *arena, const char *secret, const char *service,
                   const char *account);

/* Six digits, however they were grouped, in the arena; NULL: it is no such code. */
char *totp_digits(struct arena *arena, const char *text);

/* The step of time (of 30 seconds since 1970) that the code belongs to: the
 * present one or one beside it (RFC 6238 5.2), the later when it fits two; 0
 * when it is of none, or the secret is not base32. Takes the same time either way. */
int64_t totp_step(const char *secret, const char *code, int64_t now_s);

#endif
