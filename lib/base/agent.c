#include "base/agent.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/language.h"
#include "base/text.h"

struct sign {
    const char *mark, *name;
};

/* The first whose mark is there counts. */
static const struct sign browsers[] = {
    {"Edg/", "Edge"},
    {"EdgA/", "Edge"},
    {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},
    {"OPT/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"Firefox/", "Firefox"},
    {"FxiOS/", "Firefox"},
    {"CriOS/", "Chrome"},
    {"Chrome/", "Chrome"},
    {"HeadlessChrome/", "Chrome"},
    {"Safari/", "Safari"},
};
static const struct sign systems[] = {
    {"Windows NT", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
    {"CrOS", "ChromeOS"},      {"Macintosh", "macOS"}, {"Linux", "Linux"},
};

enum { PRODUCT_MAX = 40 };

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("-_.", c));
}

/* Where a mark stands as a word of its own: "Chrome/" is not in "HeadlessChrome/". */
static bool has_mark(const char *text, const char *mark)
{
    for (const char *at = text; (at = strstr(at, mark)) != NULL; at++)
        if (at == text || !is_name_character(at[-1]))
            return true;
    return false;
}

static const char *find(const struct sign *signs, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (has_mark(text, signs[i].mark))
            return signs[i].name;
    return NULL;
}

/* "curl/8.5.0": "curl"; NULL: it does not begin with a name. */
static const char *first_product(struct arena *arena, const char *text)
{
    size_t len = 0;
    while (len < PRODUCT_MAX && is_name_character(text[len]))
        len++;
    bool named = isalpha((unsigned char)*text) && (text[len] == '/' || text[len] == '\0');
    return named ? arena_copy(arena, text, len) : NULL;
}

const char *agent_show(struct arena *arena, const struct language *language, const char *user_agent)
{
    if (!user_agent || !*user_agent)
        return NULL;
    const char *browser = find(browsers, COUNT(browsers), user_agent);
    const char *system = find(systems, COUNT(systems), user_agent);
    bool is_browser = browser || text_starts(user_agent, "Mozilla/");
    if (!is_browser)
        browser = first_product(arena, user_agent);
    if (!browser)
        browser = language_text(language, "Unknown browser");
    return is_browser && system
               ? arena_printf(arena, "%s%s%s", browser, language_text(language, " on "), system)
               : browser;
}
