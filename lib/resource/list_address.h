/* list_address: the query of a list as a text, "status=new&sort=-createdAt", which reproduces what
 * the list showed: what saved views keep, and what links of pages say.
 *
 * It has filters, search, order, columns and size of a page; where in the list one is
 * (page, after) and what pages say to themselves (view, names that begin with _) are no part of it.
 */
#ifndef RESOURCE_LIST_ADDRESS_H
#define RESOURCE_LIST_ADDRESS_H

#include <stdbool.h>

struct arena;
struct cx;
struct parameter;
struct resource;

/* The parameters of a query, sorted by name, without those that are no part of it and those that
 * say nothing. false: it is none. */
bool list_address_read(struct cx *cx, const char *text, struct parameter **out);
/* The same of parameters that are there; these stay. */
struct parameter *list_address_of(struct arena *arena, const struct parameter *query);
/* As a text again, without "?". */
const char *list_address_write(struct arena *arena, const struct parameter *query);
/* What is wrong with them for people, NULL: nothing. Of a failure of another kind (the database) it
 * stays set. WAITS. */
const char *list_address_problem(struct cx *cx, const struct resource *resource,
                                 struct parameter *query);
/* Those that the list still understands; `lost`: how many it does not, such as a field that was
 * deleted or that the reader may not see. WAITS. */
struct parameter *list_address_prune(struct cx *cx, const struct resource *resource,
                                     struct parameter *query, int *lost);

#endif
