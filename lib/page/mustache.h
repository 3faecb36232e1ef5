/* mustache: templates compiled once, rendered from json-c values.
 *
 * All of the Mustache specification (v1.4) with the optional modules for
 * inheritance and dynamic names. Output is HTML-escaped unless {{{ }}} or {{& }}.
 */
#ifndef PAGE_MUSTACHE_H
#define PAGE_MUSTACHE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct mustache;

/* Compiles; NULL with *problem ("line 3: …", heap, caller frees). */
struct mustache *mustache_new(const char *text, size_t len, char **problem);
void mustache_free(struct mustache *template);

/* Finds a partial or a parent by name; NULL: renders nothing (specification). */
typedef const struct mustache *mustache_find(void *arg, const char *name);
/* Renders to `out`; depth of partials is bounded (64), deeper renders nothing. */
void mustache_render(const struct mustache *template, json_object *data, mustache_find *find,
                     void *arg, struct buf *out);
/* The same for plain text: nothing is escaped. */
void mustache_render_plain(const struct mustache *template, json_object *data, mustache_find *find,
                           void *arg, struct buf *out);

#endif
