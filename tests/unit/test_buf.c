/* buf: the growing string, on the heap and in an arena. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "unit.h"

static struct arena *arena;
static struct buf heap, own;

static void setup(void)
{
    arena = arena_new();
    heap = (struct buf){0};
    buf_init(&own, arena);
}

static void teardown(void)
{
    buf_free(&heap);
    arena_free(arena);
}

START_TEST(a_fresh_buffer_is_the_empty_string)
{
    struct buf fresh;
    buf_init(&fresh, NULL);
    ck_assert_str_eq(fresh.data, "");
    ck_assert_uint_eq(fresh.len, 0);
    buf_free(&fresh);
    ck_assert_str_eq(own.data, "");
}
END_TEST

START_TEST(an_append_of_nothing_makes_data)
{
    buf_add(&heap, NULL, 0);
    ck_assert_str_eq(heap.data, "");
    struct buf printed = {0}, put = {0};
    buf_printf(&printed, "%s", "");
    ck_assert_ptr_nonnull(printed.data);
    ck_assert_str_eq(printed.data, "");
    buf_puts(&put, "");
    ck_assert_ptr_nonnull(put.data);
    buf_free(&printed);
    buf_free(&put);
    buf_puts(&own, NULL);
    ck_assert_uint_eq(own.len, 0);
}
END_TEST

START_TEST(nul_bytes_are_kept)
{
    buf_add(&heap, "a\0b", 3);
    buf_putc(&heap, '\0');
    buf_putc(&heap, 'c');
    ck_assert_uint_eq(heap.len, 5);
    ck_assert_int_eq(memcmp(heap.data, "a\0b\0c\0", 6), 0);
}
END_TEST

START_TEST(every_length_is_terminated)
{
    for (size_t len = 1; len <= 5000; len++) {
        char c = (char)('a' + len % 26);
        buf_putc(&heap, c);
        buf_add(&own, &c, 1);
        ck_assert_uint_eq(heap.len, len);
        ck_assert_uint_lt(heap.len, heap.cap);
        ck_assert_uint_lt(own.len, own.cap);
        ck_assert_int_eq(heap.data[len], '\0');
        ck_assert_int_eq(own.data[len], '\0');
    }
    ck_assert_str_eq(heap.data, own.data);
}
END_TEST

START_TEST(reserved_room_is_not_moved_by_filling_it)
{
    buf_puts(&heap, "x");
    buf_reserve(&heap, 10000);
    const char *before = heap.data;
    for (int i = 0; i < 10000; i++)
        buf_putc(&heap, 'y');
    ck_assert_ptr_eq(heap.data, before);
    ck_assert_uint_eq(heap.len, 10001);
}
END_TEST

static const struct {
    int64_t value;
    const char *text;
} numbers[] = {{0, "0"},
               {-1, "-1"},
               {9, "9"},
               {10, "10"},
               {-1000, "-1000"},
               {INT64_MAX, "9223372036854775807"},
               {INT64_MIN, "-9223372036854775808"}};

START_TEST(whole_numbers_are_written_exactly)
{
    buf_int(&heap, numbers[_i].value);
    ck_assert_str_eq(heap.data, numbers[_i].text);
}
END_TEST

START_TEST(printing_appends_at_any_fill)
{
    for (int i = 0; i < 600; i++)
        buf_printf(&own, "%s", "abc");
    ck_assert_uint_eq(own.len, 1800);
    buf_clear(&own);
    buf_printf(&own, "<%06000d>", 7);
    ck_assert_uint_eq(own.len, 6002);
    ck_assert_str_eq(own.data + 6000, "7>");
}
END_TEST

START_TEST(clearing_keeps_the_memory)
{
    buf_puts(&heap, "something");
    const char *before = heap.data;
    size_t cap = heap.cap;
    buf_clear(&heap);
    ck_assert_str_eq(heap.data, "");
    ck_assert_ptr_eq(heap.data, before);
    ck_assert_uint_eq(heap.cap, cap);
    struct buf never = {0};
    buf_clear(&never);
    ck_assert_ptr_null(never.data);
}
END_TEST

START_TEST(freeing_is_safe_twice_and_on_an_arenas_buffer)
{
    buf_puts(&heap, "a");
    buf_free(&heap);
    buf_free(&heap);
    ck_assert_uint_eq(heap.cap, 0);
    buf_puts(&heap, "again");
    ck_assert_str_eq(heap.data, "again");
    buf_puts(&own, "kept");
    buf_free(&own);
    ck_assert_str_eq(own.data, "kept");
}
END_TEST

static void reserve_and_die(struct buf *buf, size_t more)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        alarm(20); /* an endless search for room would end by SIGALRM, which fails below */
        buf_reserve(buf, more);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "room for %zu: status %x",
                  more, (unsigned)status);
}

START_TEST(room_beyond_all_memory_aborts)
{
    static const size_t rooms[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 8, SIZE_MAX / 2 + 9};
    buf_puts(&heap, "12345");
    buf_puts(&own, "12345");
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        reserve_and_die(&heap, rooms[i]);
        reserve_and_die(&own, rooms[i]);
    }
}
END_TEST

static Suite *buf_suite(void)
{
    Suite *suite = suite_create("buf");
    TCase *tests = tcase_create("buf");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_fresh_buffer_is_the_empty_string);
    tcase_add_test(tests, an_append_of_nothing_makes_data);
    tcase_add_test(tests, nul_bytes_are_kept);
    tcase_add_test(tests, every_length_is_terminated);
    tcase_add_test(tests, reserved_room_is_not_moved_by_filling_it);
    tcase_add_loop_test(tests, whole_numbers_are_written_exactly, 0,
                        sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tests, printing_appends_at_any_fill);
    tcase_add_test(tests, clearing_keeps_the_memory);
    tcase_add_test(tests, freeing_is_safe_twice_and_on_an_arenas_buffer);
    tcase_add_test(tests, room_beyond_all_memory_aborts);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(buf_suite)
