/* tokens: the answer of signing in by API, in OAuth's words (RFC 6749 5.1), since
 * clients know them. */
#ifndef AUTH_TOKENS_H
#define AUTH_TOKENS_H

#include "auth.h"
#include "base/json.h"
#include "resource/field.h"

#define TOKEN_FIELDS(flags)                                                                        \
    {"access_token", TEXT, AS_NAMED | (flags), .help = "Send it as Authorization: Bearer."},       \
        {"refresh_token", TEXT, AS_NAMED | (flags), .help = "For POST /api/auth/refresh, once."},  \
        {"token_type", TEXT, AS_NAMED | (flags)},                                                  \
    {                                                                                              \
        "expires_in", INT, AS_NAMED | (flags), .help = "Seconds."                                  \
    }

/* The answer of signing in: tokens, or a ticket for the second step. */
extern const struct field signed_in_fields[];

void tokens_write(struct json *json, const struct session_tokens *tokens);
bool answer_signed_in(struct cx *cx, const struct account *account,
                      const struct session_tokens *tokens);
/* Makes the ticket. WAITS. */
bool answer_second_step(struct cx *cx, const struct account *account);

#endif
