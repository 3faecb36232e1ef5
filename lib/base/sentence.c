/* sentence: a format and its arguments, said in a language. */
#include "base/sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/language.h"
#include "base/text.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

enum { PIECES_MAX = 8, SPEC_MAX = 16, PIECE_LENGTH = 400 };

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

/* One argument as its conversion shows it. */
static const char *put_argument(struct arena *arena, const struct spec *spec, va_list *args)
{
    char format[SPEC_MAX + 1];
    snprintf(format, sizeof format, "%.*s", (int)spec->len, spec->at);
    if (spec->kind != 's')
        return put_whole(arena, spec, format, args);
    if (spec->has_star) {
        int most = va_arg(*args, int);
        return arena_printf(arena, format, most, va_arg(*args, const char *));
    }
    const char *text = va_arg(*args, const char *);
    return language_is_constant(text) ? text : arena_printf(arena, format, text);
}

/* The arguments of a format, each as it shows it; what the program says itself stays a constant. */
struct pieces {
    const char *texts[PIECES_MAX];
    int count;
};

static void take_pieces(struct arena *arena, const char *format, va_list args, struct pieces *out)
{
    struct spec spec;
    va_list left;
    out->count = 0;
    va_copy(left, args);
    for (const char *at = format; find_spec(at, &spec) && out->count < PIECES_MAX;
         at = spec.at + spec.len)
        if (spec.kind != '%')
            out->texts[out->count++] = put_argument(arena, &spec, &left);
    va_end(left);
}

/* The translation may have the conversions in another order ("%2$s"), never others: it says which
 * argument stands where, and the English format how each is shown. */
static char *put_together(struct arena *arena, const char *format, const struct pieces *pieces)
{
    struct buf out;
    struct spec spec;
    int next = 0;
    buf_init(&out, arena);
    buf_puts(&out, "");
    for (; find_spec(format, &spec); format = spec.at + spec.len) {
        buf_add(&out, format, (size_t)(spec.at - format));
        int place = spec.place > 0 ? spec.place - 1 : next;
        if (spec.kind == '%')
            buf_putc(&out, '%');
        else if (place < pieces->count)
            buf_puts(&out, pieces->texts[place]);
        next += spec.kind != '%';
    }
    buf_puts(&out, format);
    return out.data;
}

const char *sentence_say(struct arena *arena, const struct language *language, const char *format,
                         va_list args)
{
    struct pieces pieces;
    if (!strchr(format, '%'))
        return language_text(language, format); /* English stays a constant */
    if (!language || language == languages)
        return arena_vprintf(arena, format, args);
    take_pieces(arena, format, args, &pieces);
    for (int i = 0; i < pieces.count; i++)
        if (language_is_constant(pieces.texts[i]))
            pieces.texts[i] = language_text(language, pieces.texts[i]);
    return put_together(arena, language_text(language, format), &pieces);
}

/* ---- kept ---- */

/* The array of a kept sentence; NULL: it is another text. The caller puts it. */
static json_object *array_of(const char *kept)
{
    json_object *array = *kept == '[' ? json_tokener_parse(kept) : NULL;
    if (json_object_is_type(array, json_type_array) &&
        json_object_is_type(json_object_array_get_idx(array, 0), json_type_string))
        return array;
    json_object_put(array);
    return NULL;
}

/* What is a constant here, and what is a kept sentence itself, is translated when it is read. */
static void keep_piece(struct json *json, const char *text)
{
    bool said = language_is_constant(text);
    json_object *array = array_of(text);
    if (array) {
        const char *kept = json_object_to_json_string(array);
        json_put_raw(json, kept, strlen(kept));
        json_object_put(array);
        return;
    }
    if (said)
        json_open_array(json);
    json_put_text_len(json, text, text_utf8_len(text, strnlen(text, PIECE_LENGTH)));
    if (said)
        json_close_array(json);
}

const char *sentence_vkeep(struct arena *arena, const char *format, va_list args)
{
    struct pieces pieces;
    struct buf out;
    struct json json;
    if (!strchr(format, '%'))
        return format;
    take_pieces(arena, format, args, &pieces);
    if (pieces.count == 1 && strcmp(format, "%s") == 0)
        return pieces.texts[0];
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_array(&json);
    json_put_text(&json, format);
    for (int i = 0; i < pieces.count; i++)
        keep_piece(&json, pieces.texts[i]);
    json_close_array(&json);
    return out.data;
}

const char *sentence_keep(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *kept = sentence_vkeep(arena, format, args);
    va_end(args);
    return kept;
}

static const char *read_array(struct arena *arena, const struct language *language,
                              json_object *array)
{
    struct pieces pieces = {.count = 0};
    const char *format = json_object_get_string(json_object_array_get_idx(array, 0));
    size_t count = json_object_array_length(array);
    for (size_t i = 1; i < count && pieces.count < PIECES_MAX; i++) {
        json_object *piece = json_object_array_get_idx(array, i);
        bool said = json_object_is_type(piece, json_type_array);
        const char *text =
            said ? read_array(arena, language, piece) : json_object_get_string(piece);
        pieces.texts[pieces.count++] = text ? text : "";
    }
    format = format ? arena_text(arena, language_text(language, format)) : "";
    return count > 1 ? put_together(arena, format, &pieces) : format;
}

const char *sentence_read(struct arena *arena, const struct language *language, const char *kept)
{
    json_object *array = kept ? array_of(kept) : NULL;
    if (!array)
        return language_text(language, kept);
    const char *text = read_array(arena, language, array);
    json_object_put(array);
    return text;
}
