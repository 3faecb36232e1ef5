/* fuzz_filter: a text is a filter or is refused with a place within it; what is a filter says the
 * same when it is written and read again, within its bounds. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "resource/filter_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int depth_of(const struct filter_node *node)
{
    int deepest = 0;
    for (const struct filter_node *it = node->inside; it; it = it->next)
        if (depth_of(it) > deepest)
            deepest = depth_of(it);
    return node->inside ? deepest + 1 : 0;
}

static bool is_same(const struct filter_node *a, const struct filter_node *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || !is_same(a->inside, b->inside) || !is_same(a->next, b->next))
        return false;
    return a->kind != FILTER_CONDITION ||
           (strcmp(a->name, b->name) == 0 && strcmp(a->value, b->value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct filter_error error = {NULL, NULL, 0};
    const char *text = arena_copy(arena, (const char *)data, size);
    const struct filter_node *filter = filter_parse(arena, text, &error);
    if (filter) {
        const char *written = filter_print(arena, filter);
        require(filter_count(filter) <= FILTER_CONDITIONS_MAX);
        require(depth_of(filter) <= FILTER_DEPTH_MAX);
        /* Quotes may make it longer than what is read. */
        if (strlen(written) <= FILTER_TEXT_MAX)
            require(is_same(filter, filter_parse(arena, written, &error)));
    } else {
        require(error.code && error.message && error.at <= strlen(text));
    }
    arena_free(arena);
    return 0;
}
