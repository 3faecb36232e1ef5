/* Events: who changed what, in the same transaction, sealed so that tampering shows. */
#include "room.h"

STATEMENT(events_change, "update events set action = 'other'", DB_WRITES);
STATEMENT(events_remove, "delete from events", DB_WRITES);
STATEMENT(events_seal, "select house.events_seal($1::int)", DB_WRITES | DB_ON_PLATFORM);
STATEMENT(events_verify,
          "select checked, broken_seq, reason, event_id from house.events_verify($1::uuid)",
          DB_ON_PLATFORM);
STATEMENT(events_verify_own, "select checked, broken_seq from house.events_verify_own()", 0);
STATEMENT(event_last,
          "select action, actor_kind, actor_name, resource_type, ip, request_id, changes::text\n"
          "from events order by id desc limit 1",
          0);

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
    ck_assert_str_eq(rows_text(rows, 0, 0), "thing.created");
    ck_assert_str_eq(rows_text(rows, 0, 1), "user");
    ck_assert_str_eq(rows_text(rows, 0, 2), "Ada \"L\"");
    ck_assert_str_eq(rows_text(rows, 0, 3), "thing");
    ck_assert_str_eq(rows_text(rows, 0, 4), "10.0.0.1");
    ck_assert_str_eq(rows_text(rows, 0, 5), "request-1");
    ck_assert_str_eq(rows_text(rows, 0, 6),
                     arena_printf(room->arena,
                                  "{\"after\": {\"id\": \"%s\", \"name\": \"first\", "
                                  "\"note\": \"***\"}}",
                                  id));
    db_get(&room->a, &thing_rename, id, "second");
    rows = last_event(&room->a);
    ck_assert_str_eq(rows_text(rows, 0, 0), "thing.updated");
    ck_assert_str_eq(rows_text(rows, 0, 6),
                     "{\"after\": {\"name\": \"second\"}, \"before\": {\"name\": \"first\"}}");
    db_get(&room->a, &thing_rename, id, "second");
    ck_assert_int_eq(count_of(&room->a, &events_count), 2); /* nothing changed */
    room->a.action = "thing.purged";
    db_get(&room->a, &thing_remove, "second");
    ck_assert_str_eq(rows_text(last_event(&room->a), 0, 0), "thing.purged");
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
    const char *const attempts[] = {"update everyone.events set action = 'other'",
                                    "delete from everyone.events", "delete from shared.events",
                                    "update everyone.events set seq = 7"};
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

/* "3 changed" with the event's id behind it, where it is told; "" while all is well. */
static const char *verdict(struct room *room, const char *tenant)
{
    struct rows *rows = db_get(&room->platform, &events_verify, tenant);
    ck_assert_msg(rows != NULL, "%s", room->platform.error.message);
    if (!rows_text(rows, 0, 1))
        return "";
    const char *id = rows_text(rows, 0, 3);
    return arena_printf(room->arena, "%s %s%s%s", rows_text(rows, 0, 1), rows_text(rows, 0, 2),
                        id ? " " : "", id ? id : "");
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
#define tamper(...) database_sql("set session_replication_role = replica; " __VA_ARGS__)

STATEMENT(event_numbered,
          "insert into events (tenant_id, actor_kind, action, seq, prev_hash, hash)\n"
          "values ($1::uuid, 'user', 'x', 1, '', '')",
          DB_WRITES);
STATEMENT(event_dated,
          "insert into events (tenant_id, actor_kind, action, at)\n"
          "values ($1::uuid, 'user', 'x', 'infinity')",
          DB_WRITES);

IN_ROOM(numbers_hashes_and_times_are_not_for_the_application)
{
    struct db *dbs[] = {&room->a, &room->platform};
    for (size_t i = 0; i < COUNT(dbs); i++) {
        ck_assert_ptr_null(db_get(dbs[i], &event_numbered, A));
        ck_assert_int_eq(dbs[i]->error.status, DB_DENIED);
        ck_assert_ptr_null(db_get(dbs[i], &event_dated, A));
        ck_assert_int_eq(dbs[i]->error.status, DB_DENIED);
    }
}

IN_ROOM(one_tenants_events_never_stop_anothers)
{
    add_thing(&room->a, "a");
    /* A number that is given next, and a time that none can be made of. */
    database_sql("insert into house.event_seals (tenant_id, first, count, ids, digests, hash)"
                 " values ('" A "', 1, 1, '{}', '', '');"
                 "insert into everyone.events (tenant_id, actor_kind, action, at)"
                 " values ('" C "', 'user', 'x', 'infinity')");
    add_thing(&room->b, "b");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "100"), 0, 0), 1);
    ck_assert_int_eq(database_count("select count(*) from house.seal_failures"), 2);
    ck_assert_int_eq(broken_at(room, B), 0);
    ck_assert_int_eq(database_count("select seq from house.event_heads where tenant_id = '" B "'"),
                     1);
    /* What was in the way is gone, and its time has come. */
    tamper("delete from house.event_seals where tenant_id = '" A "';"
           "update house.seal_failures set retry_at = now() where tenant_id = '" A "'");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "100"), 0, 0), 1);
    ck_assert_int_eq(database_count("select count(*) from house.seal_failures"), 1);
    ck_assert_int_eq(broken_at(room, A), 0);
}

IN_ROOM(a_tenant_with_many_events_does_not_keep_others_waiting)
{
    database_sql("update house.seal_place set tenant_id = '00000000-0000-0000-0000-000000000000';"
                 "insert into everyone.events (tenant_id, actor_kind, action)"
                 " select '" A "', 'user', 'x' from generate_series(1, 2500)");
    add_thing(&room->b, "b");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "1500"), 0, 0), 1001);
    ck_assert_int_eq(database_count("select count(*) from house.events_open"), 1500);
    /* With room for one of them only, the next in turn is first. */
    add_thing(&room->b, "c");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "1000"), 0, 0), 1000);
    add_thing(&room->b, "d");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "2"), 0, 0), 2);
    ck_assert_int_eq(
        database_count("select count(*) from house.events_open where tenant_id = '" B "'"), 0);
    ck_assert_int_eq(broken_at(room, A), 0);
}

/* Events are named by their numbers in the log of A. */
#define EVENT(number)                                                                              \
    "(select ids[" number " - first + 1] from house.event_seals where tenant_id = '" A "'"         \
    " and " number " between first and first + count - 1)"

static const char *id_of(struct room *room, int number)
{
    PGconn *pg = PQconnectdb(database.owner);
    PGresult *result =
        PQexec(pg, arena_printf(room->arena,
                                "select ids[%d - first + 1] from house.event_seals where "
                                "tenant_id = '" A "' and %d between first and "
                                "first + count - 1",
                                number, number));
    ck_assert_int_eq(PQntuples(result), 1);
    const char *id = arena_text(room->arena, PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(pg);
    return id;
}

#define ASSERT_BROKEN(number, reason, id)                                                          \
    ck_assert_str_eq(verdict(room, A), arena_printf(room->arena, "%d %s%s%s", number, reason,      \
                                                    (id) ? " " : "", (id) ? (id) : ""))

/* Two batches, of the events 1 to 3 and 4 to 6. */
static void seal_two(struct room *room)
{
    for (int i = 0; i < 6; i++) {
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
        if (i % 3 == 2)
            seal_all(room);
    }
    ck_assert_int_eq(database_count("select count(*) from house.event_seals"), 2);
    ck_assert_str_eq(verdict(room, A), "");
}

IN_ROOM(a_changed_event_is_found)
{
    seal_two(room);
    const char *third = id_of(room, 3), *fifth = id_of(room, 5);
    tamper("update everyone.events set actor_name = 'nobody' where id = " EVENT("3"));
    ASSERT_BROKEN(3, "changed", third);
    tamper("update everyone.events set actor_name = null where id = " EVENT("3"));
    ck_assert_str_eq(verdict(room, A), "");
    tamper("update everyone.events set changes = changes - 'after' where id = " EVENT("5"));
    ASSERT_BROKEN(5, "changed", fifth);
    /* With its digest made to fit, the batch is no longer the one that was sealed. */
    tamper(
        "update house.event_seals s set digests = overlay(digests placing (select "
        "house.event_digest(e) from everyone.events e where e.id = " EVENT("5") ") from 33) "
                                                                                "where first = 4");
    ASSERT_BROKEN(4, "seal", id_of(room, 4));
    tamper("update house.event_seals s set hash = house.seal_hash((select hash from "
           "house.event_seals where first = 1), s) where first = 4");
    ASSERT_BROKEN(6, "seal", (const char *)NULL);
}

IN_ROOM(a_missing_event_is_found)
{
    seal_two(room);
    const char *second = id_of(room, 2), *sixth = id_of(room, 6);
    tamper("delete from everyone.events where id = " EVENT("6"));
    ASSERT_BROKEN(6, "missing", sixth);
    tamper("delete from everyone.events where id = " EVENT("2"));
    ASSERT_BROKEN(2, "missing", second);
    tamper("delete from everyone.events");
    ASSERT_BROKEN(1, "missing", id_of(room, 1));
}

IN_ROOM(an_event_that_is_removed_before_it_is_sealed_is_found)
{
    seal_two(room);
    const char *id = rows_text(db_get(&room->a, &thing_add, A, "seventh", NULL), 0, 0);
    tamper("delete from everyone.events where changes #>> '{after,id}' = '%s'", id);
    seal_all(room);
    ck_assert_int_eq(broken_at(room, A), 7);
    ck_assert_ptr_nonnull(strstr(verdict(room, A), "missing"));
}

IN_ROOM(an_added_event_is_found)
{
    seal_two(room);
    tamper("insert into everyone.events (tenant_id, id, actor_kind, action) values ('" A
           "', '018f0000-0000-7000-8000-000000000001', 'user', 'x')");
    ASSERT_BROKEN(7, "added", "018f0000-0000-7000-8000-000000000001");
}

IN_ROOM(reordered_events_are_found)
{
    seal_two(room);
    const char *fifth = id_of(room, 5);
    tamper("update house.event_seals set ids = array[ids[2], ids[1], ids[3]] where first = 4");
    ASSERT_BROKEN(4, "reordered", fifth);
    tamper("update house.event_seals set digests = substring(digests from 33 for 32) || "
           "substring(digests for 32) || substring(digests from 65) where first = 4");
    ASSERT_BROKEN(4, "seal", fifth);
    tamper("update house.event_seals set ids = array[ids[2], ids[1], ids[3]], "
           "digests = substring(digests from 33 for 32) || substring(digests for 32) || "
           "substring(digests from 65) where first = 4");
    ck_assert_str_eq(verdict(room, A), "");
}

IN_ROOM(swapped_and_removed_batches_are_found)
{
    seal_two(room);
    add_thing(&room->a, "seventh");
    seal_all(room);
    tamper("update house.event_seals set first = case first when 1 then 104 else 101 end"
           " where first < 7; update house.event_seals set first = first - 100 where first > 100");
    ASSERT_BROKEN(1, "seal", id_of(room, 1));
    tamper("update house.event_seals set first = case first when 1 then 104 else 101 end"
           " where first < 7; update house.event_seals set first = first - 100 where first > 100");
    ck_assert_str_eq(verdict(room, A), "");
    /* The end of the log, with its events and without them. */
    tamper("delete from everyone.events where id = " EVENT(
        "7") "; "
             "delete from house.event_seals where first = 7");
    ASSERT_BROKEN(7, "missing", (const char *)NULL);
    tamper("delete from house.event_seals where first = 4");
    ASSERT_BROKEN(4, "missing", (const char *)NULL);
    tamper("delete from house.event_seals; delete from house.event_heads");
    ck_assert_int_eq(broken_at(room, A), 1);
    ck_assert_ptr_nonnull(strstr(verdict(room, A), "added"));
}

IN_ROOM(an_event_that_commits_late_falls_between_no_batches)
{
    struct db late = room->a;
    ck_assert(db_begin(&late));
    add_thing(&late, "first made");
    add_thing(&room->a, "first committed");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "100"), 0, 0), 1);
    ck_assert_str_eq(verdict(room, A), "");
    ck_assert(db_commit(&late));
    ck_assert_str_eq(verdict(room, A), "");
    ck_assert_int_eq(rows_int(db_get(&room->platform, &events_seal, "100"), 0, 0), 1);
    ck_assert_str_eq(verdict(room, A), "");
    ck_assert(strcmp(id_of(room, 2), id_of(room, 1)) < 0);
}

/* Seals the open events of A as it was done before there were batches: each event is chained
 * to the one before it; then these become batches, as when the migration ran. */
static void chain_as_before(void)
{
    tamper("with recursive due as (select e as event, row_number() over (order by e.id) as number "
           "from everyone.events e where e.tenant_id = '" A "'), chain as ("
           "select number, ''::bytea as prev, house.event_hash('', number, event) as hash, event "
           "from due where number = 1 union all "
           "select d.number, c.hash, house.event_hash(c.hash, d.number, d.event), d.event "
           "from chain c join due d on d.number = c.number + 1) "
           "update everyone.events e set seq = c.number, prev_hash = c.prev, hash = c.hash "
           "from chain c where e.id = (c.event).id;"
           "insert into house.event_heads select '" A "', seq, hash from everyone.events "
           "where tenant_id = '" A "' order by seq desc limit 1; delete from house.events_open");
}

IN_ROOM(what_was_chained_before_is_verified_still)
{
    for (int i = 0; i < 4; i++)
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
    chain_as_before();
    tamper("call house.event_chains_to_seals()");
    ck_assert_str_eq(verdict(room, A), "");
    add_thing(&room->a, "of now");
    seal_all(room);
    ck_assert_str_eq(verdict(room, A), "");
    ck_assert_int_eq(database_count("select count from house.event_seals where chained"), 4);
    const char *first = id_of(room, 1), *third = id_of(room, 3);
    tamper("update everyone.events set action = 'x' where seq = 3");
    ASSERT_BROKEN(3, "changed", third);
    tamper("update everyone.events e set hash = house.event_hash(prev_hash, seq, e) where seq = 1;"
           "update everyone.events set actor_name = 'nobody' where seq = 1");
    ASSERT_BROKEN(1, "changed", first);
}

IN_ROOM(what_was_broken_before_the_batches_stays_so)
{
    for (int i = 0; i < 5; i++)
        add_thing(&room->a, arena_printf(room->arena, "a%d", i));
    chain_as_before();
    /* One changed with a hash that fits, but not those behind it; one gone; the end cut. */
    tamper("update everyone.events set action = 'x' where seq = 3;"
           "update everyone.events e set hash = house.event_hash(prev_hash, seq, e) where seq = 3");
    tamper("call house.event_chains_to_seals()");
    ASSERT_BROKEN(4, "changed", id_of(room, 4));
    tamper("delete from house.event_seals; delete from everyone.events where seq in (2, 5);"
           "call house.event_chains_to_seals()");
    ASSERT_BROKEN(2, "missing", (const char *)NULL);
}

static Suite *events_suite(void)
{
    Suite *suite = suite_create("events");
    TCase *core = tcase_create("events");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, a_change_appends_an_event_with_who_and_what);
    tcase_add_test(core, a_changed_secret_shows_only_that_it_changed);
    tcase_add_test(core, the_actor_may_change_within_a_transaction);
    tcase_add_test(core, the_tenant_may_change_within_a_transaction);
    tcase_add_test(core, an_event_goes_with_its_transaction);
    tcase_add_test(core, nobody_of_the_application_changes_events);
    tcase_add_test(core, even_the_owner_does_not_change_events_by_accident);
    tcase_add_test(core, sealed_events_verify);
    tcase_add_test(core, numbers_hashes_and_times_are_not_for_the_application);
    tcase_add_test(core, one_tenants_events_never_stop_anothers);
    tcase_add_test(core, a_tenant_with_many_events_does_not_keep_others_waiting);
    tcase_add_test(core, a_changed_event_is_found);
    tcase_add_test(core, a_missing_event_is_found);
    tcase_add_test(core, an_event_that_is_removed_before_it_is_sealed_is_found);
    tcase_add_test(core, an_added_event_is_found);
    tcase_add_test(core, reordered_events_are_found);
    tcase_add_test(core, swapped_and_removed_batches_are_found);
    tcase_add_test(core, an_event_that_commits_late_falls_between_no_batches);
    tcase_add_test(core, what_was_chained_before_is_verified_still);
    tcase_add_test(core, what_was_broken_before_the_batches_stays_so);
    suite_add_tcase(suite, core);
    return suite;
}

ROOM_MAIN(events_suite)
