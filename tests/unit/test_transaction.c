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

/* ---- scopes ---- */

IN_ROOM(nothing_inside_is_kept_without_the_outermost)
{
    ck_assert(db_begin(&room->a));
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "inner");
    ck_assert(db_commit(&room->a));
    db_rollback(&room->a);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

static const char *names_of_things(struct room *room)
{
    struct buf names;
    struct rows *rows = db_get0(&room->a, &thing_list);
    ck_assert_ptr_nonnull(rows);
    buf_init(&names, room->arena);
    for (size_t i = 0; i < rows_count(rows); i++)
        buf_printf(&names, "%s%s", i ? " " : "", rows_text(rows, i, 0));
    return names.data ? names.data : "";
}

IN_ROOM(an_inner_scope_that_failed_leaves_the_outer_usable)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "outer");
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "inner");
    ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
    ck_assert_ptr_null(db_get0(&room->a, &thing_list));
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(room->a.error.status, DB_INVALID);
    ck_assert_int_eq(db_scope(&room->a), 1);
    ck_assert_str_eq(names_of_things(room), "outer");
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "given up");
    db_rollback(&room->a);
    add_thing(&room->a, "second");
    ck_assert(db_commit(&room->a));
    ck_assert_str_eq(names_of_things(room), "outer second");
}

/* Also when nothing had run around it yet, which needs a begin of its own. */
IN_ROOM(an_inner_scope_may_be_the_first_to_run)
{
    for (int failing = 0; failing < 2; failing++) {
        empty();
        ck_assert(db_begin(&room->a));
        ck_assert(db_begin(&room->a));
        ck_assert(db_begin(&room->a));
        add_thing(&room->a, "innermost");
        if (failing)
            ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
        ck_assert_int_eq(db_commit(&room->a), !failing);
        add_thing(&room->a, "middle");
        ck_assert(db_commit(&room->a));
        ck_assert(db_commit(&room->a));
        ck_assert_str_eq(names_of_things(room), failing ? "middle" : "innermost middle");
    }
}

/* However many the code inside left open. */
IN_ROOM(scopes_end_by_name)
{
    ck_assert_int_eq(db_scope(&room->a), 0);
    ck_assert(db_begin(&room->a));
    int scope = db_scope(&room->a);
    add_thing(&room->a, "kept");
    for (int open = 0; open < 4; open++) {
        for (int i = 0; i < open; i++) {
            ck_assert(db_begin(&room->a));
            add_thing(&room->a, arena_printf(room->arena, "left %d", i));
        }
        db_rollback_to(&room->a, scope);
        ck_assert_int_eq(db_scope(&room->a), scope);
        ck_assert_str_eq(names_of_things(room), "kept");
    }
    ck_assert(db_commit(&room->a));
    ck_assert_str_eq(names_of_things(room), "kept");
    ck_assert(db_begin(&room->a));
    ck_assert(db_begin(&room->a));
    db_rollback_to(&room->a, 0);
    ck_assert_int_eq(db_scope(&room->a), 0);
}

/* set_config() is undone with the scope; who acts and where is said again. */
IN_ROOM(after_a_scope_statements_run_as_whom_the_handle_says)
{
    ck_assert(db_begin(&room->a));
    struct db child = room->a;
    strcpy(child.tenant_id, B);
    add_thing(&room->a, "before");
    ck_assert(db_begin(&child));
    add_thing(&child, "of another");
    ck_assert_str_eq(rows_text(db_get0(&child, &settings_show), 0, 0), B);
    db_rollback(&child);
    ck_assert_str_eq(rows_text(db_get0(&room->a, &settings_show), 0, 0), A);
    ck_assert_str_eq(rows_text(db_get0(&child, &settings_show), 0, 0), B);
    ck_assert(db_begin(&room->a));
    strcpy(room->a.tenant_id, C);
    room->a.schema = "tenant_" C;
    ck_assert_str_eq(rows_text(db_get0(&room->a, &settings_show), 0, 0), C);
    db_rollback(&room->a);
    strcpy(room->a.tenant_id, A);
    room->a.schema = "shared";
    ck_assert_str_eq(rows_text(db_get0(&room->a, &settings_show), 0, 0), A);
    add_thing(&room->a, "after");
    ck_assert(db_commit(&room->a));
    ck_assert_str_eq(names_of_things(room), "after before");
    assert_clean(room);
}

/* A copy made within a transaction is in it, and out of it when it is over. */
IN_ROOM(copies_share_the_transaction)
{
    ck_assert(db_begin(&room->a));
    struct db copy = room->a;
    ck_assert(db_begin(&copy));
    add_thing(&copy, "by the copy");
    ck_assert_int_eq(db_scope(&room->a), 2);
    ck_assert(db_commit(&copy));
    ck_assert_ptr_null(db_get(&copy, &divide, "0"));
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(db_scope(&copy), 0);
    ck_assert_int_eq(count_of(&copy, &thing_count), 0);
}

/* The pool has three: with these four none would be left. */
IN_ROOM(one_around_work_holds_nothing_until_its_first_statement)
{
    struct db waiting[4];
    for (int i = 0; i < 4; i++) {
        db_init(&waiting[i], room->arena, DB_TENANT, A, "shared");
        db_begin_around(&waiting[i]);
        ck_assert_int_eq(db_scope(&waiting[i]), 1);
    }
    ck_assert(db_begin(&room->a));
    db_rollback(&room->a);
    add_thing(&waiting[0], "later");
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    ck_assert(db_commit(&waiting[0]));
    ck_assert(db_begin(&waiting[1]));
    add_thing(&waiting[1], "inside");
    db_rollback_to(&waiting[1], 0);
    ck_assert(db_commit(&waiting[2]));
    db_rollback(&waiting[3]);
    ck_assert_str_eq(names_of_things(room), "later");
}

/* What work does without a transaction of its own fails as it would without the one around. */
IN_ROOM(in_one_around_work_each_statement_fails_for_itself)
{
    db_begin_around(&room->a);
    add_thing(&room->a, "first");
    ck_assert_ptr_null(db_get(&room->a, &thing_add, A, "first", NULL));
    ck_assert_int_eq(room->a.error.status, DB_UNIQUE);
    add_thing(&room->a, "second");
    ck_assert(db_begin(&room->a));
    ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
    ck_assert_ptr_null(db_get0(&room->a, &thing_list));
    db_rollback_to(&room->a, 1);
    ck_assert_str_eq(names_of_things(room), "first second");
    ck_assert(db_commit(&room->a));
    ck_assert_str_eq(names_of_things(room), "first second");
}

/* Something else that it depends on was not there. */
IN_ROOM(what_failed_elsewhere_is_not_committed)
{
    db_fail(&room->a);
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "half");
    db_fail(&room->a);
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

/* ---- what follows a commit ---- */

struct told {
    struct room *room;
    int count;
    int64_t things; /* that there were when it was told */
};

static void tell(void *arg)
{
    struct told *told = arg;
    told->count++;
    told->things = count_of(&told->room->b, &thing_count);
}

IN_ROOM(what_follows_a_commit_runs_once_after_the_outermost)
{
    struct told first = {.room = room}, inner = {.room = room}, undone = {.room = room};
    strcpy(room->b.tenant_id, A); /* another connection, which sees what was committed */
    ck_assert(db_begin(&room->a));
    db_after_commit(&room->a, tell, &first);
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "one");
    db_after_commit(&room->a, tell, &inner);
    ck_assert(db_commit(&room->a));
    ck_assert(db_begin(&room->a));
    ck_assert(db_begin(&room->a));
    db_after_commit(&room->a, tell, &undone);
    ck_assert(db_commit(&room->a));
    db_rollback(&room->a);
    ck_assert_int_eq(first.count + inner.count + undone.count, 0);
    ck_assert(db_commit(&room->a));
    ck_assert_int_eq(first.count, 1);
    ck_assert_int_eq(inner.count, 1);
    ck_assert_int_eq(inner.things, 1);
    ck_assert_int_eq(undone.count, 0);
    db_after_commit(&room->a, tell, &undone);
    ck_assert_int_eq(undone.count, 1);
}

IN_ROOM(nothing_follows_what_was_not_committed)
{
    struct told told = {.room = room};
    for (int how = 0; how < 3; how++) {
        ck_assert(db_begin(&room->a));
        db_after_commit(&room->a, tell, &told);
        if (how == 0)
            ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
        if (how == 1) { /* fails at the commit itself */
            db_get(&room->a, &deferred_add, "3");
            db_get(&room->a, &deferred_add, "3");
        }
        if (how < 2)
            ck_assert(!db_commit(&room->a));
        else
            db_rollback(&room->a);
    }
    ck_assert(db_begin(&room->a));
    ck_assert(db_commit(&room->a));
    ck_assert_int_eq(told.count, 0);
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
    tcase_add_test(core, nothing_inside_is_kept_without_the_outermost);
    tcase_add_test(core, an_inner_scope_that_failed_leaves_the_outer_usable);
    tcase_add_test(core, an_inner_scope_may_be_the_first_to_run);
    tcase_add_test(core, scopes_end_by_name);
    tcase_add_test(core, after_a_scope_statements_run_as_whom_the_handle_says);
    tcase_add_test(core, copies_share_the_transaction);
    tcase_add_test(core, one_around_work_holds_nothing_until_its_first_statement);
    tcase_add_test(core, in_one_around_work_each_statement_fails_for_itself);
    tcase_add_test(core, what_failed_elsewhere_is_not_committed);
    tcase_add_test(core, what_follows_a_commit_runs_once_after_the_outermost);
    tcase_add_test(core, nothing_follows_what_was_not_committed);
    tcase_add_test(core, a_forgotten_transaction_ends_with_the_arena);
    tcase_add_test(core, the_pool_is_bounded_and_serves_all);
    tcase_add_test(core, waiting_for_the_pool_ends_at_the_deadline);
    tcase_add_test(core, work_goes_again_after_a_serialization_failure);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(transaction_suite)
