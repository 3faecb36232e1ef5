/* The first pass over a template: texts and tags, line by line, and which tags
 * stand alone on their line (whitespace around those is not output). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "page/mustache_node.h"

struct delimiter {
    char text[16];
    size_t len;
};

struct reader {
    const char *at, *end;
    struct delimiter open, close;
    struct tokens *out;
    char **problem;
    unsigned line;
    bool line_start;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool slice_is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_space(text.at[i]))
            return false;
    return true;
}

static struct slice trimmed(const char *from, const char *to)
{
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    return (struct slice){from, (size_t)(to - from)};
}

static bool refuse(struct reader *reader, const char *what)
{
    char text[128];
    snprintf(text, sizeof text, "line %u: %s", reader->line, what);
    *reader->problem = strdup(text);
    return false;
}

static void add(struct reader *reader, struct token token)
{
    struct tokens *out = reader->out;
    if (out->count == out->room) {
        out->room = out->room ? out->room * 2 : 64;
        struct token *grown = realloc(out->items, out->room * sizeof *grown);
        if (!grown)
            log_out_of_memory();
        out->items = grown;
    }
    token.line_start = reader->line_start;
    token.line = reader->line;
    reader->line_start = token.ends_line;
    out->items[out->count++] = token;
}

/* Texts up to `to`, one for each line. */
static void add_texts(struct reader *reader, const char *to)
{
    while (reader->at < to) {
        const char *newline = memchr(reader->at, '\n', (size_t)(to - reader->at));
        const char *stop = newline ? newline + 1 : to;
        add(reader, (struct token){.text = {reader->at, (size_t)(stop - reader->at)},
                                   .ends_line = newline != NULL});
        reader->line += newline != NULL;
        reader->at = stop;
    }
}

static const char *find(const char *from, const char *end, const char *what, size_t len)
{
    return from < end ? memmem(from, (size_t)(end - from), what, len) : NULL;
}

static bool set_delimiter(struct delimiter *out, struct slice text)
{
    if (text.len == 0 || text.len >= sizeof out->text)
        return false;
    memcpy(out->text, text.at, text.len);
    out->len = text.len;
    return true;
}

/* {{=<% %>=}} */
static bool change_delimiters(struct reader *reader, struct slice inner)
{
    const char *end = inner.at + inner.len, *gap = inner.at;
    while (gap < end && !is_space(*gap))
        gap++;
    struct slice open = {inner.at, (size_t)(gap - inner.at)}, close = trimmed(gap, end);
    for (size_t i = 0; i < close.len; i++)
        if (is_space(close.at[i]))
            return refuse(reader, "a change of delimiters names two");
    if (memchr(inner.at, '=', inner.len) || !set_delimiter(&reader->open, open) ||
        !set_delimiter(&reader->close, close))
        return refuse(reader, "these cannot be delimiters");
    return true;
}

static unsigned count_lines(const char *from, const char *to)
{
    unsigned lines = 0;
    for (; from < to; from++)
        lines += *from == '\n';
    return lines;
}

/* The tag that begins at `start`; leaves the reader behind it. */
static bool read_tag(struct reader *reader, const char *start)
{
    const char *name = start + reader->open.len;
    char kind = name < reader->end ? *name : 0;
    bool triple = kind == '{', change = kind == '=';
    char closing[20];
    snprintf(closing, sizeof closing, "%s%.*s",
             triple   ? "}"
             : change ? "="
                      : "",
             (int)reader->close.len, reader->close.text);
    bool marked = kind && strchr("#^/!=><$&{", kind);
    const char *stop = find(name + marked, reader->end, closing, strlen(closing));
    if (!stop)
        return refuse(reader, "a tag is not closed");
    struct slice inner = trimmed(name + marked, stop);
    if (inner.len == 0 && kind != '!')
        return refuse(reader, "a tag has no name");
    char tag = !marked ? 'v' : kind == '&' || triple ? 'r' : kind;
    add(reader, (struct token){.tag = tag, .text = inner});
    reader->line += count_lines(start, stop);
    reader->at = stop + strlen(closing);
    return !change || change_delimiters(reader, inner);
}

/* The tokens [from, to) are one line: when one tag that shows nothing itself is
 * all there is, the rest of the line goes. */
static void settle_line(struct tokens *tokens, size_t from, size_t to)
{
    struct token *only = NULL;
    for (size_t i = from; i < to; i++) {
        struct token *it = &tokens->items[i];
        if (it->tag == 0 && slice_is_blank(it->text))
            continue;
        if (only || it->tag == 0 || it->tag == 'v' || it->tag == 'r')
            return;
        only = it;
    }
    if (!only)
        return;
    only->standalone = true;
    only->indent = (struct slice){only->text.at, 0};
    if (only != &tokens->items[from])
        only->indent = tokens->items[from].text;
    for (size_t i = from; i < to; i++)
        if (tokens->items[i].tag == 0)
            tokens->items[i].text.len = 0;
}

bool tokens_read(const char *source, size_t len, struct tokens *out, char **problem)
{
    struct reader reader = {.at = source,
                            .end = source + len,
                            .out = out,
                            .problem = problem,
                            .line = 1,
                            .line_start = true,
                            .open = {"{{", 2},
                            .close = {"}}", 2}};
    while (reader.at < reader.end) {
        const char *tag = find(reader.at, reader.end, reader.open.text, reader.open.len);
        add_texts(&reader, tag ? tag : reader.end);
        if (tag && !read_tag(&reader, tag))
            return false;
    }
    size_t from = 0;
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].ends_line || i + 1 == out->count) {
            settle_line(out, from, i + 1);
            from = i + 1;
        }
    return true;
}
