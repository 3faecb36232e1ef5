/* template: the compiled templates of this process, by name; private to lib/page. */
#ifndef PAGE_TEMPLATE_H
#define PAGE_TEMPLATE_H

#include "page/mustache.h"

/* A mustache_find; `language` is a const struct language *, NULL: English. */
const struct mustache *template_find(void *language, const char *name);
/* Digest of all static files, for their addresses; "0" before any were built. */
const char *static_version(void);
/* Forgets what page_load_templates() loaded; for tests. */
void templates_free(void);

#endif
