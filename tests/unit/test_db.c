
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "database.h"
#include "unit.h"

#define A "018f0000-0000-7000-8000-00000000000a"
#define B "018f0000-0000-7000-8000-00000000000b"
#define C "018f0000-0000-7000-8000-00000000000c"

STATEMENT(thing_add,
          "insert into things (tenant_id, name, note) values ($1::uuid, $2, $3) returning id",
          DB_WRITES);
STATEMENT(thing_list, "select name from things order by name", 0);
STATEMENT(thing_count, "select count(*) from things", 0);
STATEMENT(thing_rename, "update things set name = $2 where id = $1::uuid", DB_WRITES);
STATEMENT(thing_remove, "delete from things where name = $1", DB_WRITES);
STATEMENT(part_add,
          "insert into parts (tenant_id, thing_id) values ($1::uuid, $2::uuid) returning id",
          DB_WRITES);
STATEMENT(settings_show,
          "select nullif(current_setting('app.tenant_id', true), '') as tenant,\n"
          "       nullif(current_setting('app.context', true), '') as context,\n"
          "       nullif(current_setting('app.action', true), '') as action,\n"
          "       current_setting('search_path') as path",
          0);
STATEMENT(settings_leak, "select set_config('app.tenant_id', $1, true)", 0);
STATEMENT(echo, "select $1::text as said, $2::int as number, $3::bool as truth", 0);
STATEMENT(divide, "select 1 / $1::int", 0);
STATEMENT(nap, "select pg_sleep($1::float8)", 0);
STATEMENT(slow_nap, "select pg_sleep($1::float8)", DB_SLOW);
STATEMENT(writing_nap, "select pg_sleep($1::float8)", DB_WRITES);
STATEMENT(not_sql, "selekt 1", 0);
STATEMENT(my_pid, "select pg_backend_pid()", 0);
STATEMENT(cut_me, "select pg_terminate_backend(pg_backend_pid())", 0);
STATEMENT(raise_code,
          "do $$ begin raise exception '409 taken: Taken.' using errcode = 'TU000'; end $$", 0);
STATEMENT(events_count, "select count(*) from events", 0);
STATEMENT(events_change, "update events set action = 'other'", DB_WRITES);
STATEMENT(events_remove, "delete from events", DB_WRITES);
STATEMENT(events_seal, "select house.events_seal($1::int)", DB_WRITES | DB_ON_PLATFORM);
STATEMENT(events_verify, "select checked, broken_seq, reason from house.events_verify($1::uuid)",
          DB_ON_PLATFORM);
STATEMENT(events_verify_own, "select checked, broken_seq from house.events_verify_own()", 0);
STATEMENT(event_last,
          "select action, actor_kind, actor_name, resource_type, ip, request_id, changes::text\n"
          "from events order by id desc limit 1",
          0);
STATEMENT(search, "select count(*) from things where id in (select house.search_things($1))", 0);
STATEMENT(search_alone, "select count(*) from house.search_things($1)", 0);
STATEMENT(search_every, "select count(*) from house.search_every_things($1)", 0);
STATEMENT(counter_read, "select value from counters where name = 'c'", 0);
STATEMENT(counter_write, "update counters set value = $1::int where name = 'c'", DB_WRITES);
STATEMENT(deferred_add, "insert into deferred values ($1::int)", DB_WRITES);
STATEMENT(path_reach, "select count(*) from everyone.things", 0);
STATEMENT(notify, "select pg_notify('things', $1)", DB_WRITES);

/* What a test's coroutine works with. */
struct room {
    struct arena *arena;
    struct db a, b, platform;
};

static void room_open(struct room *room)
{
    room->arena = arena_new();
    db_init(&room->a, room->arena, DB_TENANT, A, "shared");
    db_init(&room->b, room->arena, DB_TENANT, B, "shared");
    db_init(&room->platform, room->arena, DB_PLATFORM, NULL, "everyone");
}

static void room_close(struct room *room)
{
    arena_free(room->arena);
}

static void empty(void)
{
    database_sql(
        "set session_replication_role = replica; truncate everyone.things, everyone.parts, "
        "everyone.events, house.event_heads; update counters set value = 0");
}

static const char *add_thing(struct db *db, const char *name)
{
    struct rows *rows =
        db_get(db, &thing_add, db->tenant_id[0] ? db->tenant_id : A, name, "secret");
    ck_assert_msg(rows != NULL, "%s", db->error.message);
    return rows_text(rows, 0, 0);
}

static int64_t count_of(struct db *db, const struct statement *statement)
{
    struct rows *rows = db_get0(db, statement);
    ck_assert_msg(rows != NULL, "%s", db->error.message);
    return rows_int(rows, 0, 0);
}

/* A test whose body runs in a coroutine with a room. */
#define IN_ROOM(name)                                                                              \
    static void name##_body(struct room *room);                                                    \
    static void name##_work(void *arg)                                                             \
    {                                                                                              \
        struct room room;                                                                          \
        (void)arg;                                                                                 \
        room_open(&room);                                                                          \
        name##_body(&room);                                                                        \
        room_close(&room);                                                                         \
    }                                                                                              \
    START_TEST(name)                                                                               \
    {                                                                                              \
        empty();                                                                                   \
        database_run(NULL, name##_work, NULL);                                                     \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name##_body(struct room *room)

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

/* ---- isolation ---- */

IN_ROOM(a_tenant_sees_only_its_own_rows)
{
    add_thing(&room->a, "of a");
    add_thing(&room->b, "of b");
    struct rows *rows = db_get0(&room->a, &thing_list);
    ck_assert_uint_eq(rows_count(rows), 1);
    ck_assert_str_eq(rows_text(rows, 0, 0), "of a");
    ck_assert_int_eq(count_of(&room->platform, &thing_count), 2);
}

IN_ROOM(a_tenant_cannot_write_into_another)
{
    const char *id = add_thing(&room->b, "of b");
    ck_assert_ptr_null(db_get(&room->a, &thing_add, B, "planted", NULL));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
    ck_assert_uint_eq(rows_affected(db_get(&room->a, &thing_rename, id, "taken")), 0);
    ck_assert_uint_eq(rows_affected(db_get(&room->a, &thing_remove, "of b")), 0);
    ck_assert_str_eq(rows_text(db_get0(&room->b, &thing_list), 0, 0), "of b");
}

IN_ROOM(a_row_cannot_be_moved_to_another_tenant)
{
    static const struct statement move = {
        .name = "move", .sql = "update things set tenant_id = $1::uuid", .flags = DB_WRITES};
    add_thing(&room->a, "of a");
    ck_assert_ptr_null(db_get(&room->a, &move, B));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
}

IN_ROOM(without_a_tenant_nothing_is_seen)
{
    struct db nobody;
    add_thing(&room->a, "of a");
    db_init(&nobody, room->arena, DB_TENANT, NULL, "shared");
    for (int i = 0; i < 4; i++) { /* on both shared connections, fresh and used */
        ck_assert_ptr_null(db_get0(&nobody, &thing_list));
        ck_assert_int_ne(nobody.error.status, DB_OK);
        count_of(&room->a, &thing_count);
    }
}

IN_ROOM(the_tenant_role_cannot_reach_the_parents)
{
    ck_assert_ptr_null(db_get0(&room->a, &path_reach));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
}

IN_ROOM(a_reference_to_another_tenants_row_is_refused)
{
    const char *id = add_thing(&room->b, "of b");
    ck_assert_ptr_null(db_get(&room->a, &part_add, A, id));
    ck_assert_int_eq(room->a.error.status, DB_FOREIGN);
    ck_assert_str_eq(room->a.error.constraint, "parts_thing_id_fkey");
    ck_assert_ptr_nonnull(db_get(&room->b, &part_add, B, id));
}

IN_ROOM(a_tenant_with_its_own_schema_works_alike)
{
    struct db c;
    db_init(&c, room->arena, DB_TENANT, C, "tenant_018f000000007000800000000000000c");
    db_act_as(&c, "user", A, "Ada", NULL, NULL, NULL);
    add_thing(&c, "of c");
    add_thing(&room->a, "of a");
    ck_assert_int_eq(count_of(&c, &thing_count), 1);
    ck_assert_int_eq(count_of(&c, &events_count), 1);
    ck_assert_int_eq(count_of(&room->a, &thing_count), 1);
    ck_assert_int_eq(count_of(&room->platform, &thing_count), 2);
    ck_assert_int_eq(rows_int(db_get(&c, &search, "OF"), 0, 0), 1);
    ck_assert(db_begin(&c));
    add_thing(&c, "second");
    ck_assert_int_eq(count_of(&c, &thing_count), 2);
    ck_assert(db_commit(&c));
    ck_assert_int_eq(
        database_count("select count(*) from tenant_018f000000007000800000000000000c.things"), 2);
}

IN_ROOM(search_finds_only_in_the_tenant)
{
    add_thing(&room->a, "Needle 50%");
    add_thing(&room->b, "needle too");
    ck_assert_int_eq(rows_int(db_get(&room->a, &search, "NEEDLE"), 0, 0), 1);
    ck_assert_int_eq(rows_int(db_get(&room->a, &search, "0%"), 0, 0), 1);
    ck_assert_int_eq(rows_int(db_get(&room->a, &search, "_"), 0, 0), 0);
    ck_assert_int_eq(rows_int(db_get(&room->a, &search_alone, "needle"), 0, 0), 1);
    ck_assert_int_eq(rows_int(db_get(&room->platform, &search_every, "needle"), 0, 0), 2);
    ck_assert_ptr_null(db_get(&room->a, &search_every, "needle"));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
}

/* Each table of `everyone` and each partition, wherever it is. */
START_TEST(every_tenant_table_and_partition_is_protected)
{
    database_sql("create table everyone.late (tenant_id uuid not null, id uuid not null, "
                 "primary key (tenant_id, id)) partition by list (tenant_id);"
                 "call house.tenant_table('late')");
    static const char tables[] =
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p') and (n.nspname in ('everyone', 'shared') "
        "or n.nspname like 'tenant\\_%')";
    char sql[2048];
    snprintf(sql, sizeof sql, "select count(*) %s", tables);
    ck_assert_int_ge(database_count(sql), 4 * 3);
    snprintf(sql, sizeof sql, "select count(*) %s and not (relrowsecurity and relforcerowsecurity)",
             tables);
    ck_assert_int_eq(database_count(sql), 0);
    snprintf(sql, sizeof sql,
             "select count(*) %s and (select count(*) from pg_policies p where p.schemaname = "
             "n.nspname and p.tablename = c.relname and ((p.roles = '{tulou_tenant}' and p.qual = "
             "'(tenant_id = (current_setting(''app.tenant_id''::text))::uuid)' and p.with_check = "
             "p.qual) or p.roles = '{tulou_platform}')) <> 2",
             tables);
    ck_assert_int_eq(database_count(sql), 0);
    ck_assert_int_eq(
        database_count("select count(*) from tenant_018f000000007000800000000000000c.late"), 0);
    database_sql("drop table everyone.late; delete from house.tenant_tables where name = 'late'");
}
END_TEST

START_TEST(a_definition_against_the_conventions_is_refused)
{
    static const char *const definitions[] = {
        "tenant_id uuid, id uuid not null",
        "tenant_id uuid not null, id bigint not null, primary key (tenant_id, id)",
        "tenant_id uuid not null, id uuid not null, primary key (id, tenant_id)",
        "tenant_id uuid not null, id uuid not null, created_at timestamp not null, "
        "primary key (tenant_id, id)",
        "tenant_id uuid not null, id uuid not null, updated_at timestamptz, "
        "primary key (tenant_id, id)"};
    for (size_t i = 0; i < COUNT(definitions); i++) {
        char sql[512];
        snprintf(sql, sizeof sql,
                 "create table everyone.bad (%s) partition by list (tenant_id);"
                 "call house.tenant_table('bad')",
                 definitions[i]);
        PGconn *pg = PQconnectdb(database.owner);
        PGresult *result = PQexec(pg, sql);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        ck_assert_msg(state && strcmp(state, "P0001") == 0, "%s: %s", definitions[i],
                      PQresultErrorMessage(result));
        PQclear(result);
        PQfinish(pg);
    }
}
END_TEST

/* ---- nothing stays on a shared connection ---- */

static void assert_clean(struct room *room)
{
    struct db plain;
    db_init(&plain, room->arena, DB_TENANT, NULL, "shared");
    for (int i = 0; i < 6; i++) {
        struct rows *rows = db_get0(&plain, &settings_show);
        ck_assert_msg(rows != NULL, "%s", plain.error.message);
        ck_assert_ptr_null(rows_text(rows, 0, 0));
        ck_assert_ptr_null(rows_text(rows, 0, 1));
        ck_assert_ptr_null(rows_text(rows, 0, 2));
        ck_assert_str_eq(rows_text(rows, 0, 3), "shared,public");
    }
}

IN_ROOM(settings_end_with_their_request)
{
    db_act_as(&room->a, "user", A, "Ada", "127.0.0.1", NULL, NULL);
    room->a.action = "things.imported";
    add_thing(&room->a, "x");
    assert_clean(room);
    ck_assert_ptr_nonnull(db_get(&room->a, &settings_leak, B));
    assert_clean(room);
}

IN_ROOM(settings_end_with_a_failed_request)
{
    db_act_as(&room->a, "user", A, "Ada", NULL, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(db_get(&room->a, &divide, "0"));
        ck_assert_ptr_null(db_get(&room->a, &thing_add, B, "planted", NULL));
        assert_clean(room);
    }
}

IN_ROOM(settings_end_with_a_cut_connection)
{
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_null(db_get0(&room->a, &cut_me));
        ck_assert_int_eq(room->a.error.status, DB_UNAVAILABLE);
        assert_clean(room);
        ck_assert_int_eq(count_of(&room->a, &thing_count), 0);
    }
}

static void cancelled_request(void *arg)
{
    struct room *room = arg;
    struct db db;
    db_init(&db, room->arena, DB_TENANT, B, "shared");
    coroutine_set_deadline(clock_monotonic_us() + 30000);
    ck_assert_ptr_null(db_get(&db, &nap, "30"));
    ck_assert_int_eq(db.error.status, DB_CANCELLED);
}

static void wait_for_count(const char *sql, int64_t expected)
{
    int64_t found = -1, until = clock_monotonic_us() + 20000000;
    while (clock_monotonic_us() < until && (found = database_count(sql)) != expected)
        wait_us(10000);
    ck_assert_int_eq(found, expected);
}

static const char napping[] = "select count(*) from pg_stat_activity "
                              "where state = 'active' and query like 'select pg_sleep%'";

IN_ROOM(settings_end_with_a_cancelled_request)
{
    for (int i = 0; i < 3; i++)
        coroutine_start(cancelled_request, room);
    wait_us(200000);
    assert_clean(room);
    wait_for_count(napping, 0);
}

IN_ROOM(settings_of_a_transaction_end_with_it)
{
    db_act_as(&room->a, "user", A, "Ada", NULL, NULL, NULL);
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "x");
    ck_assert(db_commit(&room->a));
    struct db plain;
    db_init(&plain, room->arena, DB_TENANT, NULL, "shared");
    ck_assert(db_begin(&plain));
    struct rows *rows = db_get0(&plain, &settings_show);
    ck_assert_ptr_null(rows_text(rows, 0, 0));
    ck_assert_ptr_null(rows_text(rows, 0, 1));
    db_rollback(&plain);
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

struct storm {
    struct room *room;
    int good, failed, running;
};

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

/* ---- cancelling ---- */

IN_ROOM(a_deadline_stops_the_query_on_the_server)
{
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &nap, "60"));
    ck_assert_int_eq(room->a.error.status, DB_CANCELLED);
    coroutine_set_deadline(0);
    wait_for_count(napping, 0);
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &slow_nap, "60"));
    ck_assert_int_eq(room->a.error.status, DB_CANCELLED);
    coroutine_set_deadline(0);
    wait_for_count(napping, 0);
    ck_assert(db_begin(&room->a));
    coroutine_set_deadline(clock_monotonic_us() + 50000);
    ck_assert_ptr_null(db_get(&room->a, &nap, "60"));
    coroutine_set_deadline(0);
    ck_assert(!db_commit(&room->a));
    wait_for_count(napping, 0);
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
        found += all[i] == &thing_add || text_equal(all[i]->name, "thing_list");
    ck_assert_uint_eq(found, 2);
}
END_TEST

/* ---- events ---- */

static struct rows *last_event(struct db *db)
{
    struct rows *rows = db_get0(db, &event_last);
    ck_assert_ptr_nonnull(rows);
    ck_assert_uint_eq(rows_count(rows), 1);
    return rows;
}

IN_ROOM(a_change_appends_an_event_with_who_and_what)
{
    db_act_as(&room->a, "user", A, "Ada \"L\"", "10.0.0.1", "Browser", "request-1");
    const char *id = add_thing(&room->a, "first");
    struct rows *rows = last_event(&room->a);
    ck_assert_str_eq(rows_text(rows, 0, 0), "test.things.created");
    ck_assert_str_eq(rows_text(rows, 0, 1), "user");
    ck_assert_str_eq(rows_text(rows, 0, 2), "Ada \"L\"");
    ck_assert_str_eq(rows_text(rows, 0, 3), "test.things");
    ck_assert_str_eq(rows_text(rows, 0, 4), "10.0.0.1");
    ck_assert_str_eq(rows_text(rows, 0, 5), "request-1");
    ck_assert_str_eq(rows_text(rows, 0, 6),
                     arena_printf(room->arena,
                                  "{\"after\": {\"id\": \"%s\", \"name\": \"first\", "
                                  "\"note\": \"***\"}}",
                                  id));
    db_get(&room->a, &thing_rename, id, "second");
    rows = last_event(&room->a);
    ck_assert_str_eq(rows_text(rows, 0, 0), "test.things.updated");
    ck_assert_str_eq(rows_text(rows, 0, 6),
                     "{\"after\": {\"name\": \"second\"}, \"before\": {\"name\": \"first\"}}");
    db_get(&room->a, &thing_rename, id, "second");
    ck_assert_int_eq(count_of(&room->a, &events_count), 2); /* nothing changed */
    room->a.action = "test.things.purged";
    db_get(&room->a, &thing_remove, "second");
    ck_assert_str_eq(rows_text(last_event(&room->a), 0, 0), "test.things.purged");
    ck_assert_int_eq(count_of(&room->b, &events_count), 0);
}

IN_ROOM(a_changed_secret_shows_only_that_it_changed)
{
    static const struct statement change = {
        .name = "change", .sql = "update things set note = $1", .flags = DB_WRITES};
    add_thing(&room->a, "x");
    ck_assert_ptr_nonnull(db_get(&room->a, &change, "another secret"));
    ck_assert_str_eq(rows_text(last_event(&room->a), 0, 6),
                     "{\"after\": {\"note\": \"***\"}, \"before\": {\"note\": \"***\"}}");
    ck_assert_ptr_nonnull(db_get(&room->a, &change, NULL));
    ck_assert_str_eq(rows_text(last_event(&room->a), 0, 6),
                     "{\"after\": {\"note\": \"***\"}, \"before\": {\"note\": \"***\"}}");
}

IN_ROOM(the_actor_may_change_within_a_transaction)
{
    ck_assert(db_begin(&room->a));
    db_act_as(&room->a, "user", A, "Ada", NULL, NULL, NULL);
    add_thing(&room->a, "one");
    db_act_as(&room->a, "user", B, "Bob", NULL, NULL, NULL);
    add_thing(&room->a, "two");
    ck_assert_str_eq(rows_text(last_event(&room->a), 0, 2), "Bob");
    ck_assert(db_commit(&room->a));
    ck_assert_int_eq(count_of(&room->a, &events_count), 2);
}

/* As a reseller does that acts in its child, or an operator. */
IN_ROOM(the_tenant_may_change_within_a_transaction)
{
    static const char own[] = "tenant_018f000000007000800000000000000c";
    for (int round = 0; round < 2; round++) { /* with statements to prepare, and prepared */
        struct db db = room->a;
        ck_assert(db_begin(&db));
        db_act_as(&db, "user", A, "Ada", NULL, NULL, NULL);
        add_thing(&db, "in a");
        memcpy(db.tenant_id, B, UUID_SIZE);
        ck_assert_int_eq(count_of(&db, &thing_count), 0);
        add_thing(&db, "in b");
        ck_assert_str_eq(rows_text(db_get0(&db, &thing_list), 0, 0), "in b");
        memcpy(db.tenant_id, C, UUID_SIZE);
        db.schema = own;
        ck_assert_int_eq(count_of(&db, &thing_count), 0);
        add_thing(&db, "in c");
        ck_assert_int_eq(count_of(&db, &events_count), 1);
        memcpy(db.tenant_id, A, UUID_SIZE);
        db.schema = "shared";
        ck_assert_str_eq(rows_text(db_get0(&db, &thing_list), 0, 0), "in a");
        db.tenant_id[0] = '\0';
        ck_assert_ptr_null(db_get0(&db, &thing_list));
        db_rollback(&db);
        assert_clean(room);
    }
    struct db db = room->platform;
    ck_assert(db_begin(&db));
    ck_assert_int_eq(count_of(&db, &thing_count), 0);
    memcpy(db.tenant_id, A, UUID_SIZE);
    ck_assert_int_eq(rows_int(db_get(&db, &search_alone, "x"), 0, 0), 0);
    db_rollback(&db);
}

IN_ROOM(an_event_goes_with_its_transaction)
{
    ck_assert(db_begin(&room->a));
    add_thing(&room->a, "undone");
    db_rollback(&room->a);
    ck_assert_int_eq(count_of(&room->a, &events_count), 0);
}

IN_ROOM(nobody_of_the_application_changes_events)
{
    add_thing(&room->a, "x");
    const struct statement *const attempts[] = {&events_change, &events_remove};
    for (size_t i = 0; i < COUNT(attempts); i++) {
        ck_assert_ptr_null(db_get0(&room->a, attempts[i]));
        ck_assert_int_eq(room->a.error.status, DB_DENIED);
        ck_assert_ptr_null(db_get0(&room->platform, attempts[i]));
        ck_assert_int_eq(room->platform.error.status, DB_DENIED);
    }
}

START_TEST(even_the_owner_does_not_change_events_by_accident)
{
    empty();
    /* Of a tenant that there is: events go with their tenant, when it is erased. */
    database_sql("insert into everyone.things (tenant_id, name) "
                 "select id, 'x' from tenants where kind = 'platform'");
    ck_assert_int_eq(database_count("select count(*) from everyone.events"), 1);
    const char *const attempts[] = {
        "update everyone.events set action = 'other'", "delete from everyone.events",
        "delete from shared.events",
        "select house.events_seal(10); update everyone.events set seq = 7"};
    for (size_t i = 0; i < COUNT(attempts); i++) {
        PGconn *pg = PQconnectdb(database.owner);
        PGresult *result = PQexec(pg, attempts[i]);
        ck_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
        PQclear(result);
        PQfinish(pg);
    }
}
END_TEST

static void seal_all(struct room *room)
{
    struct rows *rows = db_get(&room->platform, &events_seal, "100");
    ck_assert_msg(rows != NULL, "%s", room->platform.error.message);
}

static int64_t broken_at(struct room *room, const char *tenant)
{
    struct rows *rows = db_get(&room->platform, &events_verify, tenant);
    ck_assert_msg(rows != NULL, "%s", room->platform.error.message);
    return rows_text(rows, 0, 1) ? rows_int(rows, 0, 1) : 0;
}

IN_ROOM(sealed_events_verify)
{
    for (int i = 0; i < 5; i++) {
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
        add_thing(&room->b, arena_printf(room->arena, "b%d", i));
        if (i == 2)
            seal_all(room);
    }
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "3"), 0, 0), 3);
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "3"), 0, 0), 1);
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "3"), 0, 0), 0);
    struct rows *rows = db_get0(&room->a, &events_verify_own);
    ck_assert_int_eq(rows_int(rows, 0, 0), 5);
    ck_assert_ptr_null(rows_text(rows, 0, 1));
    ck_assert_int_eq(broken_at(room, B), 0);
    ck_assert_ptr_null(db_get(&room->a, &events_seal, "3"));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
    ck_assert_ptr_null(db_get(&room->a, &events_verify, B));
    ck_assert_int_eq(room->a.error.status, DB_DENIED);
}

/* With the triggers off, as only a superuser can. */
static void tamper(const char *sql)
{
    database_sql("set session_replication_role = replica; %s", sql);
}

IN_ROOM(tampering_with_the_chain_is_found)
{
    for (int i = 0; i < 5; i++)
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
    seal_all(room);
    tamper("update everyone.events set actor_name = 'nobody' where seq = 3");
    ck_assert_int_eq(broken_at(room, A), 3);
    tamper("update everyone.events set actor_name = null where seq = 3");
    ck_assert_int_eq(broken_at(room, A), 0);
    tamper("update everyone.events set changes = changes - 'after' where seq = 2");
    ck_assert_int_eq(broken_at(room, A), 2);
    tamper("delete from everyone.events where seq = 2");
    ck_assert_int_eq(broken_at(room, A), 2);
    tamper("update everyone.events set seq = 2 where seq = 3");
    ck_assert_int_eq(broken_at(room, A), 2);
}

IN_ROOM(a_cut_end_of_the_chain_is_found)
{
    for (int i = 0; i < 3; i++)
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
    seal_all(room);
    tamper("delete from everyone.events where seq = 3");
    ck_assert_int_eq(broken_at(room, A), 3);
    tamper("delete from everyone.events");
    ck_assert_int_eq(broken_at(room, A), 1);
}

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
    tcase_add_test(core, a_tenant_sees_only_its_own_rows);
    tcase_add_test(core, a_tenant_cannot_write_into_another);
    tcase_add_test(core, a_row_cannot_be_moved_to_another_tenant);
    tcase_add_test(core, without_a_tenant_nothing_is_seen);
    tcase_add_test(core, the_tenant_role_cannot_reach_the_parents);
    tcase_add_test(core, a_reference_to_another_tenants_row_is_refused);
    tcase_add_test(core, a_tenant_with_its_own_schema_works_alike);
    tcase_add_test(core, search_finds_only_in_the_tenant);
    tcase_add_test(core, every_tenant_table_and_partition_is_protected);
    tcase_add_test(core, a_definition_against_the_conventions_is_refused);
    tcase_add_test(core, settings_end_with_their_request);
    tcase_add_test(core, settings_end_with_a_failed_request);
    tcase_add_test(core, settings_end_with_a_cut_connection);
    tcase_add_test(core, settings_end_with_a_cancelled_request);
    tcase_add_test(core, settings_of_a_transaction_end_with_it);
    tcase_add_test(core, a_taken_name_is_unique_with_its_constraint);
    tcase_add_test(core, each_refusal_has_its_status);
    tcase_add_test(core, a_thousand_requests_at_once_get_their_own_answers);
    tcase_add_test(core, a_batch_is_one_transaction);
    tcase_add_test(core, a_deferred_constraint_fails_at_the_end);
    tcase_add_test(core, a_commit_keeps_and_a_rollback_undoes);
    tcase_add_test(core, a_failure_inside_rolls_the_whole_back);
    tcase_add_test(core, nested_transactions_end_with_the_outermost);
    tcase_add_test(core, a_forgotten_transaction_ends_with_the_arena);
    tcase_add_test(core, the_pool_is_bounded_and_serves_all);
    tcase_add_test(core, waiting_for_the_pool_ends_at_the_deadline);
    tcase_add_test(core, work_goes_again_after_a_serialization_failure);
    tcase_add_test(core, a_deadline_stops_the_query_on_the_server);
    tcase_add_test(core, cancelling_one_request_harms_no_other);
    tcase_add_test(core, a_read_survives_a_cut_connection);
    tcase_add_test(core, a_change_after_a_cut_connection_works);
    tcase_add_test(core, a_transaction_on_a_cut_connection_fails_and_the_next_works);
    tcase_add_test(core, in_a_storm_nobody_sees_anothers_settings);
    tcase_add_test(core, after_a_restart_of_the_server_the_next_request_works);
    tcase_add_test(core, prepared_statements_stay_bounded);
    tcase_add_test(core, one_name_with_two_texts_gives_two_statements);
    tcase_add_test(core, a_changed_table_does_not_break_its_prepared_statements);
    tcase_add_test(core, statements_of_the_program_are_listed);
    tcase_add_test(core, a_change_appends_an_event_with_who_and_what);
    tcase_add_test(core, a_changed_secret_shows_only_that_it_changed);
    tcase_add_test(core, the_actor_may_change_within_a_transaction);
    tcase_add_test(core, the_tenant_may_change_within_a_transaction);
    tcase_add_test(core, an_event_goes_with_its_transaction);
    tcase_add_test(core, nobody_of_the_application_changes_events);
    tcase_add_test(core, even_the_owner_does_not_change_events_by_accident);
    tcase_add_test(core, sealed_events_verify);
    tcase_add_test(core, tampering_with_the_chain_is_found);
    tcase_add_test(core, a_cut_end_of_the_chain_is_found);
    tcase_add_test(core, notices_are_heard_also_after_a_cut);
    suite_add_tcase(suite, core);
    return suite;
}

/* The tables of these tests; made before Check forks. */
static Suite *db_suite_with_database(void)
{
    database_begin();
    database_sql(
        "create table everyone.things (tenant_id uuid not null, id uuid not null, name text not "
        "null check (name <> ''), note text, created_at timestamptz not null, updated_at "
        "timestamptz not null, primary key (tenant_id, id), constraint things__name_key unique "
        "(tenant_id, name)) partition by list (tenant_id);"
        "call house.tenant_table('things', event => 'test.things', secret => '{note}', "
        "search => '{name}');"
        "create table everyone.parts (tenant_id uuid not null, id uuid not null, thing_id uuid, "
        "created_at timestamptz not null, updated_at timestamptz not null, primary key "
        "(tenant_id, id), constraint parts_thing_id_fkey foreign key (tenant_id, thing_id) "
        "references everyone.things (tenant_id, id)) partition by list (tenant_id);"
        "call house.tenant_table('parts');"
        "call house.tenant_schema_create('" C "');"
        "create table public.counters (name text primary key, value integer not null);"
        "grant select, update on public.counters to tulou_tenant;"
        "create table public.deferred (value integer constraint deferred_value_key unique "
        "deferrable initially deferred);"
        "grant insert on public.deferred to tulou_tenant;"
        "insert into public.counters values ('c', 0)");
    return db_suite();
}

UNIT_MAIN(db_suite_with_database)
