#include "resource/filter_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"

static const char *const words[] = {[FILTER_AND] = "and", [FILTER_OR] = "or", [FILTER_NOT] = "not"};

const char *filter_kind_word(enum filter_kind kind)
{
    return words[kind];
}

struct filter_reader {
    struct arena *arena;
    const char *text, *at;
    int conditions;
    struct filter_error *error;
};

static struct filter_node *filter_refuse(struct filter_reader *reader, const char *code,
                                         const char *message)
{
    *reader->error = (struct filter_error){code, message, (size_t)(reader->at - reader->text)};
    return NULL;
}

static struct filter_node *filter_refuse_form(struct filter_reader *reader, const char *message)
{
    return filter_refuse(reader, "filter_syntax", message);
}

/* ---- values ---- */

/* Behind the text in quotes; NULL: they are not closed. */
static const char *filter_read_quoted(struct filter_reader *reader, struct buf *out)
{
    const char *at = reader->at + 1;
    for (; *at && (*at != '"' || at[1] == '"'); at++) {
        at += *at == '"';
        buf_putc(out, *at);
    }
    return *at == '"' ? at + 1 : NULL;
}

/* Behind the parentheses, which may have others in quotes; what is in them stays as it is. */
static const char *filter_read_list(struct filter_reader *reader, struct buf *out)
{
    bool quoted = false;
    const char *at = reader->at + 1;
    for (; *at && (quoted || *at != ')'); at++) {
        quoted = quoted != (*at == '"');
        buf_putc(out, *at);
    }
    return *at ? at + 1 : NULL;
}

static bool filter_read_value(struct filter_reader *reader, struct filter_node *out)
{
    struct buf value;
    const char *end = reader->at + strcspn(reader->at, ",)");
    buf_init(&value, reader->arena);
    buf_puts(&value, "");
    if (*reader->at == '"')
        end = filter_read_quoted(reader, &value);
    else if (*reader->at == '(')
        end = filter_read_list(reader, &value);
    else
        buf_add(&value, reader->at, (size_t)(end - reader->at));
    if (!end || (*end && *end != ',' && *end != ')'))
        return filter_refuse_form(reader, "A value is not closed, or goes on behind its end.") !=
               NULL;
    if (end == reader->at)
        return filter_refuse_form(reader, "A value is missing; an empty one is \"\".") != NULL;
    out->value = value.data;
    reader->at = end;
    return true;
}

/* ---- groups ---- */

static struct filter_node *filter_read(struct filter_reader *reader, int depth);

static bool filter_is_of_name(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_.-[]", c));
}

static struct filter_node *filter_read_inside(struct filter_reader *reader,
                                              struct filter_node *group, int depth)
{
    struct filter_node **tail = &group->inside;
    do {
        reader->at++; /* "(" or "," */
        if (!(*tail = filter_read(reader, depth + 1)))
            return NULL;
        tail = &(*tail)->next;
    } while (*reader->at == ',');
    if (*reader->at != ')')
        return filter_refuse_form(reader, "A comma or a closing parenthesis is missing.");
    if (group->kind == FILTER_NOT && group->inside->next)
        return filter_refuse_form(reader,
                                  "A group not() has one filter; for several write not(or(…)).");
    reader->at++;
    return group;
}

static enum filter_kind filter_kind_of(const char *word)
{
    for (int kind = FILTER_AND; kind <= FILTER_NOT; kind++)
        if (strcmp(words[kind], word) == 0)
            return (enum filter_kind)kind;
    return FILTER_CONDITION;
}

static struct filter_node *filter_read(struct filter_reader *reader, int depth)
{
    const char *from = reader->at;
    struct filter_node *node = arena_alloc(reader->arena, sizeof *node);
    while (filter_is_of_name(*reader->at))
        reader->at++;
    const char *word = arena_copy(reader->arena, from, (size_t)(reader->at - from));
    *node = (struct filter_node){.kind = FILTER_CONDITION, .name = word};
    if (*reader->at == '(' && (node->kind = filter_kind_of(word)) != FILTER_CONDITION) {
        node->name = NULL;
        if (depth >= FILTER_DEPTH_MAX)
            return filter_refuse(reader, "filter_too_deep", "Groups stand in groups too deep.");
        return filter_read_inside(reader, node, depth);
    }
    if (*reader->at != ':' || !*word)
        return filter_refuse_form(reader, "A condition is a field, a colon and a value; a group is "
                                          "and(…), or(…) or not(…).");
    if (++reader->conditions > FILTER_CONDITIONS_MAX)
        return filter_refuse(reader, "filter_too_large", "There are too many conditions.");
    reader->at++;
    return filter_read_value(reader, node) ? node : NULL;
}

struct filter_node *filter_parse(struct arena *arena, const char *text, struct filter_error *error)
{
    struct filter_reader reader = {.arena = arena, .text = text, .at = text, .error = error};
    if (strlen(text) > FILTER_TEXT_MAX)
        return filter_refuse(&reader, "filter_too_large", "The filter is too long.");
    struct filter_node *filter = filter_read(&reader, 0);
    if (filter && *reader.at)
        return filter_refuse_form(&reader, "Something stands behind the end.");
    return filter;
}

/* ---- writing ---- */

/* Whether parentheses around it are read as the same. */
static bool filter_fits_list(const char *value)
{
    bool quoted = false;
    for (const char *c = value; *c; c++) {
        quoted = quoted != (*c == '"');
        if (!quoted && *c == ')')
            return false;
    }
    return !quoted;
}

static void filter_write_value(struct buf *out, const struct filter_node *node)
{
    const char *value = node->value;
    if (text_ends(node->name, "[in]") && filter_fits_list(value)) {
        buf_printf(out, "(%s)", value);
        return;
    }
    if (*value && *value != '"' && *value != '(' && !strpbrk(value, ",)")) {
        buf_puts(out, value);
        return;
    }
    buf_putc(out, '"');
    for (; *value; value++) {
        if (*value == '"')
            buf_putc(out, '"');
        buf_putc(out, *value);
    }
    buf_putc(out, '"');
}

static void filter_write(struct buf *out, const struct filter_node *node)
{
    if (node->kind == FILTER_CONDITION) {
        buf_printf(out, "%s:", node->name);
        filter_write_value(out, node);
        return;
    }
    buf_printf(out, "%s(", words[node->kind]);
    for (const struct filter_node *it = node->inside; it; it = it->next) {
        filter_write(out, it);
        if (it->next)
            buf_putc(out, ',');
    }
    buf_putc(out, ')');
}

const char *filter_print(struct arena *arena, const struct filter_node *filter)
{
    struct buf out;
    buf_init(&out, arena);
    filter_write(&out, filter);
    return out.data;
}

int filter_count(const struct filter_node *filter)
{
    int count = filter->kind == FILTER_CONDITION;
    for (const struct filter_node *it = filter->inside; it; it = it->next)
        count += filter_count(it);
    return count;
}
