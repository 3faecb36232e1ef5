/* comment_parts: what the files of comments share. */
#ifndef COMMENT_COMMENT_PARTS_H
#define COMMENT_COMMENT_PARTS_H

#include "resource/resource.h"

/* What their routes are about: not the resource itself, whose records they do not answer. */
struct commented {
    const struct resource *resource;
};
const struct resource *comment_resource(const struct cx *cx);

/* The record of the route's :id, as far as the one signed in sees it. WAITS. */
bool comment_find_record(struct cx *cx, struct list_result *record);
/* The comment of the route; that they may change, or delete. NULL: the failure is set. WAIT. */
struct rows *comment_find(struct cx *cx);
struct rows *comment_find_own(struct cx *cx, bool deletes);
const char *comment_text(const struct rows *rows);
/* From the request's body. `unseen`: as mention_tell() says. WAIT. */
bool comment_add(struct cx *cx, const char **id, const char **unseen);
bool comment_change(struct cx *cx, const char **unseen);
bool comment_remove(struct cx *cx);

/* ---- comment_page.c ---- */
enum { COMMENT_PAGES = 5 };
size_t comment_pages(const struct resource *resource, struct route *routes);

#endif
