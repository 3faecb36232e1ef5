/* library: what the files of this area share. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include "api/area.h"

extern const struct resource books, members, loans;

#endif
