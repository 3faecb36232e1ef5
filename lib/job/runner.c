#include "job/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/db.h"
#include "job/internal.h"

STATEMENT(runner_claim,
          "select tenant_id, id, kind, running, payload, attempt, attempts, place\n"
          "from house.jobs_claim($1::int, $2::text[], $3::int[], $4)",
          DB_WRITES | DB_ON_PLATFORM);
enum { TENANT, ID, KIND, RUNNING, PAYLOAD, ATTEMPT, ATTEMPTS, PLACE };

STATEMENT(runner_sweep, "select due, lapsed, (next_s * 1000000)::bigint from house.jobs_sweep()",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(runner_unknown, "select kind from house.jobs_unknown($1::text[]) as kind",
          DB_ON_PLATFORM);

STATEMENT(runner_release, "select house.jobs_release($1::uuid[], $2::uuid[], $3::text[])",
          DB_WRITES | DB_ON_PLATFORM);

enum {
    TIMEOUT_USUAL_S = 120,
    SLACK_USUAL_S = 30,
    LOOK_US = 5000000,  /* how often it looks by itself, in case nobody said a word */
    SOON_US = 10000,    /* the shortest pause between two looks */
    AHEAD_US = 50000,   /* jobs are claimed ahead for so long at the speed they go */
    AHEAD_MAX = 256,    /* and never more than this */
    BACKLOG_MAX = 1000, /* done but not removed yet: then it waits with claims */
    SWEPT_MAX = 1000    /* what one sweep does at most (house.jobs_sweep) */
};

/* What a claim asks for, as SQL takes it. */
struct kind_lists {
    const char *kinds, *leases;
};

static struct {
    struct job_runner options;
    struct arena *arena; /* of the process */
    const char *name;
    struct kind_lists all;
    struct load *loads; /* of options.kinds, in their order */
    bool *told;         /* by kind that nobody here knows: it was logged */
    const char **unknown;
    size_t unknown_count;
    struct claimed *first, *last; /* claimed, waiting for room */
    struct claimed *running;
    int waiting_count, running_count;
    bool claiming, again, more, look_twice, stopping;
    int ahead;
    uint64_t claims, done, done_before;
    int64_t claimed_us, look_us;
    struct timer *look, *end;
} runner;

int kind_timeout_s(const struct job_kind *kind)
{
    return kind->timeout_s ? kind->timeout_s : TIMEOUT_USUAL_S;
}

bool runner_stopping(void)
{
    return runner.stopping;
}

/* Its place among the kinds; their number: there is none. */
static size_t find_kind(const char *name)
{
    size_t i = 0;
    while (i < runner.options.kind_count && strcmp(runner.options.kinds[i]->name, name) != 0)
        i++;
    return i;
}

/* No more of this kind for now: one place at least is left to others. */
static bool is_full(const struct job_kind *kind, const struct load *load)
{
    int most = kind->at_once, places = runner.options.at_once;
    if (most >= places)
        most = places > 1 ? places - 1 : 1;
    return most > 0 && load->running >= most;
}

/* ---- running what was claimed ---- */

static void forget_running(struct claimed *it)
{
    *it->older = it->newer;
    if (it->newer)
        it->newer->older = it->older;
    runner.running_count--;
    it->load->running--;
}

static void begin(struct claimed *it)
{
    it->newer = runner.running;
    it->older = &runner.running;
    if (it->newer)
        it->newer->older = &it->newer;
    runner.running = it;
    runner.running_count++;
    it->load->running++;
    if (!coroutine_start(attempt_run, it)) {
        forget_running(it);
        arena_free(it->arena); /* its lease brings it back */
    }
}

/* The first in line that may begin, out of it; NULL: none may. */
static struct claimed *shift(void)
{
    struct claimed *before = NULL, *it = runner.first;
    for (; it && is_full(it->kind, it->load); it = it->next)
        before = it;
    if (!it)
        return NULL;
    *(before ? &before->next : &runner.first) = it->next;
    if (runner.last == it)
        runner.last = before;
    it->next = NULL;
    runner.waiting_count--;
    it->load->waiting--;
    return it;
}

static void give_back(void *first)
{
    runner_give_back(first);
}

/* So long in line that its lease may pass before its time to run does. */
static bool is_stale(const struct claimed *it)
{
    int64_t slack_us = (int64_t)runner.options.slack_s * 1000000;
    return clock_monotonic_us() - it->claimed_us > slack_us / 2;
}

static void begin_waiting(void)
{
    while (!runner.stopping && runner.running_count < runner.options.at_once) {
        struct claimed *it = shift();
        if (!it)
            return;
        if (!is_stale(it))
            begin(it);
        else if (!coroutine_start(give_back, it))
            claims_free(it); /* its lease brings it back */
    }
}

/* Whoever waits for one of their own kind to end takes nobody's room. */
static int room(void)
{
    int taken = runner.running_count + runner.waiting_count;
    for (size_t i = 0; i < runner.options.kind_count; i++)
        if (is_full(runner.options.kinds[i], &runner.loads[i]))
            taken -= runner.loads[i].waiting;
    return removal_backlog() > BACKLOG_MAX ? 0 : runner.options.at_once + runner.ahead - taken;
}

void runner_finished(struct claimed *it, enum job_outcome outcome, int64_t took_us)
{
    forget_running(it);
    runner.done++;
    if (runner.options.ended)
        runner.options.ended(it->kind, outcome, took_us);
    begin_waiting();
    /* Not one by one when they go fast. */
    if (runner.more && room() > runner.ahead / 2)
        runner_wake();
}

/* ---- claiming ---- */

static void add_claimed(const struct rows *rows, size_t row, const char *claim)
{
    size_t place = find_kind(rows_text(rows, row, KIND));
    const struct job_kind *kind = runner.options.kinds[place];
    struct arena *arena = arena_new();
    struct claimed *it = arena_alloc(arena, sizeof *it);
    *it = (struct claimed){.kind = kind,
                           .load = &runner.loads[place],
                           .arena = arena,
                           .claim = arena_text(arena, claim),
                           .schema = kind->flags & JOB_PLATFORM
                                         ? "everyone"
                                         : arena_text(arena, rows_text(rows, row, PLACE)),
                           .payload = arena_text(arena, rows_text(rows, row, PAYLOAD)),
                           .attempt = (int)rows_int(rows, row, ATTEMPT),
                           .attempts = (int)rows_int(rows, row, ATTEMPTS),
                           .claimed_us = clock_monotonic_us()};
    memcpy(it->tenant_id, rows_text(rows, row, TENANT), UUID_SIZE);
    memcpy(it->id, rows_text(rows, row, ID), UUID_SIZE);
    *(runner.last ? &runner.last->next : &runner.first) = it;
    runner.last = it;
    runner.waiting_count++;
    it->load->waiting++;
}

/* Those that may begin: it says whether that is all of them. */
static bool list_kinds(struct arena *arena, struct kind_lists *out)
{
    struct buf names, leases;
    size_t count = 0;
    buf_init(&names, arena);
    buf_init(&leases, arena);
    for (size_t i = 0; i < runner.options.kind_count; i++) {
        const struct job_kind *kind = runner.options.kinds[i];
        if (is_full(kind, &runner.loads[i]))
            continue;
        buf_printf(&names, "%s\"%s\"", count ? "," : "{", kind->name);
        buf_printf(&leases, "%s%d", count ? "," : "{",
                   kind_timeout_s(kind) + runner.options.slack_s);
        count++;
    }
    buf_puts(&names, count ? "}" : "{}");
    buf_puts(&leases, count ? "}" : "{}");
    *out = (struct kind_lists){names.data, leases.data};
    return count == runner.options.kind_count;
}

static void init_db(struct db *db, struct arena *arena)
{
    db_init(db, arena, DB_PLATFORM, NULL, "everyone");
    db_act_as(db, "system", NULL, "worker", NULL, NULL, NULL);
}

/* How many were found, -1: the database is away. *more: there may be others, of
 * a kind that was not asked for, or beyond those wanted. */
static int claim(int wanted, bool *more)
{
    struct arena *arena = arena_new();
    struct kind_lists open;
    struct db db;
    bool asked_for_all = list_kinds(arena, &open);
    init_db(&db, arena);
    const char *name =
        arena_printf(arena, "%s.%llu", runner.name, (unsigned long long)++runner.claims);
    const struct rows *rows = db_get(&db, &runner_claim, arena_printf(arena, "%d", wanted),
                                     open.kinds, open.leases, name);
    int found = rows ? (int)rows_count(rows) : -1;
    for (int i = 0; i < found; i++)
        if (rows_bool(rows, (size_t)i, RUNNING))
            add_claimed(rows, (size_t)i, name);
    if (!rows)
        log_warn("jobs cannot be claimed", "detail", db.error.message);
    arena_free(arena);
    *more = found == wanted || !asked_for_all;
    return found;
}

/* Some in advance when they are done faster than a claim takes, so that nobody
 * waits for the next claim; slow ones are left to other workers. */
static void set_ahead(void)
{
    int64_t now = clock_monotonic_us(), passed = now - runner.claimed_us;
    uint64_t count = (runner.done - runner.done_before) * AHEAD_US / (uint64_t)(passed + 1);
    runner.ahead = count > AHEAD_MAX ? AHEAD_MAX : (int)count;
    runner.claimed_us = now;
    runner.done_before = runner.done;
}

static void claim_all(void *arg)
{
    (void)arg;
    do {
        int wanted, found = 0;
        runner.again = false;
        set_ahead();
        if (room() <= 0)
            runner.more = true; /* whoever ends looks again */
        while (!runner.stopping && (wanted = room()) > 0) {
            found = claim(wanted, &runner.more);
            begin_waiting();
            if (found < wanted)
                break;
        }
        if (found < 0)
            break;
    } while (runner.again && !runner.stopping);
    runner.claiming = false;
    if (runner.stopping)
        job_runner_stop(0);
}

void runner_wake(void)
{
    runner.again = true;
    if (runner.claiming || runner.stopping)
        return;
    runner.claiming = true; /* before, since it may end at once */
    if (!coroutine_start(claim_all, NULL))
        runner.claiming = false;
}

/* ---- what the clock brings ---- */

static void tell_unknown(struct db *db)
{
    const struct rows *rows = db_get(db, &runner_unknown, runner.all.kinds);
    for (size_t i = 0; rows && i < rows_count(rows); i++) {
        bool told = false;
        for (size_t k = 0; k < runner.unknown_count && !told; k++)
            told = strcmp(runner.unknown[k], rows_text(rows, i, 0)) == 0;
        const char **grown =
            told ? NULL
                 : realloc(runner.unknown, (runner.unknown_count + 1) * sizeof *runner.unknown);
        if (!grown)
            continue;
        runner.unknown = grown;
        runner.unknown[runner.unknown_count++] = arena_text(runner.arena, rows_text(rows, i, 0));
        log_warn("jobs wait for a worker that knows their kind", "kind", rows_text(rows, i, 0));
    }
}

static void look_again(void *arg);

static void look_in(int64_t delay_us)
{
    if (delay_us < SOON_US)
        delay_us = SOON_US;
    timer_remove(runner.look);
    runner.look = timer_add(delay_us, look_again, NULL);
    runner.look_us = clock_monotonic_us() + delay_us;
}

/* Unless it looks before. While it looks, what it saw may be old already. */
void runner_look_within(int64_t delay_us)
{
    if (!runner.look)
        runner.look_twice = true;
    else if (!runner.stopping && clock_monotonic_us() + delay_us < runner.look_us)
        look_in(delay_us);
}

static void sweep(void *arg)
{
    struct arena *arena = arena_new();
    struct db db;
    int64_t next_us = LOOK_US;
    (void)arg;
    runner.look_twice = false;
    init_db(&db, arena);
    const struct rows *rows = db_get0(&db, &runner_sweep);
    if (!rows)
        log_warn("jobs cannot be looked through", "detail", db.error.message);
    if (rows && rows_int(rows, 0, 1) > 0)
        log_warn("jobs of workers that are gone were taken over", "count", rows_text(rows, 0, 1));
    if (rows && rows_text(rows, 0, 2) && rows_int(rows, 0, 2) < LOOK_US)
        next_us = rows_int(rows, 0, 2);
    if (runner.look_twice || (rows && rows_int(rows, 0, 0) == SWEPT_MAX))
        next_us = 0;
    if (rows)
        tell_unknown(&db);
    arena_free(arena);
    if (runner.stopping)
        return;
    look_in(next_us);
    runner_wake();
}

static void look_again(void *arg)
{
    (void)arg;
    runner.look = NULL;
    if (!coroutine_start(sweep, NULL))
        look_in(LOOK_US);
}

/* "ready": there is something to do; "scheduled": soon. NULL when listening
 * begins: much may have been missed. */
static void on_notice(void *arg, const char *payload)
{
    (void)arg;
    if (runner.stopping)
        return;
    if (payload && strcmp(payload, "ready") == 0)
        runner_wake();
    else
        runner_look_within(0);
}

/* ---- starting ---- */

/* HOST.PID.RANDOM, of letters that an array's text takes without quotes. */
static const char *make_name(struct arena *arena)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    for (char *c = host; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", *c))
            *c = '-';
    return arena_printf(arena, "%s.%ld.%s", host, (long)getpid(), text_random(arena, 6));
}

static bool take_kinds(struct arena *arena)
{
    size_t count = runner.options.kind_count;
    for (size_t i = 0; i < count; i++)
        if (find_kind(runner.options.kinds[i]->name) != i) {
            log_error("two kinds of job have one name", "kind", runner.options.kinds[i]->name);
            return false;
        }
    runner.loads = arena_alloc(arena, (count + 1) * sizeof *runner.loads);
    memset(runner.loads, 0, (count + 1) * sizeof *runner.loads);
    list_kinds(arena, &runner.all);
    return true;
}

bool job_runner_start(const struct job_runner *options)
{
    memset(&runner, 0, sizeof runner);
    runner.options = *options;
    runner.arena = arena_new();
    if (runner.options.slack_s == 0)
        runner.options.slack_s = SLACK_USUAL_S;
    if (runner.options.at_once < 1)
        runner.options.at_once = 1;
    runner.name = make_name(runner.arena);
    if (!take_kinds(runner.arena) || !schedules_start(options->schedules, options->schedule_count))
        return false;
    db_listen("jobs", on_notice, NULL);
    look_in(0);
    return true;
}

/* ---- stopping ---- */

void runner_give_back(struct claimed *first)
{
    struct arena *arena = arena_new();
    struct db db;
    struct claim_lists lists = claims_list(arena, first);
    init_db(&db, arena);
    if (!db_get(&db, &runner_release, lists.tenants, lists.ids, lists.claims))
        log_warn("claimed jobs wait for the end of their lease", "detail", db.error.message);
    arena_free(arena);
    claims_free(first);
}

static void cut(void *arg)
{
    (void)arg;
    runner.end = NULL;
    for (struct claimed *it = runner.running; it; it = it->newer)
        if (it->coroutine)
            coroutine_cancel(it->coroutine);
}

void job_runner_stop(int64_t patience_us)
{
    struct claimed *waiting = runner.first;
    bool first = !runner.stopping;
    runner.stopping = true;
    runner.first = runner.last = NULL;
    runner.waiting_count = 0;
    if (waiting && !coroutine_start(give_back, waiting))
        claims_free(waiting);
    if (!first)
        return;
    timer_remove(runner.look);
    runner.look = NULL;
    schedules_stop();
    runner.end = timer_add(patience_us, cut, NULL);
}
