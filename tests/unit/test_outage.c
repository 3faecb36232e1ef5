/* Statements that are cancelled, connections that are cut, a server that restarts. */
#include "room.h"

STATEMENT(slow_nap, "select pg_sleep($1::float8)", DB_SLOW);
STATEMENT(writing_nap, "select pg_sleep($1::float8)", DB_WRITES);
STATEMENT(my_pid, "select pg_backend_pid()", 0);

/* ---- cancelling ---- */

IN_ROOM(a_deadline_stops_the_query_on_the_server)
{
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &nap, "60"));
    ck_assert_int_eq(room->a.error.status, DB_CANCELLED);
    coroutine_set_deadline(0);
    wait_for_count(NAPPING, 0);
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &slow_nap, "60"));
    ck_assert_int_eq(room->a.error.status, DB_CANCELLED);
    coroutine_set_deadline(0);
    wait_for_count(NAPPING, 0);
    ck_assert(db_begin(&room->a));
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &nap, "60"));
    coroutine_set_deadline(0);
    ck_assert(!db_commit(&room->a));
    wait_for_count(NAPPING, 0);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

static void short_request(void *arg)
{
    struct storm *storm = arg;
    struct arena *arena = arena_new();
    struct db db;
    db_init(&db, arena, DB_TENANT, A, "shared");
    for (int i = 0; i < 20; i++)
        ck_assert_msg(db_get(&db, &writing_nap, "0.001") != NULL, "%s", db.error.message);
    storm->good++;
    arena_free(arena);
}

static void impatient_request(void *arg)
{
    struct storm *storm = arg;
    struct arena *arena = arena_new();
    struct db db;
    for (int i = 0; i < 10; i++) {
        db_init(&db, arena, DB_TENANT, A, "shared");
        coroutine_set_deadline(clock_monotonic_us() + 2000);
        if (!db_get(&db, &nap, "0.002"))
            ck_assert_int_eq(db.error.status, DB_CANCELLED);
        coroutine_set_deadline(0);
    }
    storm->good++;
    arena_free(arena);
}

/* A cancel request may reach the server when the next one's statement runs. */
IN_ROOM(cancelling_one_request_harms_no_other)
{
    struct storm storm = {.room = room};
    for (int i = 0; i < 20; i++) {
        ck_assert(coroutine_start(short_request, &storm));
        ck_assert(coroutine_start(impatient_request, &storm));
    }
    while (storm.good < 40)
        wait_us(5000);
}

/* ---- the server goes away ---- */

IN_ROOM(a_read_survives_a_cut_connection)
{
    for (int i = 0; i < 5; i++) {
        struct rows *rows = db_get0(&room->a, &my_pid);
        ck_assert_ptr_nonnull(rows);
        database_sql("select pg_terminate_backend(pid) from pg_stat_activity "
                     "where datname = current_database() and usename = 'tulou_tenant'");
        ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    }
}

IN_ROOM(a_change_after_a_cut_connection_works)
{
    for (int i = 0; i < 5; i++) {
        count_of(&room->a, &thing_count);
        database_sql("select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                     "where datname = current_database() and usename = 'tulou_tenant'");
        add_thing(&room->a, arena_printf(room->arena, "thing %d", i));
        database_sql("select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                     "where datname = current_database() and usename = 'tulou_tenant'");
        ck_assert(db_begin(&room->a));
        ck_assert_int_eq(count_of(&room->a, &thing_count), i + 1);
        ck_assert(db_commit(&room->a));
    }
}

IN_ROOM(a_transaction_on_a_cut_connection_fails_and_the_next_works)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "lost");
    database_sql("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where datname = current_database() and usename = 'tulou_tenant'");
    ck_assert_ptr_null(db_get0(&room->a, &thing_list));
    ck_assert_int_eq(room->a.error.status, DB_UNAVAILABLE);
    ck_assert(!db_commit(&room->a));
    ck_assert(db_begin(&room->a));
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    ck_assert(db_commit(&room->a));
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

/* Found out by whom the loop runs meanwhile, not by a statement of the transaction. */
static void lose_unnoticed(struct room *room)
{
    database_sql("select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                 "where datname = current_database() and usename = 'tulou_tenant' "
                 "and state like 'idle in transaction%%'");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(count_of(&room->b, &thing_count), 0);
}

IN_ROOM(a_transaction_that_the_server_lost_is_never_committed)
{
    bool told = false;
    for (int inner = 0; inner < 2; inner++) {
        ck_assert(db_begin(&room->a));
        add_thing(&room->a, "lost");
        db_after_commit(&room->a, set_true, &told);
        if (inner)
            ck_assert(db_begin(&room->a));
        lose_unnoticed(room);
        ck_assert(!db_commit(&room->a));
        ck_assert_int_eq(room->a.error.status, DB_UNAVAILABLE);
        db_rollback_to(&room->a, 0);
    }
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    ck_assert(!told);
}

IN_ROOM(a_scope_that_was_lost_takes_the_outer_with_it)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "lost");
    ck_assert(db_begin(&room->a));
    ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
    lose_unnoticed(room);
    db_rollback(&room->a);
    ck_assert_ptr_null(db_get0(&room->a, &thing_list));
    ck_assert_int_eq(room->a.error.status, DB_UNAVAILABLE);
    ck_assert(!db_commit(&room->a));
    ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
}

static void assert_own(struct db *db, const char *tenant)
{
    struct rows *rows = db_get0(db, &settings_show);
    if (rows)
        ck_assert_str_eq(rows_text(rows, 0, 0), tenant);
    else
        ck_assert(db->error.status == DB_UNAVAILABLE || db->error.status == DB_CANCELLED);
}

static void hunted_request(void *arg)
{
    struct storm *storm = arg;
    struct arena *arena = arena_new();
    int number = storm->running++;
    const char *tenant = number % 2 ? A : B;
    for (int i = 0; i < 30; i++) {
        struct db db;
        db_init(&db, arena, DB_TENANT, tenant, "shared");
        db_act_as(&db, "user", tenant, "Ada", NULL, NULL, NULL);
        coroutine_set_deadline(clock_monotonic_us() + (number % 5 ? 20000000 : 1000 * i));
        if (number % 7 == i % 7)
            db_get(&db, &divide, "0");
        if (number % 3 == 0)
            db_get(&db, &writing_nap, "0.002");
        bool held = i % 4 == 0 && db_begin(&db);
        assert_own(&db, tenant);
        if (held && i % 8 == 0)
            db_commit(&db);
        else
            db_rollback(&db);
        coroutine_set_deadline(0);
        arena_reset(arena);
    }
    arena_free(arena);
    storm->good++;
}

/* Errors, cancelled queries and cut connections, all at once. */
IN_ROOM(in_a_storm_nobody_sees_anothers_settings)
{
    struct storm storm = {.room = room};
    for (int i = 0; i < 100; i++)
        ck_assert(coroutine_start(hunted_request, &storm));
    while (storm.good < 100) {
        wait_us(15000);
        database_sql("select pg_terminate_backend(pid) from pg_stat_activity where random() < 0.5 "
                     "and datname = current_database() and usename = 'tulou_tenant'");
    }
    assert_clean(room);
    wait_for_count("select count(*) from pg_stat_activity where datname = current_database() "
                   "and usename = 'tulou_tenant' and state <> 'idle'",
                   0);
}

static struct cluster apart;

static void server_restarts(void *arg)
{
    (void)arg;
    struct arena *arena = arena_new();
    struct db db;
    db_init(&db, arena, DB_TENANT, A, "shared");
    ck_assert_ptr_nonnull(db_get(&db, &echo, "x", NULL, NULL));
    ck_assert(db_ready());
    ck_assert(cluster_control(&apart, "stop"));
    ck_assert_ptr_null(db_get(&db, &echo, "x", NULL, NULL));
    ck_assert_int_eq(db.error.status, DB_UNAVAILABLE);
    ck_assert(!db_begin(&db));
    ck_assert_int_eq(db.error.status, DB_UNAVAILABLE);
    ck_assert(!db_ready());
    ck_assert(cluster_control(&apart, "start"));
    ck_assert_ptr_nonnull(db_get(&db, &echo, "x", NULL, NULL));
    ck_assert(db_begin(&db));
    ck_assert_ptr_nonnull(db_get(&db, &echo, "x", NULL, NULL));
    ck_assert(db_commit(&db));
    ck_assert(db_ready());
    arena_free(arena);
}

static void end_apart(void)
{
    cluster_end(&apart);
}

START_TEST(after_a_restart_of_the_server_the_next_request_works)
{
    char conninfo[128];
    atexit(end_apart); /* also when an assertion fails */
    cluster_begin(&apart);
    snprintf(conninfo, sizeof conninfo, "host=%s port=5519 dbname=postgres", apart.folder);
    struct db_options options = {
        .conninfo = conninfo, .tenant_user = "postgres", .shared = 2, .pool = 2};
    database_run(&options, server_restarts, NULL);
    cluster_end(&apart);
}
END_TEST

static Suite *outage_suite(void)
{
    Suite *suite = suite_create("outage");
    TCase *core = tcase_create("outage");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, a_deadline_stops_the_query_on_the_server);
    tcase_add_test(core, cancelling_one_request_harms_no_other);
    tcase_add_test(core, a_read_survives_a_cut_connection);
    tcase_add_test(core, a_change_after_a_cut_connection_works);
    tcase_add_test(core, a_transaction_on_a_cut_connection_fails_and_the_next_works);
    tcase_add_test(core, a_transaction_that_the_server_lost_is_never_committed);
    tcase_add_test(core, a_scope_that_was_lost_takes_the_outer_with_it);
    tcase_add_test(core, in_a_storm_nobody_sees_anothers_settings);
    tcase_add_test(core, after_a_restart_of_the_server_the_next_request_works);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(outage_suite)
