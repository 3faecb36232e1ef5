/* fuzz_agent: whatever a client calls itself, what is shown is one short line of plain
 * characters, and the same again when asked again. */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/agent.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const char *sent = arena_copy(arena, (const char *)data, size);
    const char *shown = agent_show(arena, NULL, sent);
    require((shown == NULL) == (*sent == '\0'));
    require(!shown || (*shown && strlen(shown) <= 60));
    for (const char *at = shown; at && *at; at++)
        require(isalnum((unsigned char)*at) || strchr("-_. ", *at));
    require(!shown || strcmp(shown, agent_show(arena, NULL, sent)) == 0);
    arena_free(arena);
    return 0;
}
