/* fuzz_domain: a name that is taken is a host, and stays as it is when read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/domain.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char host[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    struct arena *arena = arena_new();
    struct domain_problem problem = {0};
    const char *domain = domain_read(arena, arena_copy(arena, data, size), &problem);
    if (!domain && (!problem.code || !problem.message))
        abort();
    if (domain) {
        const char *again = domain_read(arena, domain, &problem);
        if (strspn(domain, host) != strlen(domain) || !again || strcmp(domain, again) != 0)
            abort();
        domain_shown(arena, domain);
    }
    arena_free(arena);
    return 0;
}
