#include "access/event_name.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

const char *event_type_word(struct arena *arena, const char *type)
{
    return arena_copy(arena, type, strcspn(type, "."));
}

static size_t event_words_length(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    bool good = len > 0 && *text != '_' && text[len - 1] != '_';
    for (size_t i = 1; good && i < len; i++)
        good = text[i] != '_' || text[i - 1] != '_';
    return good ? len : 0;
}

/* The past of most verbs; of the others those that are needed. */
static bool event_is_past(const char *word, size_t len)
{
    static const char *const others[] = {"begun", "given", "left", "lost", "made",  "paid",
                                         "read",  "reset", "sent", "set",  "taken", "won"};
    for (size_t i = 0; i < COUNT(others); i++)
        if (strlen(others[i]) == len && memcmp(others[i], word, len) == 0)
            return true;
    return len > 3 && memcmp(word + len - 2, "ed", 2) == 0;
}

/* One of its words is a verb in the past: "signed_up", "settings_updated". */
static bool event_verb_is_past(const char *verb)
{
    for (const char *at = verb; *at;) {
        size_t len = strcspn(at, "_");
        if (event_is_past(at, len))
            return true;
        at += len + (at[len] == '_');
    }
    return false;
}

bool event_type_is(const char *type)
{
    size_t len = event_words_length(type);
    const char *verb = type + len + 1;
    return len > 0 && type[len] == '.' && event_words_length(verb) == strlen(verb) && *verb &&
           event_verb_is_past(verb);
}
