/* pages: the queues above the list of jobs, and one job. */
#include <string.h>

#include "access/permission.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/language_format.h"
#include "base/text.h"
#include "http/cx.h"
#include "job/cron.h"
#include "page/page.h"
#include "queues.h"
#include "worker.h"

enum { QUEUE, PAUSED, WAITING, SCHEDULED, RUNNING, DEAD };

static bool add_queues(struct cx *cx, json_object *data)
{
    const struct rows *rows = queues_read(cx);
    json_object *list = page_list(data, "queues");
    if (!rows)
        return false;
    for (size_t i = 0; i < rows_count(rows); i++) {
        json_object *item = page_item(list);
        page_set(item, "queue", rows_text(rows, i, QUEUE));
        page_set_bool(item, "paused", rows_bool(rows, i, PAUSED));
        page_set_int(item, "waiting", rows_int(rows, i, WAITING));
        page_set_int(item, "scheduled", rows_int(rows, i, SCHEDULED));
        page_set_int(item, "running", rows_int(rows, i, RUNNING));
        page_set_int(item, "dead", rows_int(rows, i, DEAD));
        page_set_bool(item, "any_dead", rows_int(rows, i, DEAD) > 0);
    }
    page_set_bool(data, "any_queue", rows_count(rows) > 0);
    return true;
}

static void add_schedule(struct cx *cx, json_object *list, const struct job_schedule *schedule)
{
    struct cron cron;
    int64_t next_us;
    json_object *item = page_item(list);
    page_set(item, "name", schedule->name);
    page_set(item, "cron", schedule->cron);
    page_set(item, "zone", schedule->zone ? schedule->zone : "UTC");
    page_set(item, "next",
             cron_parse(schedule->cron, &cron) &&
                     cron_next(&cron, schedule->zone, clock_now_us(), &next_us)
                 ? language_time(cx->arena, cx->language, tenant_date_order(cx), next_us,
                                 schedule->zone ? schedule->zone : "UTC")
                 : "never");
}

static void add_schedules(struct cx *cx, json_object *data)
{
    size_t areas, count = 0;
    const struct area *const *all = areas_linked(&areas);
    json_object *list = page_list(data, "schedules");
    for (size_t i = 0; i < areas; i++)
        for (const struct job_schedule *it = all[i]->schedules; it && it->name; it++, count++)
            add_schedule(cx, list, it);
    page_set_bool(data, "any_schedule", count > 0);
}

bool jobs_add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (record)
        return true;
    page_set_bool(data, "may_change", may(cx, "platform.jobs:update"));
    add_schedules(cx, data);
    return add_queues(cx, data);
}
