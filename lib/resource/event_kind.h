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

/* An event that an area writes itself (access/event.h), or the trigger of a table that is no
 * resource; those of a resource's records and actions need no declaration. */
struct event_declared {
    const char *type;         /* "session.created" */
    const char *about;        /* for documentation: "Somebody signed in." */
    const char *told;         /* for people (resource/event_told.h): "{actor} signed in." */
    const struct field *data; /* members of its `data`; NULL: those of a change of its record */
};
#define EVENTS(...) ((const struct event_declared[]){__VA_ARGS__, {.type = NULL}})
/* The three of a table that is no resource: "tenant_domain", "a domain". */
#define EVENTS_OF_ROWS(word, one)                                                                  \
    {word ".created", "Told when " one " was added.", "{actor} added " one "."},                   \
        {word ".updated", "Told when " one " was changed.", "{actor} changed " one "."},           \
    {                                                                                              \
        word ".deleted", "Told when " one " was removed.", "{actor} removed " one "."              \
    }

/* "api_key"; for the process's life. */
const char *event_word_of(const struct resource *resource);
/* The resource of the model whose records are called so; NULL: it is none. */
const struct resource *event_resource(const char *word);

/* The record by which those of the resource are seen: itself (*column NULL), or the one that they
 * belong to, whose id *column holds. */
const struct resource *event_root(const struct resource *resource, const char **column);
/* Whether `data` of its events has members of its own, and is no change of a record. */
bool event_has_own_data(const char *type);

/* Adds to the report what is wrong with the words of the model and with the events of its actions:
 * two tables with one word, what is not of the grammar. */
void event_kinds_check(struct buf *report);

#endif
