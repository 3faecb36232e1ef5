/* crm: what the files of this area share. */
#ifndef CRM_H
#define CRM_H

#include "api/area.h"

extern const struct resource leads;

#endif
