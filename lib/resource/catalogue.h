/* catalogue: whether a resource's fields are what the database says they are. */
#ifndef RESOURCE_CATALOGUE_H
#define RESOURCE_CATALOGUE_H

#include <stdbool.h>

#include "base/buf.h"
#include "resource/resource.h"

struct db;

/* Compares columns, types and nullability, and that the table has row-level
 * security enabled and forced. false with lines in `report`. WAITS. */
bool resource_check(struct db *db, const struct resource *resource, struct buf *report);

#endif
