/* cx_text: what a request says, in the language of whoever reads the answer. */
#include "base/language.h"
#include "base/sentence.h"
#include "base/text.h"
#include "http/cx.h"

const char *cx_text(const struct cx *cx, const char *english)
{
    return language_text(cx->language, english);
}

const char *cx_vprintf(const struct cx *cx, const char *format, va_list args)
{
    return sentence_say(cx->arena, cx->language, format, args);
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
