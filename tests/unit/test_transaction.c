/* Batches and transactions: whole or not at all. */
#include "room.h"

STATEMENT(counter_read, "select value from counters where name = 'c'", 0);
STATEMENT(counter_write, "update counters set value = $1::int where name = 'c'", DB_WRITES);
STATEMENT(deferred_add, "insert into deferred values ($1::int)", DB_WRITES);

/* ---- batches ---- */

IN_ROOM(a_batch_is_one_transaction)
{
    struct batch batch;
    batch_init(&batch, &room->a);
    batch_add(&batch, &thing_add, (const char *const[]){A, "one", NULL}, 3);
    batch_add(&batch, &thing_list, NULL, 0);
    struct rows **rows = batch_run(&batch);
    ck_assert_ptr_nonnull(rows);
    ck_assert_str_eq(rows_text(rows[1], 0, 0), "one");
    batch_init(&batch, &room->a);
    batch_add(&batch, &thing_add, (const char *const[]){A, "two", NULL}, 3);
    batch_add(&batch, &divide, (const char *const[]){"0"}, 1);
    ck_assert_ptr_null(batch_run(&batch));
    ck_assert_int_eq(count_of(&room->a, &thing_count), 1);
}

/* What fails only when the transaction ends. */
IN_ROOM(a_deferred_constraint_fails_at_the_end)
{
    struct batch batch;
    for (int i = 0; i < 3; i++) {
        batch_init(&batch, &room->a);
        batch_add(&batch, &deferred_add, (const char *const[]){"1"}, 1);
        batch_add(&batch, &deferred_add, (const char *const[]){"1"}, 1);
        ck_assert_ptr_null(batch_run(&batch));
        ck_assert_int_eq(room->a.error.status, DB_UNIQUE);
        ck_assert_str_eq(room->a.error.constraint, "deferred_value_key");
        assert_clean(room);
        ck_assert(db_begin(&room->a));
        ck_assert_ptr_nonnull(db_get(&room->a, &deferred_add, "2"));
        ck_assert_ptr_nonnull(db_get(&room->a, &deferred_add, "2"));
        ck_assert(!db_commit(&room->a));
        ck_assert_int_eq(room->a.error.status, DB_UNIQUE);
    }
    ck_assert_int_eq(database_count("select count(*) from deferred"), 0);
}

/* ---- transactions ---- */

IN_ROOM(a_commit_keeps_and_a_rollback_undoes)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "kept");
    ck_assert(db_commit(&room->a));
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "undone");
    ck_assert_int_eq(count_of(&room->a, &thing_count), 2);
    db_rollback(&room->a);
    db_rollback(&room->a);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 1);
    ck_assert(db_begin(&room->a));
    ck_assert(db_commit(&room->a));
}

IN_ROOM(a_failure_inside_rolls_the_whole_back)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "first");
    ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
    ck_assert_ptr_null(db_get0(&room->a, &thing_list));
    ck_assert_int_eq(room->a.error.status, DB_INVALID);
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(room->a.error.status, DB_INVALID);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

IN_ROOM(nested_transactions_end_with_the_outermost)
{
    ck_assert(db_begin(&room->a));
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "inner");
    ck_assert(db_commit(&room->a));
    db_rollback(&room->a);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    ck_assert(db_begin(&room->a));
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "inner");
    db_rollback(&room->a);
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

IN_ROOM(a_forgotten_transaction_ends_with_the_arena)
{
    struct arena *arena = arena_new();
    for (int i = 0; i < 5; i++) { /* more often than the pool is large */
        struct db db;
        db_init(&db, arena, DB_TENANT, A, "shared");
        ck_assert(db_begin(&db));
        add_thing(&db, "forgotten");
        arena_reset(arena);
    }
    arena_free(arena);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

static void take_and_hold(void *arg)
{
    struct storm *storm = arg;
    struct arena *arena = arena_new();
    struct db db;
    db_init(&db, arena, DB_TENANT, A, "shared");
    ck_assert(db_begin(&db));
    ck_assert_int_le(++storm->running, 3);
    count_of(&db, &thing_count);
    storm->running--;
    ck_assert(db_commit(&db));
    storm->good++;
    arena_free(arena);
}

IN_ROOM(the_pool_is_bounded_and_serves_all)
{
    struct storm storm = {.room = room};
    for (int i = 0; i < 100; i++)
        ck_assert(coroutine_start(take_and_hold, &storm));
    while (storm.good < 100)
        wait_us(5000);
    ck_assert_int_le(database_count("select count(*) from pg_stat_activity where "
                                    "datname = current_database() and usename = 'tulou_tenant'"),
                     5);
}

IN_ROOM(waiting_for_the_pool_ends_at_the_deadline)
{
    struct db held[3], late;
    for (int i = 0; i < 3; i++) {
        db_init(&held[i], room->arena, DB_TENANT, A, "shared");
        ck_assert(db_begin(&held[i]));
    }
    db_init(&late, room->arena, DB_TENANT, A, "shared");
    coroutine_set_deadline(clock_monotonic_us() + 30000);
    ck_assert(!db_begin(&late));
    ck_assert_int_eq(late.error.status, DB_CANCELLED);
    coroutine_set_deadline(0);
    for (int i = 0; i < 3; i++)
        db_rollback(&held[i]);
    ck_assert(db_begin(&late));
    db_rollback(&late);
}

static bool increment(struct db *db, void *arg)
{
    char next[16];
    struct storm *storm = arg;
    struct rows *rows = db_get0(db, &counter_read);
    if (!rows)
        return false;
    /* The first three have all read before one of them writes, so two must fail. */
    storm->running++;
    while (storm->running < 3)
        wait_us(1000);
    snprintf(next, sizeof next, "%d", (int)rows_int(rows, 0, 0) + 1);
    return db_get(db, &counter_write, next) != NULL;
}

static void increment_often(void *arg)
{
    struct storm *storm = arg;
    for (int i = 0; i < 10; i++) {
        struct arena *arena = arena_new();
        struct db db;
        db_init(&db, arena, DB_TENANT, A, "shared");
        db.serializable = true;
        if (db_retry(&db, increment, storm))
            storm->good++;
        else
            ck_assert_int_eq(db.error.status, DB_SERIALIZATION);
        arena_free(arena);
    }
    storm->failed++;
}

IN_ROOM(work_goes_again_after_a_serialization_failure)
{
    struct storm storm = {.room = room};
    for (int i = 0; i < 3; i++)
        ck_assert(coroutine_start(increment_often, &storm));
    while (storm.failed < 3)
        wait_us(5000);
    ck_assert_int_eq(rows_int(db_get0(&room->a, &counter_read), 0, 0), storm.good);
    ck_assert_int_gt(storm.running, storm.good); /* some went again */
    ck_assert_int_gt(storm.good, 15);
}

static Suite *transaction_suite(void)
{
    Suite *suite = suite_create("transaction");
    TCase *core = tcase_create("transaction");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, a_batch_is_one_transaction);
    tcase_add_test(core, a_deferred_constraint_fails_at_the_end);
    tcase_add_test(core, a_commit_keeps_and_a_rollback_undoes);
    tcase_add_test(core, a_failure_inside_rolls_the_whole_back);
    tcase_add_test(core, nested_transactions_end_with_the_outermost);
    tcase_add_test(core, a_forgotten_transaction_ends_with_the_arena);
    tcase_add_test(core, the_pool_is_bounded_and_serves_all);
    tcase_add_test(core, waiting_for_the_pool_ends_at_the_deadline);
    tcase_add_test(core, work_goes_again_after_a_serialization_failure);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(transaction_suite)
