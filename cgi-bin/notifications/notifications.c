/* notifications: what a user was told of, and what they wish to be told. */
#include "notifications.h"
#include "comment/comment.h"

STATEMENT(notifications_clean,
          "delete from notifications\n"
          "where created_at < now() - interval '180 days'",
          DB_WRITES | DB_ON_PLATFORM | DB_SLOW);

static bool clean(struct db *db)
{
    return db_get0(db, &notifications_clean) != NULL;
}

static const struct event_declared notification_events[] = {
    EVENTS_OF_ROWS("notification_preference", "a choice of notifications"), {.type = NULL}};

static const struct area area = {
    .name = "notifications",
    .title = "Notifications",
    .about = "What happened that concerns one, and by which way one wants to hear of it.",
    .more_routes = (const struct route *const[]){notice_pages, preference_routes, NULL},
    .resources = RESOURCES(&notices),
    .notifications = NOTIFICATIONS(&notice_mentioned),
    .events = notification_events,
    .tasks = TASKS({"notifications.clean", 3600, clean}),
    .platform = true,
};

AREA_MAIN(area)
