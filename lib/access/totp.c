#include "access/totp.h"

#include <ctype.h>
#include <liboath/oath.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

char *totp_new_secret(struct arena *arena)
{
    unsigned char secret[TOTP_SECRET_BYTES];
    char *encoded = NULL, *copy;
    size_t len = 0;
    randombytes_buf(secret, sizeof secret);
    if (oath_base32_encode((const char *)secret, sizeof secret, &encoded, &len) != OATH_OK)
        return NULL;
    copy = arena_copy(arena, encoded, strcspn(encoded, "="));
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(encoded, len);
    free(encoded);
    return copy;
}

char *totp_address(struct arena *arena, const char *secret, const char *service,
                   const char *account)
{
    struct buf out;
    buf_init(&out, arena);
    buf_puts(&out, "otpauth://totp/");
    text_url(&out, service);
    buf_putc(&out, ':');
    text_url(&out, account);
    buf_printf(&out, "?secret=%s&issuer=", secret);
    text_url(&out, service);
    buf_printf(&out, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_S);
    return out.data;
}

char *totp_digits(struct arena *arena, const char *text)
{
    char *code = arena_alloc(arena, strlen(text) + 1), *to = code;
    for (; *text; text++) {
        if (*text == ' ')
            continue;
        if (!isdigit((unsigned char)*text))
            return NULL;
        *to++ = *text;
    }
    *to = '\0';
    return to - code == TOTP_DIGITS ? code : NULL;
}

int64_t totp_step(const char *secret, const char *code, int64_t now_s)
{
    char *key = NULL, expected[TOTP_DIGITS + 1];
    size_t len = 0;
    int64_t found = 0, present = now_s / TOTP_STEP_S;
    if (oath_base32_decode(secret, strlen(secret), &key, &len) != OATH_OK)
        return 0;
    for (int64_t step = present - 1; step <= present + 1; step++)
        if (oath_totp_generate(key, len, (time_t)(step * TOTP_STEP_S), TOTP_STEP_S, 0, TOTP_DIGITS,
                               expected) == OATH_OK &&
            text_equal_secret(code, expected))
            found = step;
    sodium_memzero(key, len);
    free(key);
    return found;
}
