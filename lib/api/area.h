/* area: the one table of a feature area, and the program made of it.
 *
 *     static const struct area crm = {
 *         .name = "crm", .title = "CRM",
 *         .resources = (const struct resource *const[]){&leads, NULL},
 *         .menu = MENU({ADMIN, "Leads", "/admin/crm/leads", "target", "crm.leads:read"}),
 *     };
 *     AREA_MAIN(crm)
 *
 * The program serves FastCGI; with --describe it prints its table as JSON
 * (from which nginx locations, OpenAPI, the menu, the permission list and the
 * route-walking tests are made at build time), with --check-statements it
 * prepares every declared statement and compares resources with the catalogue.
 */
#ifndef API_AREA_H
#define API_AREA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "db/db.h"
#include "http/route.h"
#include "job/job.h"
#include "notify/notify.h"
#include "resource/action.h"
#include "resource/event_kind.h"
#include "resource/resource.h"

enum page_set { PLATFORM_PAGES, ADMIN_PAGES, STAFF_PAGES, PORTAL_PAGES };

struct menu_entry {
    enum page_set set;
    const char *title, *path, *icon;
    const char *needs; /* permission, NULL: everybody signed in */
    const char *group; /* heading, NULL: none */
    const char *kinds; /* "platform reseller business": tenants that see it; NULL: all */
    int order;         /* within the set, smaller first */
};
#define MENU(...) ((const struct menu_entry[]){__VA_ARGS__, {.title = NULL}})

struct permission_entry {
    const char *name, *title; /* "crm.leads:import", "Import leads"; those of routes are derived */
};
#define PERMISSIONS(...) ((const struct permission_entry[]){__VA_ARGS__, {NULL, NULL}})

/* What those who have a built-in role may do in this area besides what access/roles.c gives:
 * {"staff", "library.loans:*"}. */
struct role_grant {
    const char *role, *grant; /* the grant is of this area */
};
#define ROLE_GRANTS(...) ((const struct role_grant[]){__VA_ARGS__, {NULL, NULL}})

/* Work that repeats, in one worker of one machine at a time (advisory lock). */
struct area_task {
    const char *name;
    int seconds;
    bool (*run)(struct db *db); /* platform role */
};
#define TASKS(...) ((const struct area_task[]){__VA_ARGS__, {.name = NULL}})

/* A section of the tenant's settings: GET, PUT and PATCH /api/settings/<key> and a
 * form at /admin/settings/<key>, stored in tenants.settings under its key. One of
 * the platform itself is for operators alone, at /api/platform/settings/<key> and
 * /platform/settings/<key>. */
struct settings_section {
    const char *key, *title, *about;
    const struct field *fields;
    const char *also;                         /* another address of the same in the API, or NULL */
    const char *also_named, *also_deprecated; /* its noun ("security policy"), and since when */
    bool platform;
};
#define SETTINGS(...) ((const struct settings_section[]){__VA_ARGS__, {.key = NULL}})

/* Kinds of jobs that the area does, and those added by the clock; see job/job.h. */
#define JOBS(...) ((const struct job_kind *const[]){__VA_ARGS__, NULL})
#define SCHEDULES(...) ((const struct job_schedule[]){__VA_ARGS__, {.name = NULL}})

/* Kinds of notifications that the area sends; see notify/notify.h. */
#define NOTIFICATIONS(...) ((const struct notification_kind *const[]){__VA_ARGS__, NULL})

#define ROUTES(...) ((const struct route[]){__VA_ARGS__, {.path = NULL}})
#define RESOURCES(...) ((const struct resource *const[]){__VA_ARGS__, NULL})

struct area {
    const char *name; /* folder, socket and log name */
    const char *title;
    const char *about;                      /* what one does here, in a sentence */
    const struct route *routes;             /* closed by a route without path */
    const struct route *const *more_routes; /* NULL-terminated list of further tables */
    const struct resource *const *resources;
    const struct menu_entry *menu;
    const struct permission_entry *permissions;
    const struct role_grant *grants;
    const struct event_declared *events; /* besides those of its resources' records and actions */
    const struct area_task *tasks;
    const struct settings_section *settings;
    const struct job_kind *const *jobs;
    const struct job_schedule *schedules;
    const struct notification_kind *const *notifications;
    bool (*prepare)(void);        /* once, before the worker processes fork */
    void (*begin)(void);          /* in each worker process once it can serve; a coroutine */
    void (*end)(void);            /* when the process is told to end; requests in hand go on */
    int workers;                  /* 0: TULOU_WORKERS */
    enum config_key transactions; /* the variable that says how many it has open at once, if that
                                   * may be more than TULOU_DB_POOL */
    bool platform;                /* opens the platform role's connections too */
};

int area_main(const struct area *area, int argc, char **argv);

/* Each area names itself in a section too: the program `worker` is linked of all
 * areas, so that it can do the jobs of each. */
const struct area *const *areas_linked(size_t *count);

#define AREA_MAIN(area_table)                                                                      \
    static const struct area *const area_table##_entry __attribute__((used, section("areas"))) =   \
        &(area_table);                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return area_main(&(area_table), argc, argv);                                               \
    }

/* Every route of an area: its own, its resources', pages', settings'. */
size_t area_routes(const struct area *area, const struct route *const **routes);

#endif
