/* room: what tests of the database work in: two tenants and the platform and the
 * table `things`, emptied before each test. */
#ifndef TESTS_ROOM_H
#define TESTS_ROOM_H

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
STATEMENT(settings_show,
          "select nullif(current_setting('app.tenant_id', true), '') as tenant,\n"
          "       nullif(current_setting('app.context', true), '') as context,\n"
          "       nullif(current_setting('app.action', true), '') as action,\n"
          "       current_setting('search_path') as path",
          0);
STATEMENT(echo, "select $1::text as said, $2::int as number, $3::bool as truth", 0);
STATEMENT(divide, "select 1 / $1::int", 0);
STATEMENT(nap, "select pg_sleep($1::float8)", 0);
STATEMENT(events_count, "select count(*) from events", 0);
STATEMENT(search_alone, "select count(*) from house.search_things($1)", 0);

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

static DATABASE_UNUSED void empty(void)
{
    database_sql(
        "set session_replication_role = replica; truncate everyone.things, everyone.parts, "
        "everyone.events, house.event_heads, house.event_seals, "
        "house.events_open, house.seal_failures; update counters set value = 0");
}

static DATABASE_UNUSED const char *add_thing(struct db *db, const char *name)
{
    struct rows *rows =
        db_get(db, &thing_add, db->tenant_id[0] ? db->tenant_id : A, name, "secret");
    ck_assert_msg(rows != NULL, "%s", db->error.message);
    return rows_text(rows, 0, 0);
}

static DATABASE_UNUSED int64_t count_of(struct db *db, const struct statement *statement)
{
    struct rows *rows = db_get0(db, statement);
    ck_assert_msg(rows != NULL, "%s", db->error.message);
    return rows_int(rows, 0, 0);
}

/* A shared connection without a tenant has none of those that came before. */
static DATABASE_UNUSED void assert_clean(struct room *room)
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

static DATABASE_UNUSED void wait_for_count(const char *sql, int64_t expected)
{
    int64_t found = -1, until = clock_monotonic_us() + 20000000;
    while (clock_monotonic_us() < until && (found = database_count(sql)) != expected)
        wait_us(10000);
    ck_assert_int_eq(found, expected);
}

/* The statement `nap` at work, as PostgreSQL counts it. */
#define NAPPING                                                                                    \
    "select count(*) from pg_stat_activity "                                                       \
    "where datname = current_database() and state = 'active' and query like 'select pg_sleep%'"

/* Many requests at once, and how they ended. */
struct storm {
    struct room *room;
    int good, failed, running;
};

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

/* The tables of these tests; made before Check forks. */
static void room_build(void)
{
    database_begin();
    database_sql(
        "create table everyone.things (tenant_id uuid not null, id uuid not null, name text not "
        "null check (name <> ''), note text, created_at timestamptz not null, updated_at "
        "timestamptz not null, primary key (tenant_id, id), constraint things__name_key unique "
        "(tenant_id, name)) partition by list (tenant_id);"
        "call house.tenant_table('things', event => 'thing', secret => '{note}', "
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
}

#define ROOM_MAIN(make_suite)                                                                      \
    static Suite *make_suite##_with_tables(void)                                                   \
    {                                                                                              \
        room_build();                                                                              \
        return make_suite();                                                                       \
    }                                                                                              \
    UNIT_MAIN(make_suite##_with_tables)

#endif
