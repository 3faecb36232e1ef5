/* console: what the files of this area share. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "api/area.h"

extern const struct route start_routes[];     /* /, /admin, /api/docs */
extern const struct route search_routes[];    /* /search */
extern const struct route operation_routes[]; /* /readyz, /metrics */
extern const struct resource favourites;
extern const struct route favourite_pages[]; /* the star */
extern const struct route outbox_routes[];   /* /platform/mail */

/* ---- figures.c ---- */
/* Of events, as far as the one signed in may be told of them: "before and … after", with one
 * parameter or NULL. NULL: cx->db.error. WAITS. */
struct rows *dashboard_events(struct cx *cx, const char *before, const char *after,
                              const char *parameter, unsigned flags);
/* Adds "figures" to the data of the dashboard, for the last `days` days. false: the failure is
 * set. WAITS. */
bool dashboard_add_figures(struct cx *cx, struct json_object *data, int64_t days);

#endif
