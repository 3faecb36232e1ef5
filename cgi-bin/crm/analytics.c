#include "analytics.h"

#include <stdlib.h>
#include <string.h>

#include "access/permission.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"
#include "resource/conditions.h"
#include "resource/event_sight.h"

int64_t analytics_share(int64_t part, int64_t whole)
{
    return whole > 0 ? (part * 10000 + whole / 2) / whole : 0;
}

const char *const *analytics_statuses(void)
{
    return field_find(leads.fields, "status")->choices;
}

int64_t analytics_converted(const struct analytics_source *source)
{
    const char *const *statuses = analytics_statuses();
    size_t at = 0;
    while (statuses[at] && strcmp(statuses[at], "converted") != 0)
        at++;
    return source->by_status[at];
}

/* A condition on rows of the resource, behind those that are given: what the one who asks sees. */
static void analytics_begin(struct conditions *where, struct cx *cx, const struct analytics *out)
{
    conditions_init(where, cx->arena);
    conditions_parameter(where, out->begins);
}

static struct rows *analytics_ask(struct cx *cx, const struct conditions *where, const char *sql)
{
    struct rows *rows =
        db_run(&cx->db, statement_made(cx->arena, sql, DB_SLOW), where->parameters, where->count);
    if (!rows)
        fail_db(cx);
    return rows;
}

/* ---- where leads came from, and what they are ---- */

static struct analytics_source *source_of(struct analytics *out, const char *source)
{
    for (size_t i = 0; i < out->sources_count; i++)
        if (strcmp(out->sources[i].source, source) == 0)
            return &out->sources[i];
    struct analytics_source *made = &out->sources[out->sources_count++];
    *made = (struct analytics_source){.source = source};
    return made;
}

static bool analytics_read_sources(struct cx *cx, struct analytics *out)
{
    struct conditions where;
    const struct viewer viewer = viewer_of(cx, &leads, "read");
    analytics_begin(&where, cx, out);
    conditions_add(&where, "created_at >= $1::timestamptz");
    conditions_add_resource(&where, &leads, &viewer);
    const struct rows *rows = analytics_ask(
        cx, &where,
        arena_printf(cx->arena,
                     "select source, status, count(*)\n"
                     "from (select source, status\n      from leads%s\n      limit %d) lead\n"
                     "group by source, status\norder by source, status",
                     where.sql.data, ANALYTICS_ROWS + 1));
    int64_t count = 0;
    if (!rows)
        return false;
    out->sources = arena_alloc(cx->arena, (rows_count(rows) + 1) * sizeof *out->sources);
    for (size_t i = 0; i < rows_count(rows); i++) {
        struct analytics_source *source = source_of(out, rows_text(rows, i, 0));
        const char *const *statuses = analytics_statuses();
        for (size_t s = 0; s < ANALYTICS_STATUSES && statuses[s]; s++)
            if (strcmp(statuses[s], rows_text(rows, i, 1)) == 0)
                source->by_status[s] += rows_int(rows, i, 2);
        source->count += rows_int(rows, i, 2);
        count += rows_int(rows, i, 2);
    }
    out->more_leads = count > ANALYTICS_ROWS;
    return true;
}

/* ---- how long they stay ---- */

#define HOW_LONG                                                                                   \
    "count(move.entered_at),\n"                                                                    \
    "       coalesce(round(percentile_cont(0.5) within group\n"                                    \
    "                (order by extract(epoch from move.moved_at - move.entered_at)))::bigint, "    \
    "0),\n"                                                                                        \
    "       coalesce(round(avg(extract(epoch from move.moved_at - move.entered_at)))::bigint, "    \
    "0)\n"

static void analytics_take_stays(struct cx *cx, const struct rows *rows,
                                 struct analytics_stay **stays, size_t *count)
{
    *count = rows_count(rows);
    *stays = arena_alloc(cx->arena, (*count + 1) * sizeof **stays);
    for (size_t i = 0; i < *count; i++)
        (*stays)[i] = (struct analytics_stay){.id = rows_text(rows, i, 0),
                                              .name = rows_text(rows, i, 1),
                                              .left = rows_int(rows, i, 2),
                                              .won = rows_int(rows, i, 3),
                                              .lost = rows_int(rows, i, 4),
                                              .known = rows_int(rows, i, 5),
                                              .median = rows_int(rows, i, 6),
                                              .average = rows_int(rows, i, 7)};
}

static bool analytics_read_statuses(struct cx *cx, struct analytics *out)
{
    struct conditions where;
    const struct viewer viewer = viewer_of(cx, &leads, "read");
    struct buf statuses;
    buf_init(&statuses, cx->arena);
    for (const char *const *it = analytics_statuses(); *it; it++)
        buf_printf(&statuses, "%c%s", it == analytics_statuses() ? '{' : ',', *it);
    buf_putc(&statuses, '}');
    analytics_begin(&where, cx, out);
    conditions_parameter(&where, statuses.data);
    conditions_add(&where, "m.from_status = status.value and m.moved_at >= $1::timestamptz");
    conditions_add_resource(&where, &leads, &viewer);
    const struct rows *rows = analytics_ask(
        cx, &where,
        arena_printf(cx->arena,
                     "select status.value, null::text, count(move.moved_at),\n"
                     "       count(*) filter (where move.to_status = 'converted'),\n"
                     "       count(*) filter (where move.to_status in ('lost', 'unqualified')),\n"
                     "       " HOW_LONG
                     "from unnest($2::text[]) with ordinality status (value, at)\n"
                     "left join lateral (\n"
                     "    select m.entered_at, m.moved_at, m.to_status\n"
                     "    from lead_moves m\n"
                     "    join leads on leads.tenant_id = m.tenant_id and leads.id = m.lead_id%s\n"
                     "    order by m.moved_at desc\n    limit %d) move on true\n"
                     "group by status.value, status.at\norder by status.at",
                     where.sql.data, ANALYTICS_STAYS));
    if (rows)
        analytics_take_stays(cx, rows, &out->statuses, &out->statuses_count);
    return rows != NULL;
}

static bool analytics_read_stages(struct cx *cx, struct analytics *out)
{
    struct conditions where;
    const struct viewer viewer = viewer_of(cx, &deals, "read");
    analytics_begin(&where, cx, out);
    conditions_add(&where, "m.from_stage_id = stage.id and m.moved_at >= $1::timestamptz");
    conditions_add_resource(&where, &deals, &viewer);
    const struct rows *rows = analytics_ask(
        cx, &where,
        arena_printf(
            cx->arena,
            "select stage.id, stage.name, count(move.moved_at),\n"
            "       count(*) filter (where move.kind = 'won'),\n"
            "       count(*) filter (where move.kind = 'lost'),\n"
            "       " HOW_LONG "from (select s.id, s.name, p.position line, p.id line_id,\n"
            "             s.position\n"
            "      from stages s\n"
            "      join pipelines p on p.tenant_id = s.tenant_id and p.id = s.pipeline_id\n"
            "      where s.kind = 'open'\n"
            "      order by p.position, p.id, s.position, s.id\n"
            "      limit 200) stage\n"
            "left join lateral (\n"
            "    select m.entered_at, m.moved_at, (\n"
            "        select t.kind from stages t\n"
            "        where t.tenant_id = m.tenant_id and t.id = m.to_stage_id) kind\n"
            "    from deal_moves m\n"
            "    join deals on deals.tenant_id = m.tenant_id and deals.id = m.deal_id%s\n"
            "    order by m.moved_at desc\n    limit %d) move on true\n"
            "group by stage.id, stage.name, stage.line, stage.line_id, stage.position\n"
            "order by stage.line, stage.line_id, stage.position, stage.id",
            where.sql.data, ANALYTICS_STAYS));
    if (rows)
        analytics_take_stays(cx, rows, &out->stages, &out->stages_count);
    return rows != NULL;
}

/* ---- what was closed ---- */

static void analytics_close(struct analytics_closed *list, size_t *count, size_t most,
                            const char *id, const char *name, const struct analytics_closed *more)
{
    size_t at = 0;
    while (at < *count && !text_equal(list[at].id, id) && (list[at].id || id))
        at++;
    if (at == most)
        return;
    if (at == *count)
        list[(*count)++] = (struct analytics_closed){.id = id, .name = name};
    list[at].won += more->won;
    list[at].lost += more->lost;
}

/* By month, in its order; by owner, who closed the most first. */
static bool analytics_read_closed(struct cx *cx, struct analytics *out)
{
    struct conditions where;
    const struct viewer viewer = viewer_of(cx, &deals, "read");
    const bool named = may(cx, "users.users:read");
    int64_t count = 0;
    analytics_begin(&where, cx, out);
    conditions_parameter(&where, cx->tenant->time_zone);
    conditions_add(&where, "closed_at >= $1::timestamptz");
    conditions_add_resource(&where, &deals, &viewer);
    const struct rows *rows = analytics_ask(
        cx, &where,
        arena_printf(
            cx->arena,
            "with closed as (\n"
            "    select to_char(closed_at at time zone $2, 'YYYY-MM-01') month_at, owner_id, (\n"
            "        select s.kind from stages s\n"
            "        where s.tenant_id = deals.tenant_id and s.id = deals.stage_id) kind\n"
            "    from deals%s\n    limit %d)\n"
            "select c.month_at, c.owner_id, u.name, count(*) filter (where c.kind = 'won'),\n"
            "       count(*) filter (where c.kind = 'lost'),\n"
            "       sum(count(*)) over (partition by c.owner_id) busy\n"
            "from closed c\n"
            "left join users u on u.id = c.owner_id\n"
            "group by c.month_at, c.owner_id, u.name\n"
            "order by busy desc, c.owner_id, c.month_at",
            where.sql.data, ANALYTICS_ROWS + 1));
    if (!rows)
        return false;
    out->months = arena_alloc(cx->arena, (rows_count(rows) + 1) * sizeof *out->months);
    out->owners = arena_alloc(cx->arena, (rows_count(rows) + 1) * sizeof *out->owners);
    for (size_t i = 0; i < rows_count(rows); i++) {
        const struct analytics_closed one = {.won = rows_int(rows, i, 3),
                                             .lost = rows_int(rows, i, 4)};
        count += one.won + one.lost;
        analytics_close(out->months, &out->months_count, rows_count(rows), rows_text(rows, i, 0),
                        NULL, &one);
        analytics_close(out->owners, &out->owners_count, ANALYTICS_USERS, rows_text(rows, i, 1),
                        named ? rows_text(rows, i, 2) : NULL, &one);
    }
    out->more_deals = count > ANALYTICS_ROWS;
    return true;
}

/* ---- who did how much ---- */

static const char worked_on[] =
    "{activity,company,contact,contact_merge,deal,deal_line,deal_note,lead}";

/* Of what the log tells the one who asks. */
static bool analytics_read_people(struct cx *cx, struct analytics *out)
{
    struct conditions where;
    const bool named = may(cx, "users.users:read");
    analytics_begin(&where, cx, out);
    conditions_parameter(&where, worked_on);
    conditions_add(&where, "at >= $1::timestamptz and actor_kind = 'user'");
    conditions_add(&where, "resource_type = any (house.event_stored_words($2::text[]))");
    const char *cut = event_sight_sql(cx, &where);
    if (cut)
        conditions_add(&where, "%s", cut);
    const struct rows *rows = analytics_ask(
        cx, &where,
        arena_printf(cx->arena,
                     "select actor_id, max(actor_name), count(*) filter (where is_made),\n"
                     "       count(*) filter (where not is_made)\n"
                     "from (select actor_id, actor_name, action like '%%created' is_made\n"
                     "      from events%s\n      order by at desc\n      limit %d) done\n"
                     "group by actor_id\norder by count(*) desc, actor_id\nlimit %d",
                     where.sql.data, ANALYTICS_ROWS, ANALYTICS_USERS));
    if (!rows)
        return false;
    out->people_count = rows_count(rows);
    out->people = arena_alloc(cx->arena, (out->people_count + 1) * sizeof *out->people);
    for (size_t i = 0; i < out->people_count; i++)
        out->people[i] = (struct analytics_person){.id = rows_text(rows, i, 0),
                                                   .name = named ? rows_text(rows, i, 1) : NULL,
                                                   .made = rows_int(rows, i, 2),
                                                   .changed = rows_int(rows, i, 3)};
    return true;
}

static int analytics_month_order(const void *a, const void *b)
{
    return strcmp(((const struct analytics_closed *)a)->id,
                  ((const struct analytics_closed *)b)->id);
}

bool analytics_read(struct cx *cx, struct analytics *out)
{
    int64_t days = query_int(cx, "days", ANALYTICS_DAYS), us = 0;
    char today[11], *begins = arena_alloc(cx->arena, 32);
    clock_day_of(clock_now_us(), cx->tenant->time_zone, today);
    clock_day_begins(today, 1 - (int)days, cx->tenant->time_zone, &us);
    clock_format(us, begins);
    *out = (struct analytics){.begins = begins,
                              .leads = resource_may(cx, &leads, "crm.leads:read"),
                              .deals = resource_may(cx, &deals, "crm.deals:read")};
    if (out->leads && (!analytics_read_sources(cx, out) || !analytics_read_statuses(cx, out)))
        return false;
    if (out->deals && (!analytics_read_stages(cx, out) || !analytics_read_closed(cx, out)))
        return false;
    if ((out->leads || out->deals) && !analytics_read_people(cx, out))
        return false;
    if (out->months_count > 1)
        qsort(out->months, out->months_count, sizeof *out->months, analytics_month_order);
    return true;
}
