/* event_kind: what events are about, as the model knows it.
 *
 * A type is `word.verb` (access/event_name.h). The word of a record's events is what one record of
 * its table is called ("lead" of `.one`), which the table's trigger says too.
 */
#ifndef RESOURCE_EVENT_KIND_H
#define RESOURCE_EVENT_KIND_H

#include <stdbool.h>

#include "base/buf.h"
#include "resource/resource.h"

/* "api_key"; for the process's life. */
const char *event_word_of(const struct resource *resource);
/* That of the rows that belong to a record: "deal_line". */
const char *event_word_of_child(const struct resource *child);
/* The resource of the model whose records are called so; NULL: it is none. */
const struct resource *event_resource(const char *word);

/* Adds to the report what is wrong with the words of the model and with the events of its actions:
 * two tables with one word, what is not of the grammar. */
void event_kinds_check(struct buf *report);

#endif
