/* json_read: strict reading. json-c builds the tree, but lets pass what we must
 * not (duplicate keys, \u0000, numbers out of range), so one pass of our own
 * over the text checks the grammar of RFC 8259 and the limits first. */
#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { DEPTH = 32, MEMBERS = 20000 };

/* Keys are told apart by their decoded text: "a" is the same as "\u0061". A key
 * without escapes stays where it stands in the input; sizes fit, since the input
 * is at most INT32_MAX long. */
struct key {
    const char *text;
    uint32_t len, offset;
};

struct scan {
    struct arena *arena;
    const char *start, *at, *end;
    int depth, max_depth;
    size_t members, max_members;
    struct json_problem *problem;
};

static bool refuse(struct scan *scan, const char *code, const char *message)
{
    if (!scan->problem->code)
        *scan->problem = (struct json_problem){code, message, (size_t)(scan->at - scan->start)};
    return false;
}

static bool syntax(struct scan *scan)
{
    return refuse(scan, "json_syntax", "This is not well-formed JSON.");
}

static void skip_white(struct scan *scan)
{
    while (scan->at < scan->end && memchr(" \t\n\r", *scan->at, 4))
        scan->at++;
}

static bool take(struct scan *scan, char c)
{
    if (scan->at >= scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static bool count_member(struct scan *scan)
{
    if (++scan->members > scan->max_members)
        return refuse(scan, "json_too_large", "There are too many values.");
    return true;
}

static int hex4(struct scan *scan)
{
    int value = 0;
    for (int i = 0; i < 4; i++, scan->at++) {
        char c = scan->at < scan->end ? *scan->at : '\0';
        if (!isxdigit((unsigned char)c))
            return -1;
        value = value * 16 + (isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

static void put_utf8(struct buf *out, unsigned code)
{
    if (code < 0x80) {
        buf_putc(out, (char)code);
    } else if (code < 0x800) {
        buf_putc(out, (char)(0xc0 | code >> 6));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_putc(out, (char)(0xe0 | code >> 12));
        buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_putc(out, (char)(0xf0 | code >> 18));
        buf_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (code & 0x3f)));
    }
}

static bool refuse_at(struct scan *scan, const char *at, const char *code, const char *message)
{
    scan->at = at;
    return refuse(scan, code, message);
}

/* Behind the backslash and the u. */
static bool scan_unicode(struct scan *scan, struct buf *out)
{
    static const char half[] = "Half of a surrogate pair is missing.";
    const char *escape = scan->at - 2;
    int code = hex4(scan);
    if (code < 0)
        return syntax(scan);
    if (code == 0)
        return refuse_at(scan, escape, "json_utf8", "Text may not contain the character NUL.");
    if (code >= 0xdc00 && code <= 0xdfff)
        return refuse_at(scan, escape, "json_utf8", half);
    if (code >= 0xd800 && code <= 0xdbff) {
        int low = take(scan, '\\') && take(scan, 'u') ? hex4(scan) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return refuse_at(scan, escape, "json_utf8", half);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (out)
        put_utf8(out, (unsigned)code);
    return true;
}

static bool scan_escape(struct scan *scan, struct buf *out)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (scan->at >= scan->end)
        return syntax(scan);
    if (take(scan, 'u'))
        return scan_unicode(scan, out);
    const char *at = strchr(letters, *scan->at);
    if (!at || !*at)
        return syntax(scan);
    scan->at++;
    if (out)
        buf_putc(out, values[at - letters]);
    return true;
}

/* Behind the opening quote; the decoded text goes to `out` unless NULL. */
static bool scan_string(struct scan *scan, struct buf *out)
{
    while (scan->at < scan->end && *scan->at != '"') {
        if ((unsigned char)*scan->at < 0x20)
            return syntax(scan);
        char c = *scan->at++;
        if (c == '\\') {
            if (!scan_escape(scan, out))
                return false;
        } else if (out) {
            buf_putc(out, c);
        }
    }
    return take(scan, '"') || syntax(scan);
}

static size_t skip_digits(struct scan *scan)
{
    const char *from = scan->at;
    while (scan->at < scan->end && isdigit((unsigned char)*scan->at))
        scan->at++;
    return (size_t)(scan->at - from);
}

static bool number_in_range(struct scan *scan, const char *from, bool whole)
{
    char *text = arena_copy(scan->arena, from, (size_t)(scan->at - from));
    errno = 0;
    if (whole)
        strtoll(text, NULL, 10);
    else if (!isfinite(strtod(text, NULL)))
        errno = ERANGE;
    else
        errno = 0; /* too small to tell from 0 is no error */
    if (errno == ERANGE)
        return refuse_at(scan, from, "json_number_range", "A number is out of range.");
    return true;
}

static bool scan_number(struct scan *scan)
{
    const char *from = scan->at;
    bool whole = true;
    take(scan, '-');
    if (!take(scan, '0') && skip_digits(scan) == 0)
        return syntax(scan);
    if (take(scan, '.')) {
        whole = false;
        if (skip_digits(scan) == 0)
            return syntax(scan);
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        whole = false;
        if (!take(scan, '-'))
            take(scan, '+');
        if (skip_digits(scan) == 0)
            return syntax(scan);
    }
    return number_in_range(scan, from, whole);
}

static bool scan_word(struct scan *scan, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
        return syntax(scan);
    scan->at += len;
    return true;
}

static bool scan_value(struct scan *scan);

static bool enter(struct scan *scan)
{
    if (++scan->depth > scan->max_depth)
        return refuse(scan, "json_depth", "This JSON is nested too deeply.");
    return true;
}

static bool scan_array(struct scan *scan)
{
    if (!enter(scan))
        return false;
    skip_white(scan);
    if (!take(scan, ']')) {
        do {
            if (!count_member(scan) || !scan_value(scan))
                return false;
        } while (take(scan, ','));
        if (!take(scan, ']'))
            return syntax(scan);
    }
    scan->depth--;
    return true;
}

static int by_text(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->text, right->text, len);
    return order ? order : (left->len > right->len) - (left->len < right->len);
}

static int by_text_and_place(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    int order = by_text(a, b);
    return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

/* Of several duplicates the first is told. */
static bool keys_differ(struct scan *scan, struct buf *keys)
{
    struct key *list = (struct key *)(void *)keys->data;
    const struct key *twice = NULL;
    size_t count = keys->len / sizeof *list;
    if (count > 1)
        qsort(list, count, sizeof *list, by_text_and_place);
    for (size_t i = 1; i < count; i++)
        if (by_text(&list[i - 1], &list[i]) == 0 && (!twice || list[i].offset < twice->offset))
            twice = &list[i];
    if (!twice)
        return true;
    return refuse_at(
        scan, scan->start + twice->offset, "json_duplicate_key",
        arena_printf(scan->arena, "The key \"%.*s\" stands twice.", (int)twice->len, twice->text));
}

/* Reads a string twice when it has escapes: for where it ends, for its text. */
static bool scan_key(struct scan *scan, struct key *key)
{
    const char *from = scan->at + 1;
    struct buf text;
    key->offset = (uint32_t)(scan->at - scan->start);
    if (!take(scan, '"') || !scan_string(scan, NULL))
        return syntax(scan);
    key->text = from;
    key->len = (uint32_t)(scan->at - from - 1);
    if (!memchr(from, '\\', key->len))
        return true;
    scan->at = from;
    buf_init(&text, scan->arena);
    scan_string(scan, &text);
    key->text = text.data;
    key->len = (uint32_t)text.len;
    return true;
}

static bool scan_member(struct scan *scan, struct buf *keys)
{
    struct key key;
    skip_white(scan);
    if (!scan_key(scan, &key))
        return false;
    buf_add(keys, &key, sizeof key);
    skip_white(scan);
    if (!take(scan, ':'))
        return syntax(scan);
    return count_member(scan) && scan_value(scan);
}

static bool scan_object(struct scan *scan)
{
    struct buf keys = {.arena = scan->arena}; /* takes nothing for an empty object */
    if (!enter(scan))
        return false;
    skip_white(scan);
    if (!take(scan, '}')) {
        do {
            if (!scan_member(scan, &keys))
                return false;
        } while (take(scan, ','));
        if (!take(scan, '}'))
            return syntax(scan);
    }
    scan->depth--;
    return keys_differ(scan, &keys);
}

static bool scan_value(struct scan *scan)
{
    skip_white(scan);
    if (scan->at >= scan->end)
        return syntax(scan);
    bool good;
    switch (*scan->at) {
    case '{':
        scan->at++;
        good = scan_object(scan);
        break;
    case '[':
        scan->at++;
        good = scan_array(scan);
        break;
    case '"':
        scan->at++;
        good = scan_string(scan, NULL);
        break;
    case 't':
        good = scan_word(scan, "true");
        break;
    case 'f':
        good = scan_word(scan, "false");
        break;
    case 'n':
        good = scan_word(scan, "null");
        break;
    default:
        good = scan_number(scan);
    }
    skip_white(scan);
    return good;
}

static void release(void *value)
{
    json_object_put(value);
}

static json_object *build(struct arena *arena, const char *data, size_t len, int depth,
                          bool *is_null)
{
    json_tokener *tokener = json_tokener_new_ex(depth + 1);
    json_object *value = json_tokener_parse_ex(tokener, data, (int)len);
    /* A bare number may only end with the input: say that it has ended. */
    if (!value && json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, "", 1);
    *is_null = !value && json_tokener_get_error(tokener) == json_tokener_success;
    json_tokener_free(tokener);
    if (value)
        arena_defer(arena, release, value);
    return value;
}

json_object *json_read(struct arena *arena, const char *data, size_t len,
                       const struct json_limits *limits, bool *is_null,
                       struct json_problem *problem)
{
    if (!data)
        data = "";
    struct scan scan = {.arena = arena,
                        .start = data,
                        .at = data,
                        .end = data + len,
                        .max_depth = limits && limits->depth ? limits->depth : DEPTH,
                        .max_members =
                            limits && limits->max_members ? limits->max_members : MEMBERS,
                        .problem = problem};
    *problem = (struct json_problem){NULL, NULL, 0};
    *is_null = false;
    if (len > INT32_MAX) {
        refuse(&scan, "json_too_large", "This JSON is too large.");
        return NULL;
    }
    size_t good = text_utf8_len(data, len);
    if (good < len) {
        scan.at = data + good;
        refuse(&scan, "json_utf8", "This is not UTF-8.");
        return NULL;
    }
    if (!scan_value(&scan) || (scan.at != scan.end && !syntax(&scan)))
        return NULL;
    json_object *value = build(arena, data, len, scan.max_depth, is_null);
    if (!value && !*is_null)
        syntax(&scan);
    return value;
}
