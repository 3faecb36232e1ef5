/* uuid: version 7, in the order of creation. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "unit.h"

START_TEST(ids_have_version_variant_and_form)
{
    for (int i = 0; i < 10000; i++) {
        char id[UUID_SIZE];
        uuid_new(id);
        ck_assert_uint_eq(strlen(id), 36);
        ck_assert(uuid_is(id));
        ck_assert_int_eq(id[14], '7');
        ck_assert_ptr_nonnull(strchr("89ab", id[19]));
        ck_assert_uint_eq(strspn(id, "0123456789abcdef-"), 36);
    }
}
END_TEST

/* More than 4096 within a millisecond, so that the counter must carry. */
START_TEST(later_ids_sort_behind_earlier_ones)
{
    char last[UUID_SIZE] = "", next[UUID_SIZE];
    for (int i = 0; i < 200000; i++) {
        uuid_new(next);
        ck_assert_msg(strcmp(next, last) > 0, "%s came behind %s", next, last);
        memcpy(last, next, UUID_SIZE);
    }
}
END_TEST

START_TEST(an_id_tells_its_millisecond)
{
    char id[UUID_SIZE];
    unsigned long high, low;
    int64_t before = clock_now_us() / 1000;
    uuid_new(id);
    int64_t after = clock_now_us() / 1000;
    ck_assert_int_eq(sscanf(id, "%8lx-%4lx", &high, &low), 2);
    int64_t stamp = (int64_t)(high << 16 | low);
    ck_assert_int_ge(stamp, before);
    ck_assert_int_le(stamp, after + 1); /* the counter may have carried */
}
END_TEST

START_TEST(the_random_part_differs)
{
    char a[UUID_SIZE], b[UUID_SIZE];
    uuid_new(a);
    uuid_new(b);
    ck_assert_str_ne(a + 19, b + 19);
}
END_TEST

/* Random bytes are kept in stock: a worker may not have its brother's. */
START_TEST(children_of_one_process_have_random_parts_of_their_own)
{
    char first[UUID_SIZE], ids[2][UUID_SIZE];
    uuid_new(first);
    for (int i = 0; i < 2; i++) {
        int ends[2];
        ck_assert_int_eq(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            uuid_new(ids[i]);
            _exit(write(ends[1], ids[i], UUID_SIZE) == UUID_SIZE ? 0 : 1);
        }
        ck_assert_int_eq(read(ends[0], ids[i], UUID_SIZE), UUID_SIZE);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        close(ends[0]);
        close(ends[1]);
    }
    ck_assert_str_ne(ids[0] + 19, ids[1] + 19);
}
END_TEST

static const struct {
    const char *text;
    bool good;
} forms[] = {
    {"01a1fc30-19fe-74cc-bfd1-e408edb75d4f", true},
    {"01A1FC30-19FE-74CC-BFD1-E408EDB75D4F", true},
    {"00000000-0000-0000-0000-000000000000", true},
    {"ffffffff-ffff-4fff-ffff-ffffffffffff", true},
    {NULL, false},
    {"", false},
    {"01a1fc30-19fe-74cc-bfd1-e408edb75d4", false},
    {"01a1fc30-19fe-74cc-bfd1-e408edb75d4f0", false},
    {"01a1fc30-19fe-74cc-bfd1-e408edb75d4g", false},
    {"01a1fc3019fe-74cc-bfd1-e408edb75d4f-", false},
    {"01a1fc30019fe074cc0bfd10e408edb75d4f", false},
    {"{1a1fc30-19fe-74cc-bfd1-e408edb75d4}", false},
    {" 1a1fc30-19fe-74cc-bfd1-e408edb75d4f", false},
    {"01a1fc30-19fe-74cc-bfd1-e408edb75d4\n", false},
    {"01a1fc30-19fe-74cc-bfd1-e408edb7\xc3\xa9"
     "4f",
     false},
};

START_TEST(only_the_canonical_form_is_an_id)
{
    ck_assert_int_eq(uuid_is(forms[_i].text), forms[_i].good);
}
END_TEST

START_TEST(a_dash_anywhere_else_is_refused)
{
    static const char good[] = "01a1fc30-19fe-74cc-bfd1-e408edb75d4f";
    for (size_t i = 0; i < 36; i++) {
        char bad[UUID_SIZE];
        memcpy(bad, good, sizeof bad);
        bad[i] = good[i] == '-' ? '0' : '-';
        ck_assert_msg(!uuid_is(bad), "%s", bad);
    }
}
END_TEST

static Suite *uuid_suite(void)
{
    Suite *suite = suite_create("uuid");
    TCase *tests = tcase_create("uuid");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, ids_have_version_variant_and_form);
    tcase_add_test(tests, later_ids_sort_behind_earlier_ones);
    tcase_add_test(tests, an_id_tells_its_millisecond);
    tcase_add_test(tests, the_random_part_differs);
    tcase_add_test(tests, children_of_one_process_have_random_parts_of_their_own);
    tcase_add_loop_test(tests, only_the_canonical_form_is_an_id, 0, sizeof forms / sizeof forms[0]);
    tcase_add_test(tests, a_dash_anywhere_else_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(uuid_suite)
