#include "access/policy.h"

#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"

enum { SHORTEST = 10, LONGEST = 1024 };

/* One character again and again, or a run like "1234567890". */
static bool is_trivial(const char *password)
{
    size_t same = 0, run = 0, len = strlen(password);
    for (size_t i = 1; i < len; i++) {
        same += password[i] == password[i - 1];
        run += password[i] == password[i - 1] + 1;
    }
    return len > 1 && (same == len - 1 || run >= len - 2);
}

bool password_policy_check(struct cx *cx, const char *field, const char *password)
{
    const char *set = tenant_setting(cx, "security", "passwordMinLength");
    int64_t least = SHORTEST;
    if (set)
        text_to_int(set, 8, 128, &least);
    size_t len = text_count(password);
    if (len < (size_t)least)
        return fail_field(cx, field, "password_too_short", "Use at least %lld characters.",
                          (long long)least);
    if (strlen(password) > LONGEST)
        return fail_field(cx, field, "too_long", "Use at most %d bytes.", LONGEST);
    if (is_trivial(password))
        return fail_field(cx, field, "password_too_easy", "This password is too easy to guess.");
    return true;
}
