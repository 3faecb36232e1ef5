/* fuzz_token: no bytes that we did not sign are a token. What begins with "s" is
 * signed here, so that claims of any shape are read: whatever is taken has what
 * its reader promises, and is the same again when it is remembered. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/token.h"
#include "base/arena.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/uuid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *encode(struct arena *arena, const void *data, size_t size)
{
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(arena, room), room, data, size,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* RFC 7515 7.1, with the key of token.c. */
static char *sign(struct arena *arena, const uint8_t *payload, size_t size)
{
    static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k1\"}";
    unsigned char key[SECRET_BYTES], mac[crypto_auth_hmacsha256_BYTES];
    char *text = arena_printf(arena, "%s.%s", encode(arena, header, sizeof header - 1),
                              encode(arena, payload, size));
    secret_derive("access token k1", key);
    crypto_auth_hmacsha256(mac, (const unsigned char *)text, strlen(text), key);
    return arena_printf(arena, "%s.%s", text, encode(arena, mac, sizeof mac));
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_signed(struct arena *arena, const char *token)
{
    struct claims first, again;
    if (token_verify(arena, token, &first))
        return;
    if (!uuid_is(first.user_id) || !uuid_is(first.tenant_id) || !uuid_is(first.session_id) ||
        !first.role)
        abort();
    if (token_verify(arena, token, &again) || !same_text(first.name, again.name) ||
        !same_text(first.email, again.email) || first.issued_us != again.issued_us ||
        first.permissions.count != again.permissions.count)
        abort();
    for (size_t i = 0; i < first.permissions.count; i++)
        if (strcmp(first.permissions.grants[i], again.permissions.grants[i]) != 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    static bool ready;
    const char *id = "k1";
    if (!ready) {
        secret_set_root(root);
        token_set_keys(&id, 1);
        ready = true;
    }
    struct arena *arena = arena_new();
    struct claims claims;
    if (size > 0 && data[0] == 's')
        check_signed(arena, sign(arena, data + 1, size - 1));
    else if (!token_verify(arena, arena_copy(arena, data, size), &claims))
        abort();
    arena_free(arena);
    return 0;
}
