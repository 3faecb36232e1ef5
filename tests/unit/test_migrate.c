#include "base/arena.h"
#include "base/secret.h"
#include "base/text.h"
#include "database.h"
#include "db/installation.h"
#include "unit.h"

static char folder[] = "/tmp/tulou-migrations-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void set_up(void)
{
    strcpy(folder, "/tmp/tulou-migrations-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file("0000_one_table.sql", "create table one (id int);\n");
    write_file("0001_two_table.sql", "create table two (id int);\ninsert into one values (1);\n");
    write_file("notes.txt", "no migration");
    database_sql("drop table if exists one, two, three, public.migrations, "
                 "public.installation");
}

static void tear_down(void)
{
    nftw(folder, database_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *problem;
static char printed[4096];

static bool migrate(void)
{
    FILE *out = fmemopen(printed, sizeof printed, "w");
    problem = NULL;
    printed[0] = '\0';
    bool done = migrate_run(database.owner, folder, out, &problem);
    fclose(out);
    return done;
}

START_TEST(files_are_applied_in_order_and_once)
{
    ck_assert_int_eq(migrate_pending(database.owner, folder), 2);
    ck_assert_msg(migrate(), "%s", problem);
    ck_assert_str_eq(printed, "applied 0000_one_table.sql\napplied 0001_two_table.sql\n");
    ck_assert_int_eq(migrate_pending(database.owner, folder), 0);
    ck_assert(migrate());
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(database_count("select count(*) from one"), 1);
    ck_assert_int_eq(database_count("select count(*) from public.migrations"), 2);
}
END_TEST

START_TEST(a_failing_file_leaves_nothing_and_names_its_line)
{
    write_file("202611300607_three.sql",
               "create table three (id int);\n-- \xE2\x82\xAC\nselekt 1;\n");
    ck_assert(!migrate());
    ck_assert_str_eq(problem, "202611300607_three.sql, line 3: syntax error at or near \"selekt\"");
    ck_assert_int_eq(database_count("select count(*) from pg_class where relname = 'three'"), 0);
    ck_assert_int_eq(migrate_pending(database.owner, folder), 1);
    write_file("202611300607_three.sql", "create table three (id int);\n");
    ck_assert(migrate());
    ck_assert_str_eq(printed, "applied 202611300607_three.sql\n");
}
END_TEST

START_TEST(a_file_may_not_change_after_it_was_applied)
{
    ck_assert(migrate());
    write_file("0000_one_table.sql", "create table one (id bigint);\n");
    ck_assert(!migrate());
    ck_assert_str_eq(problem, "0000_one_table.sql: was changed after it had been applied");
}
END_TEST

START_TEST(a_newer_database_is_refused)
{
    write_file("202611300607_three.sql", "create table three (id int);\n");
    ck_assert(migrate());
    char path[128];
    snprintf(path, sizeof path, "%s/202611300607_three.sql", folder);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!migrate());
    ck_assert_ptr_nonnull(strstr(problem, "202611300607_three.sql: was applied but is not here"));
}
END_TEST

START_TEST(a_file_that_commits_by_itself_is_refused)
{
    write_file("202611300607_three.sql", "commit;\n");
    ck_assert(!migrate());
    ck_assert_str_eq(problem,
                     "202611300607_three.sql: must not end the transaction that it runs in");
    ck_assert_int_eq(migrate_pending(database.owner, folder), 1);
}
END_TEST

/* Two programs that start at once: the second waits and finds all done. */
START_TEST(two_at_once_do_not_collide)
{
    pid_t pids[4];
    for (size_t i = 0; i < COUNT(pids); i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0)
            _exit(migrate() ? 0 : 1);
    }
    for (size_t i = 0; i < COUNT(pids); i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(database_count("select count(*) from one"), 1);
}
END_TEST

START_TEST(no_server_and_no_folder_are_one_line_each)
{
    const char *what = NULL;
    ck_assert(!migrate_run("host=/nonexistent dbname=x", folder, stderr, &what));
    ck_assert_ptr_nonnull(what);
    ck_assert_ptr_null(strchr(what, '\n'));
    ck_assert_int_eq(migrate_pending("host=/nonexistent dbname=x", folder), -1);
    ck_assert(!migrate_run(database.owner, "/nonexistent", stderr, &what));
    ck_assert_str_eq(what, "/nonexistent: holds no migrations");
}
END_TEST

/* ---- the key and the logins ---- */

static const unsigned char own[SECRET_BYTES] = "a root key for this test alone",
                           foreign[SECRET_BYTES] = "another";
static int loads, makes;

static bool take_key(void *arg, bool empty, const char **what)
{
    (void)what;
    secret_set_root(arg);
    loads++;
    makes += empty;
    return true;
}

static bool install(const unsigned char *key, bool adopt)
{
    FILE *out = fmemopen(printed, sizeof printed, "w");
    problem = NULL;
    bool done = migrate_install(&(struct migration){.conninfo = database.owner,
                                                    .folder = folder,
                                                    .out = out,
                                                    .load_key = take_key,
                                                    .arg = (void *)key,
                                                    .adopt = adopt},
                                &problem);
    fclose(out);
    return done;
}

START_TEST(a_key_is_made_for_an_empty_database_alone)
{
    loads = makes = 0;
    ck_assert_msg(install(own, false), "%s", problem);
    ck_assert(install(own, false));
    ck_assert_int_eq(loads, 2);
    ck_assert_int_eq(makes, 1);
}
END_TEST

START_TEST(a_foreign_key_changes_nothing)
{
    ck_assert_msg(install(own, false), "%s", problem);
    write_file("202611300607_three.sql", "create table three (id int);\n");
    ck_assert(!install(foreign, false));
    ck_assert_ptr_nonnull(strstr(problem, "made with another secret key"));
    ck_assert_int_eq(migrate_pending(database.owner, folder), 1);
    ck_assert(install(foreign, true));
    ck_assert_int_eq(migrate_pending(database.owner, folder), 0);
    ck_assert(!install(own, false));
}
END_TEST

static struct cluster apart;
static bool ready;

static void end_apart(void)
{
    cluster_end(&apart);
}

static void ask_ready(void *arg)
{
    (void)arg;
    ready = db_ready();
}

static bool opens_with(const char *login, const char *password)
{
    char conninfo[128];
    snprintf(conninfo, sizeof conninfo, "host=%s port=5519 dbname=postgres", apart.folder);
    struct db_options options = {.conninfo = conninfo,
                                 .tenant_user = login,
                                 .tenant_password = password,
                                 .shared = 1,
                                 .pool = 1};
    database_run(&options, ask_ready, NULL);
    return ready;
}

static void begin_apart(void)
{
    char access[96];
    atexit(end_apart);
    cluster_begin(&apart);
    snprintf(access, sizeof access, "%s/data/pg_hba.conf", apart.folder);
    FILE *file = fopen(access, "w");
    ck_assert_ptr_nonnull(file);
    fputs("local all postgres trust\nlocal all all scram-sha-256\n", file);
    fclose(file);
    ck_assert(database_ask(apart.conninfo,
                           "create role tulou_tenant login; create role tulou_platform login; "
                           "select pg_reload_conf()",
                           NULL, 0));
}

START_TEST(logins_get_the_passwords_that_are_offered)
{
    char suffix[32], tenant[64];
    struct arena *arena = arena_new();
    begin_apart();
    PGconn *pg = PQconnectdb(apart.conninfo);
    ck_assert(installation_suffix(pg, suffix, sizeof suffix));
    snprintf(tenant, sizeof tenant, "tulou_tenant%s", suffix);
    ck_assert(!opens_with(tenant, NULL));
    secret_set_root(own);
    ck_assert_msg(installation_make_logins(pg, &problem), "%s", problem);
    ck_assert(opens_with(tenant, db_role_password(arena, tenant)));
    ck_assert(!opens_with(tenant, db_role_password(arena, "tulou_tenant")));
    ck_assert(!opens_with("tulou_tenant", db_role_password(arena, "tulou_tenant")));
    PQfinish(pg);
    arena_free(arena);
    cluster_end(&apart);
}
END_TEST

static Suite *migrate_suite(void)
{
    Suite *suite = suite_create("migrate");
    TCase *files = tcase_create("files");
    tcase_set_timeout(files, 60);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, files_are_applied_in_order_and_once);
    tcase_add_test(files, a_failing_file_leaves_nothing_and_names_its_line);
    tcase_add_test(files, a_file_may_not_change_after_it_was_applied);
    tcase_add_test(files, a_newer_database_is_refused);
    tcase_add_test(files, a_file_that_commits_by_itself_is_refused);
    tcase_add_test(files, two_at_once_do_not_collide);
    tcase_add_test(files, no_server_and_no_folder_are_one_line_each);
    tcase_add_test(files, a_key_is_made_for_an_empty_database_alone);
    tcase_add_test(files, a_foreign_key_changes_nothing);
    suite_add_tcase(suite, files);
    TCase *passwords = tcase_create("passwords");
    tcase_set_timeout(passwords, 60);
    tcase_add_test(passwords, logins_get_the_passwords_that_are_offered);
    suite_add_tcase(suite, passwords);
    return suite;
}

static Suite *with_database(void)
{
    database_create();
    return migrate_suite();
}

UNIT_MAIN(with_database)
