/* analytics: what became of leads and deals in the last days, as far as the one who asks sees them:
 * which source brings customers, how long leads and deals stay where they are, how many deals are
 * won, and by whom.
 */
#ifndef CRM_ANALYTICS_H
#define CRM_ANALYTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/route.h"

struct cx;

enum {
    ANALYTICS_DAYS = 90,
    ANALYTICS_ROWS = 100000, /* leads that came, deals that were closed: more are not counted */
    ANALYTICS_STAYS = 10000, /* of a stage or status */
    ANALYTICS_STATUSES = 16, /* room for those of leads */
    ANALYTICS_USERS = 100    /* who closed the most */
};

/* The leads of one source that came in the time, by what they are now. */
struct analytics_source {
    const char *source;
    int64_t count, by_status[ANALYTICS_STATUSES]; /* in the order of the field's choices */
};

/* What left a status or stage in the time, and how long it had been there. */
struct analytics_stay {
    const char *id, *name; /* of a status the id alone */
    int64_t left, won, lost;
    int64_t known;           /* of which one knows when they came */
    int64_t median, average; /* seconds */
};

/* Deals that were closed, of a month ("2026-11-01") or of an owner. */
struct analytics_closed {
    const char *id, *name; /* of nobody, or one whose name may not be seen: NULL */
    int64_t won, lost;
};

/* What a user did with records of the CRM, as the log has it. */
struct analytics_person {
    const char *id, *name;
    int64_t made, changed;
};

struct analytics {
    const char *begins; /* the first instant, RFC 3339 */
    bool leads, deals;  /* whether the one who asks sees any */
    bool more_leads, more_deals;
    struct analytics_source *sources;
    struct analytics_stay *statuses, *stages;
    struct analytics_closed *months, *owners;
    struct analytics_person *people;
    size_t people_count;
    size_t sources_count, statuses_count, stages_count, months_count, owners_count;
};

/* Of the days that the query says. WAITS; false: the failure is set. */
bool analytics_read(struct cx *cx, struct analytics *out);
/* Of a hundred parts of a percent; 0 of nothing. */
int64_t analytics_share(int64_t part, int64_t whole);
/* The statuses of leads, in their order, and the leads of a source that became customers. */
const char *const *analytics_statuses(void);
int64_t analytics_converted(const struct analytics_source *source);
bool analytics_page(struct cx *cx);

extern const struct route analytics_routes[];

#endif
