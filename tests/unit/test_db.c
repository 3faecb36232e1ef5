/* db: values, refusals, prepared statements, notices. */
#include "room.h"

STATEMENT(not_sql, "selekt 1", 0);
STATEMENT(raise_code,
          "do $$ begin raise exception '409 taken: Taken.' using errcode = 'TU000'; end $$", 0);
STATEMENT(notify, "select pg_notify('things', $1)", DB_WRITES);

/* ---- values ---- */

IN_ROOM(values_come_back_as_they_went)
{
    struct rows *rows = db_get(&room->a, &echo, "it's \"5 %\" \xE2\x82\xAC", "42", "true");
    ck_assert_ptr_nonnull(rows);
    ck_assert_uint_eq(rows_count(rows), 1);
    ck_assert_int_eq(rows_width(rows), 3);
    ck_assert_str_eq(rows_text(rows, 0, rows_column(rows, "said")), "it's \"5 %\" \xE2\x82\xAC");
    ck_assert_uint_eq(rows_length(rows, 0, 0), 14);
    ck_assert_int_eq(rows_int(rows, 0, 1), 42);
    ck_assert(rows_bool(rows, 0, 2));
    ck_assert_int_eq(rows_column(rows, "missing"), -1);
    ck_assert_uint_eq(rows_type(rows, 1), 23);
    ck_assert_str_eq(rows_name(rows, 2), "truth");
}

IN_ROOM(null_is_told_from_empty_text)
{
    struct rows *rows = db_get(&room->a, &echo, "", NULL, NULL);
    ck_assert_str_eq(rows_text(rows, 0, 0), "");
    ck_assert_ptr_null(rows_text(rows, 0, 1));
    ck_assert_int_eq(rows_int(rows, 0, 1), 0);
    ck_assert(!rows_bool(rows, 0, 2));
}

IN_ROOM(affected_rows_are_counted)
{
    add_thing(&room->a, "one");
    add_thing(&room->a, "two");
    ck_assert_uint_eq(rows_affected(db_get(&room->a, &thing_remove, "one")), 1);
    ck_assert_uint_eq(rows_affected(db_get(&room->a, &thing_remove, "one")), 0);
}

IN_ROOM(a_large_result_arrives_whole)
{
    static const struct statement many = {
        .name = "many", .sql = "select repeat('x', 1000) from generate_series(1, 20000)"};
    struct rows *rows = db_get0(&room->a, &many);
    ck_assert_uint_eq(rows_count(rows), 20000);
    ck_assert_uint_eq(rows_length(rows, 19999, 0), 1000);
}

/* ---- errors ---- */

IN_ROOM(a_taken_name_is_unique_with_its_constraint)
{
    add_thing(&room->a, "same");
    ck_assert_ptr_null(db_get(&room->a, &thing_add, A, "same", NULL));
    ck_assert_int_eq(room->a.error.status, DB_UNIQUE);
    ck_assert_str_eq(room->a.error.constraint, "things__name_key");
    ck_assert_str_eq(room->a.error.sqlstate, "23505");
    add_thing(&room->b, "same");
}

IN_ROOM(each_refusal_has_its_status)
{
    static const struct statement too_long = {
        .name = "too_long", .sql = "insert into things (tenant_id, name) values ($1::uuid, '')"};
    static const struct statement missing = {
        .name = "missing", .sql = "insert into things (tenant_id) values ($1::uuid)"};
    ck_assert_ptr_null(db_get(&room->a, &too_long, A));
    ck_assert_int_eq(room->a.error.status, DB_CHECK);
    ck_assert_str_eq(room->a.error.constraint, "things_name_check");
    ck_assert_ptr_null(db_get(&room->a, &missing, A));
    ck_assert_int_eq(room->a.error.status, DB_CHECK);
    ck_assert_str_eq(room->a.error.column, "name");
    ck_assert_ptr_null(db_get(&room->a, &echo, "x", "many", "true"));
    ck_assert_int_eq(room->a.error.status, DB_INVALID);
    ck_assert_ptr_null(db_get0(&room->a, &raise_code));
    ck_assert_int_eq(room->a.error.status, DB_RAISED);
    ck_assert_str_eq(room->a.error.message, "409 taken: Taken.");
    ck_assert_ptr_null(db_get0(&room->a, &not_sql));
    ck_assert_int_eq(room->a.error.status, DB_BROKEN);
    ck_assert_str_eq(room->a.error.sqlstate, "42601");
    ck_assert_ptr_nonnull(db_get0(&room->a, &thing_list));
    ck_assert_int_eq(room->a.error.status, DB_OK);
}

static void storm_request(void *arg)
{
    struct storm *storm = arg;
    struct arena *arena = arena_new();
    int number = storm->running++;
    struct db db;
    char text[16];
    db_init(&db, arena, DB_TENANT, number % 2 ? A : B, "shared");
    snprintf(text, sizeof text, "%d", number % 5 ? number : 0);
    struct rows *rows = db_get(&db, &divide, text);
    ck_assert_int_eq(rows != NULL, number % 5 != 0);
    rows ? storm->good++ : storm->failed++;
    rows = db_get(&db, &echo, text, text, "true");
    ck_assert_ptr_nonnull(rows);
    ck_assert_str_eq(rows_text(rows, 0, 0), text);
    arena_free(arena);
}

/* Answers reach the one who asked, failures only the one who failed. */
IN_ROOM(a_thousand_requests_at_once_get_their_own_answers)
{
    struct storm storm = {.room = room};
    for (int i = 0; i < 1000; i++)
        ck_assert(coroutine_start(storm_request, &storm));
    while (storm.good + storm.failed < 1000)
        wait_us(10000);
    ck_assert_int_eq(storm.failed, 200);
}

/* ---- prepared statements ---- */

IN_ROOM(prepared_statements_stay_bounded)
{
    for (int i = 0; i < 2500; i++) {
        struct statement made = {.name = arena_printf(room->arena, "made_%d", i),
                                 .sql = arena_printf(room->arena, "select %d", i)};
        struct rows *rows = db_get0(&room->a, &made);
        ck_assert_ptr_nonnull(rows);
        ck_assert_int_eq(rows_int(rows, 0, 0), i);
    }
    static const struct statement held = {.name = "held",
                                          .sql = "select count(*) from pg_prepared_statements"};
    ck_assert_int_le(count_of(&room->a, &held), 1001);
}

IN_ROOM(one_name_with_two_texts_gives_two_statements)
{
    struct statement first = {.name = "same", .sql = "select 1"};
    struct statement second = {.name = "same", .sql = "select 2"};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(count_of(&room->a, &first), 1);
        ck_assert_int_eq(count_of(&room->a, &second), 2);
    }
}

IN_ROOM(a_changed_table_does_not_break_its_prepared_statements)
{
    static const struct statement all = {.name = "all_counters", .sql = "select * from counters"};
    ck_assert_int_eq(rows_width(db_get0(&room->a, &all)), 2);
    database_sql("alter table counters add column more integer");
    ck_assert_int_eq(rows_width(db_get0(&room->a, &all)), 3);
    database_sql("alter table counters drop column more");
    ck_assert_int_eq(rows_width(db_get0(&room->a, &all)), 2);
}

START_TEST(statements_of_the_program_are_listed)
{
    size_t count, found = 0;
    const struct statement *const *all = statements_all(&count);
    for (size_t i = 0; i < count; i++)
        found += all[i] == &thing_add || all[i] == &thing_list;
    ck_assert_uint_eq(found, 2);
}
END_TEST

/* ---- listening ---- */

struct ear {
    int notices, gaps;
    char last[32];
};

static void hear(void *arg, const char *payload)
{
    struct ear *ear = arg;
    payload ? ear->notices++ : ear->gaps++;
    snprintf(ear->last, sizeof ear->last, "%s", payload ? payload : "");
}

static void wait_for(const int *value, int expected)
{
    int64_t until = clock_monotonic_us() + 20000000;
    while (*value < expected && clock_monotonic_us() < until)
        wait_us(5000);
    ck_assert_int_ge(*value, expected);
}

IN_ROOM(notices_are_heard_also_after_a_cut)
{
    static struct ear ear, other;
    ear = other = (struct ear){0};
    db_listen("things", hear, &ear);
    db_listen("others", hear, &other);
    wait_for(&ear.gaps, 1);
    wait_for(&other.gaps, 1);
    ck_assert_ptr_nonnull(db_get(&room->a, &notify, "one"));
    wait_for(&ear.notices, 1);
    ck_assert_str_eq(ear.last, "one");
    database_sql("select pg_terminate_backend(pid) from pg_stat_activity "
                 "where datname = current_database() and usename = 'tulou_tenant'");
    wait_for(&ear.gaps, 2);
    ck_assert_ptr_nonnull(db_get(&room->a, &notify, "two"));
    wait_for(&ear.notices, 2);
    ck_assert_str_eq(ear.last, "two");
    ck_assert_int_eq(other.notices, 0);
}

static Suite *db_suite(void)
{
    Suite *suite = suite_create("db");
    TCase *core = tcase_create("db");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, values_come_back_as_they_went);
    tcase_add_test(core, null_is_told_from_empty_text);
    tcase_add_test(core, affected_rows_are_counted);
    tcase_add_test(core, a_large_result_arrives_whole);
    tcase_add_test(core, a_taken_name_is_unique_with_its_constraint);
    tcase_add_test(core, each_refusal_has_its_status);
    tcase_add_test(core, a_thousand_requests_at_once_get_their_own_answers);
    tcase_add_test(core, prepared_statements_stay_bounded);
    tcase_add_test(core, one_name_with_two_texts_gives_two_statements);
    tcase_add_test(core, a_changed_table_does_not_break_its_prepared_statements);
    tcase_add_test(core, statements_of_the_program_are_listed);
    tcase_add_test(core, notices_are_heard_also_after_a_cut);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(db_suite)
