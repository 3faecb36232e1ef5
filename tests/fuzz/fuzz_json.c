/* fuzz_json: whatever the strict reader accepts, json-c prints again as JSON
 * that the reader accepts too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct json_problem problem;
    bool is_null;
    json_object *value = json_read(arena, (const char *)data, size, NULL, &is_null, &problem);
    if (!value && !is_null && !problem.code)
        abort();
    if (value) {
        const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        if (!json_read(arena, text, strlen(text), NULL, &is_null, &problem) && !is_null)
            abort();
    }
    arena_free(arena);
    return 0;
}
