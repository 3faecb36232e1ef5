/* fuzz_markdown: whatever is written, a page gets only elements and attributes that it expects,
 * each closed, and no link within a link. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "page/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char elements[] = " p strong em del code a ul ol li h3 h4 h5 h6 hr br blockquote pre "
                               "table thead tbody tr th td ";
static const char attributes[] = " href title align class start ";

static bool is_one_of(const char *words, const char *word, size_t len)
{
    char spaced[32];
    if (len == 0 || len > sizeof spaced - 3)
        return false;
    spaced[0] = ' ';
    memcpy(spaced + 1, word, len);
    strcpy(spaced + 1 + len, " ");
    return strstr(words, spaced) != NULL;
}

static void demand(bool good)
{
    if (!good)
        abort();
}

static bool leads_astray(const char *value)
{
    return text_starts(value, "javascript:") || text_starts(value, "vbscript:") ||
           text_starts(value, "file:") || text_starts(value, "data:text");
}

/* Behind the name of an element; returns what follows its ">". */
static const char *read_attributes(const char *at)
{
    while (*at == ' ') {
        at++;
        if (*at == '/')
            break;
        size_t len = strcspn(at, "= >");
        demand(is_one_of(attributes, at, len) && at[len] == '=' && at[len + 1] == '"');
        const char *value = at + len + 2;
        demand(len != strlen("href") || strncmp(at, "href", len) != 0 || !leads_astray(value));
        at = strchr(value, '"');
        demand(at != NULL);
        at++;
    }
    at += *at == '/';
    demand(*at == '>');
    return at + 1;
}

static void look_at(const char *html)
{
    int links = 0, open = 0;
    while ((html = strchr(html, '<'))) {
        bool closes = html[1] == '/';
        const char *name = html + 1 + closes;
        size_t len = strcspn(name, " />");
        demand(is_one_of(elements, name, len));
        if (len == 1 && *name == 'a')
            links += closes ? -1 : 1;
        demand(links == 0 || links == 1);
        html = closes ? name + len + 1 : read_attributes(name + len);
        open += closes ? -1 : html[-2] == '/' ? 0 : 1;
        demand(open >= 0);
    }
    demand(open == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    char *text = arena_alloc(arena, size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    look_at(markdown_html(arena, text));
    markdown_plain(arena, text);
    arena_free(arena);
    return 0;
}
