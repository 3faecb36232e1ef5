/* file: space is there before it is used. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

static char path[] = "/tmp/tulou-file-XXXXXX";
static int fd;

static void set_up(void)
{
    strcpy(path, "/tmp/tulou-file-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
}

static void tear_down(void)
{
    close(fd);
    unlink(path);
}

START_TEST(a_file_has_its_space_and_keeps_what_it_holds)
{
    struct stat info;
    char held[5] = "";
    enum { SIZE = 1 << 20 };
    ck_assert_int_eq(write(fd, "kept", 4), 4);
    ck_assert_int_eq(ftruncate(fd, SIZE), 0); /* a hole behind it */
    ck_assert(file_reserve(fd, SIZE));
    ck_assert_int_eq(fstat(fd, &info), 0);
    ck_assert_int_eq(info.st_size, SIZE);
    ck_assert_int_ge(info.st_blocks * 512, SIZE);
    ck_assert_int_eq(pread(fd, held, 4, 0), 4);
    ck_assert_str_eq(held, "kept");
}
END_TEST

START_TEST(what_has_no_space_is_refused_with_the_reason)
{
    struct rlimit none = {.rlim_cur = 1 << 16, .rlim_max = 1 << 16};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert(!file_reserve(fd, 1 << 20));
    ck_assert_int_eq(errno, EFBIG);
}
END_TEST

static Suite *file_suite(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_file_has_its_space_and_keeps_what_it_holds);
    tcase_add_test(tests, what_has_no_space_is_refused_with_the_reason);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(file_suite)
