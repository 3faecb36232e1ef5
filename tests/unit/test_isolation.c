/* Isolation: what a tenant cannot reach, and that nothing of one request is left for the next. */
#include "room.h"

STATEMENT(part_add,
          "insert into parts (tenant_id, thing_id) values ($1::uuid, $2::uuid) returning id",
          DB_WRITES);
STATEMENT(settings_leak, "select set_config('app.tenant_id', $1, true)", 0);
STATEMENT(cut_me, "select pg_terminate_backend(pg_backend_pid())", 0);
STATEMENT(search, "select count(*) from things where id in (select house.search_things($1))", 0);
STATEMENT(search_every, "select count(*) from house.search_every_things($1)", 0);
STATEMENT(path_reach, "select count(*) from everyone.things", 0);

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
    ck_assert_int_eq(rows_int(db_get(&room->a, &search, "50%"), 0, 0), 1);
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

IN_ROOM(settings_end_with_their_request)
{
    db_act_as(&room->a, "user", A, "Ada", "127.0.0.1", NULL, NULL);
    room->a.action = "thing.imported";
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

IN_ROOM(settings_end_with_a_cancelled_request)
{
    for (int i = 0; i < 3; i++)
        coroutine_start(cancelled_request, room);
    wait_us(200000);
    assert_clean(room);
    wait_for_count(NAPPING, 0);
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

static Suite *isolation_suite(void)
{
    Suite *suite = suite_create("isolation");
    TCase *core = tcase_create("isolation");
    tcase_set_timeout(core, 120);
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
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(isolation_suite)
