/* forecast_page: the forecast for people: a chart of the months, and what it is made of by
 * currency, with the ways to the deals. */
#ifndef CRM_FORECAST_PAGE_H
#define CRM_FORECAST_PAGE_H

#include <stdbool.h>

struct cx;

bool forecast_page(struct cx *cx);

#endif
