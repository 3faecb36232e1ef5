/* template_text: the texts of a template, for the catalogues; private to lib/page.
 *
 * A template is written in English. What stands in it between tags, or in an attribute that is
 * read to people (aria-label, placeholder, title, data-label …), is a text, with the values, the
 * inline elements and the sections within the sentence: "Signed in as <b>{{name}}</b>". For each
 * other language the template is compiled of its source with those texts exchanged, so that a page
 * costs the same in every language, and a template needs no marks.
 */
#ifndef PAGE_TEMPLATE_TEXT_H
#define PAGE_TEMPLATE_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* What stands in place of a text; NULL: the text itself. */
typedef const char *template_exchange(void *arg, const char *text);
/* Adds the source with its texts exchanged to `out`. */
void template_translate(const char *source, size_t len, template_exchange *exchange, void *arg,
                        struct buf *out);

#endif
