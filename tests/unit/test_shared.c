/* The memory that all areas of a machine share. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/shared.h"
#include "base/clock.h"
#include "base/text.h"
#include "unit.h"

#define ID "0193aaaa-0000-7000-8000-000000000001"

static char folder[64], path[96];

static void set_up(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    strcpy(folder, "/tmp/tulou-shared-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/shared", folder);
    ck_assert(shared_open(NULL));
}

static void tear_down(void)
{
    char lock[128];
    shared_close();
    unlink(path);
    snprintf(lock, sizeof lock, "%s.lock", path);
    unlink(lock);
    rmdir(folder);
}

/* ---- rates ---- */

START_TEST(a_burst_passes_and_no_more)
{
    struct limit_state state;
    for (int i = 0; i < 5; i++) {
        ck_assert(shared_limit("a", 1, 5, &state));
        ck_assert_int_eq(state.limit, 5);
        ck_assert_int_eq(state.remaining, 4 - i);
        ck_assert_int_eq(state.retry_s, 0);
    }
    ck_assert(!shared_limit("a", 1, 5, &state));
    ck_assert_int_eq(state.remaining, 0);
    ck_assert_int_gt(state.retry_s, 0);
    ck_assert_int_le(state.retry_s, 60);
    ck_assert_int_le(state.reset_s, 300);
}
END_TEST

START_TEST(one_key_costs_another_nothing)
{
    struct limit_state state;
    ck_assert(shared_limit("a", 1, 1, &state));
    ck_assert(!shared_limit("a", 1, 1, &state));
    ck_assert(shared_limit("b", 1, 1, &state));
}
END_TEST

START_TEST(who_was_refused_is_not_charged)
{
    struct limit_state first, later;
    ck_assert(shared_limit("a", 1, 1, &first));
    ck_assert(!shared_limit("a", 1, 1, &first));
    for (int i = 0; i < 100; i++)
        ck_assert(!shared_limit("a", 1, 1, &later));
    ck_assert_int_le(later.retry_s, first.retry_s);
}
END_TEST

START_TEST(a_flood_of_keys_does_not_break_the_table)
{
    struct limit_state state;
    char key[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        ck_assert(shared_limit(key, 1, 3, &state));
    }
}
END_TEST

/* Each of the processes takes what it can; together no more than the burst. */
START_TEST(processes_share_one_burst)
{
    enum { PROCESSES = 4, BURST = 100 };
    int total = 0;
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            struct limit_state state;
            int passed = 0;
            for (int k = 0; k < BURST; k++)
                passed += shared_limit("together", 1, BURST, &state);
            _exit(passed);
        }
    for (int i = 0, status; i < PROCESSES; i++) {
        ck_assert_int_gt(wait(&status), 0);
        total += WEXITSTATUS(status);
    }
    ck_assert_int_eq(total, BURST);
}
END_TEST

/* ---- revocations ---- */

START_TEST(revocation_is_exact_to_the_microsecond)
{
    int64_t now = clock_now_us();
    ck_assert(!shared_revoked(ID, now));
    shared_revoke(ID, now, 60);
    ck_assert(shared_revoked(ID, now - 1));
    ck_assert(shared_revoked(ID, now));
    ck_assert(!shared_revoked(ID, now + 1));
    ck_assert(!shared_revoked("0193aaaa-0000-7000-8000-000000000002", now));
}
END_TEST

START_TEST(an_earlier_revocation_does_not_undo_a_later_one)
{
    int64_t now = clock_now_us();
    shared_revoke(ID, now, 60);
    shared_revoke(ID, now - 1000000, 60);
    ck_assert(shared_revoked(ID, now));
    shared_revoke(ID, now + 5, 60);
    ck_assert(shared_revoked(ID, now + 5));
}
END_TEST

/* More than there is room for: the oldest tokens of all are refused rather than
 * one that was revoked accepted. */
START_TEST(a_full_table_forgets_no_revocation)
{
    int64_t before = clock_now_us();
    char id[32];
    for (int i = 0; i < 40000; i++) {
        snprintf(id, sizeof id, "session %d", i);
        shared_revoke(id, before, 600);
    }
    for (int i = 0; i < 40000; i++) {
        snprintf(id, sizeof id, "session %d", i);
        ck_assert(shared_revoked(id, before));
    }
    ck_assert(!shared_revoked("new", clock_now_us() + 1));
}
END_TEST

START_TEST(places_of_old_revocations_are_used_again)
{
    char id[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(id, sizeof id, "session %d", i);
        shared_revoke(id, 1, -1); /* out of date at once */
    }
    ck_assert(!shared_revoked("somebody", 2)); /* no place was missing */
}
END_TEST

START_TEST(other_processes_see_a_revocation)
{
    int64_t now = clock_now_us();
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        shared_revoke(ID, now, 60);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(shared_revoked(ID, now));
}
END_TEST

/* ---- generations ---- */

START_TEST(generations_change_with_their_tenant)
{
    uint32_t own = shared_generation(ID), all = shared_changes();
    ck_assert_uint_eq(shared_generation(ID), own);
    shared_generation_bump(ID);
    ck_assert_uint_ne(shared_generation(ID), own);
    ck_assert_uint_ne(shared_changes(), all);
}
END_TEST

/* ---- the file ---- */

START_TEST(what_is_in_the_file_outlives_a_process)
{
    int64_t now = clock_now_us();
    struct stat info;
    ck_assert(shared_open(path));
    shared_revoke(ID, now, 60);
    ck_assert(shared_open(path));
    ck_assert(shared_revoked(ID, now));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    ck_assert_int_le(info.st_size, 2 * 1024 * 1024);
}
END_TEST

/* A process of the release before goes on with the file it has. */
START_TEST(a_file_of_another_layout_is_replaced_not_changed)
{
    struct stat before, after;
    ck_assert(shared_open(path));
    ck_assert_int_eq(stat(path, &before), 0);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, "????????", 8, 0), 8);
    close(fd);
    ck_assert(shared_open(path));
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert(before.st_ino != after.st_ino);
    ck_assert(!shared_revoked(ID, 1));
}
END_TEST

START_TEST(a_file_of_another_size_is_replaced)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "short", 5), 5);
    close(fd);
    ck_assert(shared_open(path));
    shared_revoke(ID, 5, 60);
    ck_assert(shared_revoked(ID, 5));
}
END_TEST

START_TEST(processes_that_start_at_once_share_one_file)
{
    enum { PROCESSES = 8 };
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            char id[32];
            snprintf(id, sizeof id, "session %d", i);
            if (!shared_open(path))
                _exit(1);
            shared_revoke(id, 1000, 60);
            _exit(0);
        }
    for (int i = 0, status; i < PROCESSES; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    }
    ck_assert(shared_open(path));
    for (int i = 0; i < PROCESSES; i++) {
        char id[32];
        snprintf(id, sizeof id, "session %d", i);
        ck_assert_msg(shared_revoked(id, 1000), "%s", id);
    }
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    ck_assert(!shared_open("/nonexistent/folder/shared"));
}
END_TEST

static Suite *shared_suite(void)
{
    Suite *suite = suite_create("shared");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_add_test(core, a_burst_passes_and_no_more);
    tcase_add_test(core, one_key_costs_another_nothing);
    tcase_add_test(core, who_was_refused_is_not_charged);
    tcase_add_test(core, a_flood_of_keys_does_not_break_the_table);
    tcase_add_test(core, processes_share_one_burst);
    tcase_add_test(core, revocation_is_exact_to_the_microsecond);
    tcase_add_test(core, an_earlier_revocation_does_not_undo_a_later_one);
    tcase_add_test(core, a_full_table_forgets_no_revocation);
    tcase_add_test(core, places_of_old_revocations_are_used_again);
    tcase_add_test(core, other_processes_see_a_revocation);
    tcase_add_test(core, generations_change_with_their_tenant);
    tcase_add_test(core, what_is_in_the_file_outlives_a_process);
    tcase_add_test(core, a_file_of_another_layout_is_replaced_not_changed);
    tcase_add_test(core, a_file_of_another_size_is_replaced);
    tcase_add_test(core, processes_that_start_at_once_share_one_file);
    tcase_add_test(core, a_folder_that_is_not_there_is_an_error);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(shared_suite)
