/* catalogue: whether a resource's fields are what the database says they are. */
#ifndef RESOURCE_CATALOGUE_H
#define RESOURCE_CATALOGUE_H

#include <stdbool.h>

#include "base/buf.h"
#include "resource/resource.h"

struct db;

/* Compares columns, types, nullability, the lengths and choices that CHECK allows
 * and the range of integers; that a reference has a foreign key to the table of its resource that
 * does the same on deletion (the model must be linked); that what may sort has an index for it; and
 * that the table and its partitions have row-level security enabled and forced, with policies for
 * both roles. false with sentences in `report`. WAITS. */
bool resource_check(struct db *db, const struct resource *resource, struct buf *report);

#endif
