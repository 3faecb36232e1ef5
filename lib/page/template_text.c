#include "page/template_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { TOKENS_MAX = 200, NAME_MAX_LEN = 64 };

enum kind {
    TEXT_TOKEN,
    VALUE_TOKEN, /* {{value}}, <br> */
    OPEN_TOKEN,  /* {{#section}}, <b> */
    CLOSE_TOKEN,
    BORDER_TOKEN /* no sentence goes across it */
};

struct token {
    enum kind kind;
    const char *at;
    size_t len;
    bool is_element;
    char name[NAME_MAX_LEN];
};

struct walk {
    template_exchange *exchange;
    void *arg;
    struct buf *out;
    struct token run[TOKENS_MAX]; /* since the last border */
    int count;
};

static const char *const inline_elements[] = {"a",      "abbr",  "b",    "br",   "code",
                                              "em",     "i",     "kbd",  "mark", "sup",
                                              "strong", "small", "span", "time", "wbr"};
static const char *const spoken[] = {
    "alt",   "data-label",   "aria-label", "aria-description", "placeholder",
    "title", "data-confirm", "data-say",   "data-empty"};

/* ---- cutting into tokens ---- */

static size_t mustache_len(const char *at, const char *end)
{
    const char *closing = end - at > 2 && at[2] == '{' ? "}}}" : "}}";
    const char *found = memmem(at, (size_t)(end - at), closing, strlen(closing));
    return found ? (size_t)(found - at) + strlen(closing) : (size_t)(end - at);
}

static bool is_mustache(const char *at, const char *end)
{
    return end - at > 3 && at[0] == '{' && at[1] == '{';
}

/* Up to and with its ">", which may also stand in an attribute or in a tag of the template. */
static size_t element_len(const char *at, const char *end)
{
    char quote = 0;
    for (const char *c = at + 1; c < end; c++) {
        if (is_mustache(c, end))
            c += mustache_len(c, end) - 1;
        else if (quote)
            quote = *c == quote ? 0 : quote;
        else if (*c == '"' || *c == '\'')
            quote = *c;
        else if (*c == '>')
            return (size_t)(c - at) + 1;
    }
    return (size_t)(end - at);
}

static void take_name(struct token *token, const char *from, const char *stops)
{
    size_t len = strcspn(from, stops);
    snprintf(token->name, sizeof token->name, "%.*s", (int)len, from);
}

static void read_mustache(struct token *token)
{
    static const char signs[] = "#^/<>$!=";
    char sign = token->at[2];
    const char *name = token->at + 2 + (strchr(signs, sign) != NULL);
    take_name(token, name + strspn(name, " "), " }");
    token->kind = sign == '#' || sign == '^' ? OPEN_TOKEN
                  : sign == '/'              ? CLOSE_TOKEN
                  : strchr(signs, sign)      ? BORDER_TOKEN
                                             : VALUE_TOKEN;
}

static void read_element(struct token *token)
{
    bool closes = token->at[1] == '/', is_inline = false;
    take_name(token, token->at + 1 + closes, " \t\r\n/>{");
    for (size_t i = 0; i < COUNT(inline_elements); i++)
        is_inline = is_inline || strcasecmp(token->name, inline_elements[i]) == 0;
    bool is_void = strcasecmp(token->name, "br") == 0 || strcasecmp(token->name, "wbr") == 0;
    token->is_element = true;
    token->kind = !is_inline ? BORDER_TOKEN
                  : is_void  ? VALUE_TOKEN
                  : closes   ? CLOSE_TOKEN
                             : OPEN_TOKEN;
}

static bool begins_element(const char *at, const char *end)
{
    return at[0] == '<' && end - at > 1 && (isalpha((unsigned char)at[1]) || strchr("/!", at[1]));
}

/* An icon has a name between its tags, not a text. */
static size_t icon_len(const char *at, const char *end)
{
    static const char opens[] = "{{<layout/icon}}", closes[] = "{{/layout/icon}}";
    const char *found =
        (size_t)(end - at) > sizeof opens && memcmp(at, opens, sizeof opens - 1) == 0
            ? memmem(at, (size_t)(end - at), closes, sizeof closes - 1)
            : NULL;
    return found ? (size_t)(found - at) + sizeof closes - 1 : 0;
}

static struct token next_token(const char *at, const char *end)
{
    struct token token = {.kind = TEXT_TOKEN, .at = at};
    token.len = icon_len(at, end);
    if (token.len > 0) {
        token.kind = BORDER_TOKEN;
    } else if (is_mustache(at, end)) {
        token.len = mustache_len(at, end);
        read_mustache(&token);
    } else if (begins_element(at, end)) {
        token.len = element_len(at, end);
        read_element(&token);
    } else {
        const char *c = at + 1;
        while (c < end && !is_mustache(c, end) && !begins_element(c, end))
            c++;
        token.len = (size_t)(c - at);
    }
    return token;
}

/* ---- sentences ---- */

static bool has_words(const struct token *token)
{
    int letters = 0;
    for (size_t i = 0; i < token->len && letters < 2; i++) {
        if (token->at[i] == '&') /* &nbsp; */
            while (i < token->len && token->at[i] != ';')
                i++;
        else
            letters += isalpha((unsigned char)token->at[i]) != 0;
    }
    return token->kind == TEXT_TOKEN && letters >= 2;
}

/* The token that closes the one at `open`; -1: it stands elsewhere. */
static int find_end(const struct token *run, int open, int to)
{
    int depth = 0;
    for (int i = open; i < to; i++) {
        if (run[i].is_element != run[open].is_element || strcmp(run[i].name, run[open].name) != 0)
            continue;
        depth += run[i].kind == OPEN_TOKEN;
        depth -= run[i].kind == CLOSE_TOKEN;
        if (depth == 0)
            return i;
    }
    return -1;
}

/* The first token that opens or closes what the run has no other end of, -1: there is none. */
static int find_odd(const struct token *run, int from, int to)
{
    for (int i = from; i < to; i++) {
        int end = run[i].kind == OPEN_TOKEN ? find_end(run, i, to) : i;
        if (end < 0 || run[i].kind == CLOSE_TOKEN)
            return i;
        i = end;
    }
    return -1;
}

/* Whether there are words outside of groups, of which all end within. */
static bool is_sentence(const struct token *run, int from, int to)
{
    bool words = false;
    for (int i = from; i < to; i++) {
        words = words || has_words(&run[i]);
        if (run[i].kind == OPEN_TOKEN)
            i = find_end(run, i, to);
    }
    return words;
}

static void put_element(struct walk *walk, const struct token *token);

/* The text without blanks around it, and with one where there are several. */
static void put_sentence(struct walk *walk, const char *at, size_t len)
{
    static const char blank[] = " \t\r\n";
    struct buf text = {0};
    size_t from = 0, to = len;
    while (from < to && strchr(blank, at[from]))
        from++;
    while (to > from && strchr(blank, at[to - 1]))
        to--;
    for (size_t i = from; i < to; i++)
        if (!strchr(blank, at[i]))
            buf_putc(&text, at[i]);
        else if (!strchr(blank, at[i - 1]))
            buf_putc(&text, ' ');
    const char *other = walk->exchange(walk->arg, text.data);
    buf_add(walk->out, at, from);
    if (other)
        buf_puts(walk->out, other);
    else
        buf_add(walk->out, at + from, to - from);
    buf_add(walk->out, at + to, len - to);
    buf_free(&text);
}

static void put_token(struct walk *walk, const struct token *token)
{
    if (token->is_element)
        put_element(walk, token);
    else
        buf_add(walk->out, token->at, token->len);
}

/* A sentence as a whole; else what is in its groups. */
static void put_run(struct walk *walk, const struct token *run, int from, int to)
{
    int odd = find_odd(run, from, to);
    if (odd >= 0) {
        put_run(walk, run, from, odd);
        put_token(walk, &run[odd]);
        put_run(walk, run, odd + 1, to);
        return;
    }
    if (from < to && is_sentence(run, from, to)) {
        const char *at = run[from].at;
        put_sentence(walk, at, (size_t)(run[to - 1].at + run[to - 1].len - at));
        return;
    }
    for (int i = from; i < to; i++) {
        put_token(walk, &run[i]);
        if (run[i].kind != OPEN_TOKEN)
            continue;
        int end = find_end(run, i, to);
        put_run(walk, run, i + 1, end);
        put_token(walk, &run[end]);
        i = end;
    }
}

static void end_run(struct walk *walk)
{
    put_run(walk, walk->run, 0, walk->count);
    walk->count = 0;
}

static void walk_source(struct walk *walk, const char *at, const char *end);

/* The value of an attribute that is read to people. */
static bool is_spoken(const char *at, size_t len)
{
    for (size_t i = 0; i < COUNT(spoken); i++)
        if (strlen(spoken[i]) == len && memcmp(spoken[i], at, len) == 0)
            return true;
    return false;
}

static void put_element(struct walk *walk, const struct token *token)
{
    const char *at = token->at, *end = at + token->len, *kept = at;
    while (at < end) {
        const char *sign = memmem(at, (size_t)(end - at), "=\"", 2);
        if (!sign)
            break;
        const char *name = sign, *value = sign + 2, *closing = value;
        while (name > token->at && (isalpha((unsigned char)name[-1]) || name[-1] == '-'))
            name--;
        while (closing < end && *closing != '"')
            closing += is_mustache(closing, end) ? mustache_len(closing, end) : 1;
        if (is_spoken(name, (size_t)(sign - name))) {
            struct walk inner = {.exchange = walk->exchange, .arg = walk->arg, .out = walk->out};
            buf_add(walk->out, kept, (size_t)(value - kept));
            walk_source(&inner, value, closing);
            kept = closing;
        }
        at = closing + 1;
    }
    buf_add(walk->out, kept, (size_t)(end - kept));
}

static void walk_source(struct walk *walk, const char *at, const char *end)
{
    while (at < end) {
        struct token token = next_token(at, end);
        at += token.len;
        if (walk->count == TOKENS_MAX)
            end_run(walk);
        if (token.kind == BORDER_TOKEN)
            end_run(walk);
        if (token.kind == BORDER_TOKEN)
            put_token(walk, &token);
        else
            walk->run[walk->count++] = token;
    }
    end_run(walk);
}

void template_translate(const char *source, size_t len, template_exchange *exchange, void *arg,
                        struct buf *out)
{
    struct walk walk = {.exchange = exchange, .arg = arg, .out = out};
    buf_puts(out, "");
    walk_source(&walk, source, source + len);
}
