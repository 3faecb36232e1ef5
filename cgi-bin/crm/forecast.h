/* forecast: what deals will bring, by the month in which they are expected to close.
 *
 * Open deals count with their chance (their own, else that of their stage), won ones whole. Each
 * currency is added up for itself. In the tenant's currency is said what has an exchange rate: that
 * of the day on which the deal is to close, which is the last one known by then. How many deals
 * have none, or no amount, or no chance, is said beside.
 */
#ifndef CRM_FORECAST_H
#define CRM_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/route.h"

struct cx;

enum { FORECAST_MONTHS = 12, FORECAST_MONTHS_MOST = 36 };

struct forecast_figures {
    int64_t open, weighted, won; /* amounts */
};

struct forecast_sum {
    const char *currency;
    int64_t open_count, won_count;
    struct forecast_figures own;       /* in that currency */
    struct forecast_figures converted; /* in the tenant's, as far as there is a rate */
    int64_t without_amount, without_chance, without_rate; /* deals */
};

struct forecast_part {
    const char *kind;          /* "overdue", "month", "undated" */
    const char *begins, *ends; /* of a month its first day and that of the next; else NULL */
    bool more;                 /* than are added up: then there are no sums */
    struct forecast_sum *sums; /* by currency */
    size_t count;
    struct forecast_sum total; /* of all of them, in the tenant's currency */
};

struct forecast {
    const char *currency;        /* the tenant's */
    struct forecast_part *parts; /* what is overdue, the months, what has no day */
    size_t count;
};

/* As far as the one who asks sees deals and their amounts; of the query's pipelineId and ownerId,
 * from the month of `from` on. One statement. WAITS; false: the failure is set. */
bool forecast_read(struct cx *cx, struct forecast *out);

extern const struct route forecast_routes[];

#endif
