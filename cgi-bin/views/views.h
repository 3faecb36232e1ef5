/* views: what the files of this area share. */
#ifndef VIEWS_H
#define VIEWS_H

#include "api/area.h"
#include "resource/resource.h"

#define VIEW_SHARE "views.views:share"

extern const struct resource views;
/* The resource of that name, where it has a list of which there can be views; else NULL. */
const struct resource *view_list(const char *name);
extern const struct route view_pages[];

#endif
