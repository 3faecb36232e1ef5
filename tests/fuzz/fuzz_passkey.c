/* fuzz_passkey: whatever a browser sends as a passkey's answer is read within its
 * bounds, and nothing that was not signed counts as signed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/passkey.h"
#include "base/arena.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The base point of P-256: a key like any other to whoever cannot sign. */
static const char public_key[] =
    "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li_hp_m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct json_problem problem;
    struct passkey_answer answer;
    struct passkey made;
    bool is_null;
    json_object *credential = json_read(arena, (const char *)data, size, NULL, &is_null, &problem);
    if (credential && passkey_read(arena, credential, &answer)) {
        static const int algorithms[] = {-7, -8, -257, 0};
        if (passkey_made(arena, &answer, "a.localhost", &made) &&
            (strcmp(made.id, answer.id) != 0 || !*made.public_key || made.sign_count < 0))
            abort();
        for (size_t i = 0; i < 4; i++) {
            struct passkey key = {
                .rp_id = "a.localhost", .public_key = public_key, .algorithm = algorithms[i]};
            if (passkey_signed(arena, &answer, &key, i % 2 == 0))
                abort();
        }
    }
    arena_free(arena);
    return 0;
}
