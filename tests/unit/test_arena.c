/* arena: memory of one request. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "unit.h"

static struct arena *arena;
static char order[16];
static size_t order_len;

static void setup(void)
{
    arena = arena_new();
    order_len = 0;
    memset(order, 0, sizeof order);
}

static void teardown(void)
{
    arena_free(arena);
}

static void note(void *arg)
{
    order[order_len++] = *(char *)arg;
}

static void note_and_defer(void *arg)
{
    static char late = 'z';
    note(arg);
    arena_defer(arena, note, &late);
}

static bool all_zero(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != 0)
            return false;
    return true;
}

START_TEST(memory_is_zeroed_also_after_a_reset)
{
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 300; size++) {
            unsigned char *memory = arena_alloc(arena, size);
            ck_assert_uint_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
            ck_assert(all_zero(memory, size));
            memset(memory, 0xa5, size);
        }
        arena_reset(arena);
    }
}
END_TEST

START_TEST(blocks_of_every_size_do_not_overlap)
{
    static const size_t sizes[] = {1,     15,    16,    17,      16383, 16384, 16385,
                                   65535, 65536, 65537, 1 << 20, 1,     200};
    unsigned char *memory[sizeof sizes / sizeof sizes[0]];
    size_t count = sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; i < count; i++) {
        memory[i] = arena_alloc(arena, sizes[i]);
        memset(memory[i], (int)i + 1, sizes[i]);
    }
    size_t changed = 0; /* a check for each byte would take seconds */
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < sizes[i]; at++)
            changed += memory[i][at] != i + 1;
    ck_assert_uint_eq(changed, 0);
}
END_TEST

START_TEST(copies_are_terminated_and_keep_nul_bytes)
{
    char *copy = arena_copy(arena, "a\0b", 3);
    ck_assert_int_eq(memcmp(copy, "a\0b\0", 4), 0);
    ck_assert_str_eq(arena_copy(arena, NULL, 0), "");
    ck_assert_str_eq(arena_text(arena, ""), "");
    ck_assert_ptr_null(arena_text(arena, NULL));
}
END_TEST

START_TEST(printing_takes_any_length)
{
    ck_assert_str_eq(arena_printf(arena, "%s-%d", "a", 7), "a-7");
    ck_assert_str_eq(arena_printf(arena, "%s", ""), "");
    char *long_text = arena_printf(arena, "%0100000d", 1);
    ck_assert_uint_eq(strlen(long_text), 100000);
    ck_assert_int_eq(long_text[99999], '1');
}
END_TEST

START_TEST(deferred_work_runs_once_last_first)
{
    static char a = 'a', b = 'b', c = 'c';
    arena_defer(arena, note, &a);
    arena_defer(arena, note, &b);
    arena_defer(arena, note, &c);
    arena_reset(arena);
    ck_assert_str_eq(order, "cba");
    arena_reset(arena);
    ck_assert_str_eq(order, "cba");
}
END_TEST

START_TEST(deferred_work_may_defer_more)
{
    static char a = 'a', b = 'b';
    arena_defer(arena, note, &a);
    arena_defer(arena, note_and_defer, &b);
    arena_reset(arena);
    ck_assert_str_eq(order, "bza");
}
END_TEST

START_TEST(freeing_runs_what_was_deferred)
{
    static char a = 'a';
    struct arena *other = arena_new();
    arena_alloc(other, 100000);
    arena_defer(other, note, &a);
    arena_free(other);
    ck_assert_str_eq(order, "a");
    arena_free(NULL);
}
END_TEST

START_TEST(use_is_counted_until_the_reset)
{
    ck_assert_uint_eq(arena_used(arena), 0);
    arena_alloc(arena, 1000);
    ck_assert_uint_ge(arena_used(arena), 1000);
    arena_alloc(arena, 200000);
    ck_assert_uint_ge(arena_used(arena), 201000);
    arena_reset(arena);
    ck_assert_uint_eq(arena_used(arena), 0);
}
END_TEST

START_TEST(the_first_block_serves_again_after_a_reset)
{
    void *first = arena_alloc(arena, 64);
    arena_alloc(arena, 500000);
    arena_reset(arena);
    ck_assert_ptr_eq(arena_alloc(arena, 64), first);
}
END_TEST

/* What the child logs on its way down. */
static void allocate_and_die(size_t size, char *said, size_t room)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        volatile const char *memory = arena_alloc(arena, size);
        _exit(memory != NULL);
    }
    close(ends[1]);
    ssize_t len = read(ends[0], said, room - 1);
    said[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(a_size_beyond_all_memory_is_logged_and_aborts)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX - 40,
                                   SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char said[512];
        allocate_and_die(sizes[i], said, sizeof said);
        ck_assert_msg(strstr(said, "out of memory") != NULL, "size %zu: %s", sizes[i], said);
    }
}
END_TEST

static Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *tests = tcase_create("arena");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, memory_is_zeroed_also_after_a_reset);
    tcase_add_test(tests, blocks_of_every_size_do_not_overlap);
    tcase_add_test(tests, copies_are_terminated_and_keep_nul_bytes);
    tcase_add_test(tests, printing_takes_any_length);
    tcase_add_test(tests, deferred_work_runs_once_last_first);
    tcase_add_test(tests, deferred_work_may_defer_more);
    tcase_add_test(tests, freeing_runs_what_was_deferred);
    tcase_add_test(tests, use_is_counted_until_the_reset);
    tcase_add_test(tests, the_first_block_serves_again_after_a_reset);
    tcase_add_test(tests, a_size_beyond_all_memory_is_logged_and_aborts);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(arena_suite)
