/* permission_words: what people read of a permission: of what it is ("Leads") and what one may do
 * ("See"), in cx->language. The code stays the name that programs use. */
#ifndef RESOURCE_PERMISSION_WORDS_H
#define RESOURCE_PERMISSION_WORDS_H

struct cx;

struct permission_words {
    const char *subject, *action; /* in the request's arena, or constants */
};

/* `title`: what its area calls it, for an action that only that area knows; NULL: its own name. */
struct permission_words permission_words(struct cx *cx, const char *name, const char *title);

#endif
