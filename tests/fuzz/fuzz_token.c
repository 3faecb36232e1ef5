/* fuzz_token: no bytes that we did not sign are a token. */
#include <stdint.h>
#include <stdlib.h>

#include "access/token.h"
#include "base/arena.h"
#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    if (!token_verify(arena, arena_copy(arena, data, size), &claims))
        abort();
    arena_free(arena);
    return 0;
}
