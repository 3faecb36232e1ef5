/* cx_text: what a request says, in the language of whoever reads the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "http/cx.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

enum { PIECES_MAX = 8, SPEC_MAX = 16 };

const char *cx_text(const struct cx *cx, const char *english)
{
    return language_text(cx->language, english);
}

/* A conversion of a format: "%s", "%-5lld", "%.*s", "%2$s". */
struct spec {
    const char *at;
    size_t len;
    int place; /* of "%2$s": 2; 0: the next one */
    char kind;
    bool is_wide, is_size, has_star;
};

/* The next conversion from `text` on; false: there is none. */
static bool find_spec(const char *text, struct spec *out)
{
    const char *at = strchr(text, '%');
    if (!at)
        return false;
    const char *c = at + 1;
    size_t digits = strspn(c, "0123456789");
    *out = (struct spec){.at = at};
    if (digits > 0 && c[digits] == '$') {
        out->place = atoi(c);
        c += digits + 1;
    }
    size_t flags = strspn(c, "-+ #0123456789.*");
    out->has_star = memchr(c, '*', flags) != NULL;
    c += flags;
    for (; *c && strchr("hlzjt", *c); c++) {
        out->is_wide = out->is_wide || *c == 'l' || *c == 'j';
        out->is_size = out->is_size || *c == 'z' || *c == 't';
    }
    out->kind = *c;
    out->len = (size_t)(c - at) + (*c != '\0');
    return true;
}

static char *put_whole(struct arena *arena, const struct spec *spec, const char *format,
                       va_list *args)
{
    if (spec->is_wide)
        return arena_printf(arena, format, va_arg(*args, long long));
    if (spec->is_size)
        return arena_printf(arena, format, va_arg(*args, size_t));
    return arena_printf(arena, format, va_arg(*args, int));
}

/* One argument as its conversion shows it. What the program says itself is translated too: the
 * noun of "New %s". */
static char *put_argument(const struct cx *cx, const struct spec *spec, va_list *args)
{
    char format[SPEC_MAX + 1];
    snprintf(format, sizeof format, "%.*s", (int)spec->len, spec->at);
    if (spec->kind != 's')
        return put_whole(cx->arena, spec, format, args);
    if (spec->has_star) {
        int most = va_arg(*args, int);
        return arena_printf(cx->arena, format, most, va_arg(*args, const char *));
    }
    const char *text = va_arg(*args, const char *);
    return arena_printf(cx->arena, format, language_is_constant(text) ? cx_text(cx, text) : text);
}

/* The translation may have the conversions in another order ("%2$s"), never others: it says which
 * argument stands where, and the English format how each is shown. */
static char *put_together(const struct cx *cx, const char *format, char *const *pieces, int count)
{
    struct buf out;
    struct spec spec;
    int next = 0;
    buf_init(&out, cx->arena);
    buf_puts(&out, "");
    for (; find_spec(format, &spec); format = spec.at + spec.len) {
        buf_add(&out, format, (size_t)(spec.at - format));
        int place = spec.place > 0 ? spec.place - 1 : next;
        if (spec.kind == '%')
            buf_putc(&out, '%');
        else if (place < count)
            buf_puts(&out, pieces[place]);
        next += spec.kind != '%';
    }
    buf_puts(&out, format);
    return out.data;
}

const char *cx_vprintf(const struct cx *cx, const char *format, va_list args)
{
    char *pieces[PIECES_MAX];
    int count = 0;
    struct spec spec;
    va_list left;
    if (!strchr(format, '%'))
        return cx_text(cx, format); /* English stays a constant, which is translated when shown */
    if (!cx->language || cx->language == languages)
        return arena_vprintf(cx->arena, format, args);
    va_copy(left, args);
    for (const char *at = format; find_spec(at, &spec) && count < PIECES_MAX;
         at = spec.at + spec.len)
        if (spec.kind != '%')
            pieces[count++] = put_argument(cx, &spec, &left);
    va_end(left);
    return put_together(cx, cx_text(cx, format), pieces, count);
}

const char *cx_printf(const struct cx *cx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = cx_vprintf(cx, format, args);
    va_end(args);
    return text;
}

const char *cx_plural(const struct cx *cx, int64_t number, const char *one, const char *many)
{
    return language_plural(cx->language, number, one, many);
}

const char *cx_in_sentence(const struct cx *cx, const char *title)
{
    const char *text = cx_text(cx, title);
    bool as_it_is = cx->language && cx->language->nouns_are_capital && text != title;
    return as_it_is ? text : text_in_sentence(cx->arena, text);
}
