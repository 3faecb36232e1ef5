#include "api/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/area.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/loop/loop.h"
#include "db/db.h"
#include "resource/catalogue.h"

struct check {
    const struct area *area;
    struct arena *arena;
    int defects;
};

/* Programs of several areas may use a name twice, so the number stands in it. */
static void prepare(struct check *check, const struct statement *statement, enum db_role role,
                    size_t number)
{
    struct db db;
    struct statement prepared = {
        .name = arena_printf(check->arena, "check_%zu_%d", number, (int)role),
        .sql = arena_printf(check->arena, "prepare check_%zu as %s", number, statement->sql),
    };
    /* Any tenant will do: nothing is run. */
    db_init(&db, check->arena, role,
            role == DB_TENANT ? "00000000-0000-7000-8000-000000000000" : NULL,
            role == DB_TENANT ? "shared" : "everyone");
    if (db_begin(&db) && !db_get0(&db, &prepared)) {
        fprintf(stderr, "%s: statement %s: %s\n", check->area->name, statement->name,
                db.error.message);
        check->defects++;
    }
    db_rollback(&db);
}

static void check_statements(struct check *check)
{
    size_t count;
    const struct statement *const *all = statements_all(&count);
    for (size_t i = 0; i < count; i++) {
        bool platform_only = (all[i]->flags & DB_ON_PLATFORM) != 0;
        if (!platform_only)
            prepare(check, all[i], DB_TENANT, i);
        if (platform_only && check->area->platform)
            prepare(check, all[i], DB_PLATFORM, i);
    }
}

static void check_resources(struct check *check)
{
    struct db db;
    db_init(&db, check->arena, DB_TENANT, "00000000-0000-7000-8000-000000000000", "shared");
    for (const struct resource *const *it = check->area->resources; it && *it; it++) {
        struct buf report = {0};
        if (!resource_check(&db, *it, &report)) {
            fprintf(stderr, "%s: resource %s: %s\n", check->area->name, (*it)->name,
                    report.data ? report.data : "");
            check->defects++;
        }
        buf_free(&report);
    }
}

static void run(void *arg)
{
    struct check *check = arg;
    check_statements(check);
    check_resources(check);
    loop_stop();
}

int area_check_statements(const struct area *area)
{
    struct check check = {.area = area, .arena = arena_new()};
    if (!loop_init() || !db_open_configured(area->platform, 0) || !coroutine_start(run, &check))
        return EXIT_FAILURE;
    loop_run();
    db_close();
    arena_free(check.arena);
    return check.defects == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
