/* console: the start pages, what every page needs, and the health of it all. */
#include "console.h"

#include "mail/mail.h"
#include "page/page.h"

static const struct route shared_routes[] = {
    ROUTE(GET, "/brand.css", PUBLIC(NONE), page_brand_css, "The tenant's colours.",
          .answer = ANSWER_DOWNLOAD),
    ROUTE(POST, "/theme", PUBLIC(NONE), page_theme, "Choose dark or light.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_NO_CSRF | ROUTE_LOOSE_BODY),
    {.path = NULL},
};

static const struct event_declared console_events[] = {
    EVENTS_OF_ROWS("file", "a file"), EVENTS_OF_ROWS("comment", "a comment"), {.type = NULL}};

static const struct area console = {
    .name = "console",
    .title = "Console",
    .about = "The start page, the search and the operation of the platform.",
    .more_routes =
        (const struct route *const[]){start_routes, search_routes, operation_routes, outbox_routes,
                                      shared_routes, favourite_pages, NULL},
    .resources = RESOURCES(&favourites),
    .events = console_events,
    .jobs = JOBS(&mail_send),
    .menu = MENU({ADMIN_PAGES, "Dashboard", "/admin", "layout-dashboard", "insight.dashboard:read",
                  NULL, "business reseller", 1},
                 {PLATFORM_PAGES, "Mail", "/platform/mail", "mail", "platform.mail:open",
                  "Operation", "platform", 81}),
    .platform = true, /* the search of operators */
};

AREA_MAIN(console)
