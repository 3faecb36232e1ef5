#include "access/policy.h"

#include <sodium.h>
#include <string.h>

#include "access/common.h"
#include "access/tenant.h"
#include "base/text.h"
#include "base/unicode.h"
#include "http/cx.h"

enum { SHORTEST = 12, LONGEST = 1024, WORD_LEAST = 4, OWN_LEAST = 6, WORDS_MAX = 24 };

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

/* ---- what everybody knows about the owner ---- */

bool password_is_personal(const char *password, const char *const *words, unsigned count)
{
    char left[LONGEST + 1];
    size_t len = strlen(password);
    if (len > LONGEST)
        return false;
    memcpy(left, password, len + 1);
    for (unsigned i = 0; i < count; i++) {
        size_t size = strlen(words[i]);
        for (char *at; size > 0 && (at = strcasestr(left, words[i])) != NULL;)
            memmove(at, at + size, strlen(at + size) + 1);
    }
    bool personal = strlen(left) < len && text_count(left) < OWN_LEAST;
    sodium_memzero(left, sizeof left);
    return personal;
}

struct words {
    const char *list[WORDS_MAX];
    unsigned count;
};

static void add_word(struct words *words, const char *word)
{
    if (word && strlen(word) >= WORD_LEAST && words->count < WORDS_MAX)
        words->list[words->count++] = word;
}

/* The text as a whole, then its words: "Ana Ruiz" is three of them. */
static void add_words(struct arena *arena, struct words *words, const char *text)
{
    char *rest = NULL;
    add_word(words, text);
    if (text)
        for (char *one = strtok_r(arena_text(arena, text), " .,@+-_", &rest); one;
             one = strtok_r(NULL, " .,@+-_", &rest))
            add_word(words, one);
}

static bool is_personal(struct cx *cx, const char *password, const struct tenant *tenant,
                        const struct password_owner *owner)
{
    struct words words = {.count = 0};
    add_words(cx->arena, &words, owner->email);
    add_words(cx->arena, &words, owner->name);
    add_words(cx->arena, &words, tenant->name);
    add_words(cx->arena, &words, tenant->slug);
    return password_is_personal(password, words.list, words.count);
}

/* ---- the rules ---- */

static long long shortest(struct cx *cx, const struct tenant *tenant)
{
    int64_t least = SHORTEST;
    const char *set = tenant_setting_of(cx, tenant, "security", "passwordMinLength");
    if (set)
        text_to_int(set, 8, 128, &least);
    return (long long)least;
}

const char *password_policy_help(struct cx *cx, const struct tenant *tenant)
{
    return cx_printf(cx, "At least %lld characters; a few words are easier to keep in mind.",
                     shortest(cx, tenant ? tenant : cx->tenant));
}

bool password_policy_check(struct cx *cx, const char *field, const char *password,
                           const struct password_owner *owner)
{
    const struct tenant *tenant = owner->tenant ? owner->tenant : cx->tenant;
    long long least = shortest(cx, tenant);
    password = unicode_password(cx->arena, password); /* the form that is hashed */
    if (strlen(password) > LONGEST)
        return fail_field(cx, field, "too_long", "Use at most %d bytes.", LONGEST);
    if (text_count(password) < (size_t)least)
        return fail_field(cx, field, "password_too_short", "Use at least %lld characters.", least);
    if (is_trivial(password))
        return fail_field(cx, field, "password_too_easy", "This password is too easy to guess.");
    if (common_password(password))
        return fail_field(cx, field, "password_common",
                          "This is one of the passwords that are tried first. Choose another.");
    if (is_personal(cx, password, tenant, owner))
        return fail_field(cx, field, "password_personal",
                          "Do not make the password of the name, the e-mail address or the "
                          "workspace's name.");
    return true;
}
