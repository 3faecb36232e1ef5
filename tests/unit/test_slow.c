/* Statements that may take long: a tenant waits for itself, never for another. */
#include "room.h"

STATEMENT(long_nap, "select pg_sleep($1::float8)", DB_SLOW);
STATEMENT(short_report, "select current_setting('app.tenant_id')", DB_SLOW);
STATEMENT(time_limit, "select current_setting('statement_timeout')", DB_SLOW);

enum { GREEDY = 5 };

struct greedy {
    struct coroutine *all[GREEDY];
    int started, cancelled;
};

static void ask_much(void *arg)
{
    struct greedy *greedy = arg;
    struct arena *arena = arena_new();
    struct db db;
    db_init(&db, arena, DB_TENANT, A, "shared");
    greedy->all[greedy->started++] = coroutine_current();
    ck_assert_ptr_null(db_get(&db, &long_nap, "60"));
    greedy->cancelled += db.error.status == DB_CANCELLED;
    arena_free(arena);
}

IN_ROOM(a_tenant_with_many_slow_statements_waits_for_itself_alone)
{
    struct greedy greedy = {.started = 0};
    for (int i = 0; i < GREEDY; i++)
        ck_assert(coroutine_start(ask_much, &greedy));
    wait_for_count(NAPPING, 1);
    /* Another's report, what is shared, and transactions go on beside it. */
    struct rows *rows = db_get0(&room->b, &short_report);
    ck_assert_msg(rows != NULL, "%s", room->b.error.message);
    ck_assert_str_eq(rows_text(rows, 0, 0), B);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "beside it");
    ck_assert(db_commit(&room->a));
    ck_assert_int_eq(database_count(NAPPING), 1);
    while (greedy.cancelled < GREEDY)
        for (int i = 0; i < GREEDY; i++) {
            if (greedy.all[i])
                coroutine_cancel(greedy.all[i]);
            greedy.all[i] = NULL;
            wait_us(1000);
        }
    wait_for_count(NAPPING, 0);
    ck_assert_ptr_nonnull(db_get0(&room->a, &short_report));
}

IN_ROOM(a_slow_batch_has_a_time_limit_of_its_own)
{
    struct rows *rows = db_get0(&room->a, &time_limit);
    ck_assert_str_eq(rows_text(rows, 0, 0), "20s");
    struct batch batch;
    batch_init(&batch, &room->a);
    batch_add(&batch, &thing_count, NULL, 0);
    batch.slow = true;
    ck_assert_ptr_nonnull(batch_run(&batch));
}

static Suite *slow_suite(void)
{
    Suite *suite = suite_create("slow");
    TCase *core = tcase_create("slow");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, a_tenant_with_many_slow_statements_waits_for_itself_alone);
    tcase_add_test(core, a_slow_batch_has_a_time_limit_of_its_own);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(slow_suite)
