/* Coroutines: waiting, waking, deadlines, cancelling, stacks. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop/loop.h"
#include "base/sanitize.h"
#include "unit.h"

enum { CROWD = 5000 };

static int pair[2];
static struct coroutine *first;
static int steps;

static void set_up(void)
{
    ck_assert(loop_init());
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    steps = 0;
    first = NULL;
}

static void tear_down(void)
{
    close(pair[0]);
    close(pair[1]);
    loop_end();
}

static void start(loop_function *function)
{
    ck_assert(coroutine_start(function, NULL));
}

/* Runs until every coroutine has ended. */
static void run_all(void)
{
    loop_stop();
    loop_run();
}

/* ---- starting and waking ---- */

static void wait_once(void *arg)
{
    (void)arg;
    first = coroutine_current();
    steps = 1;
    ck_assert(coroutine_wait());
    steps = 2;
}

START_TEST(started_one_runs_until_it_waits)
{
    ck_assert_ptr_null(coroutine_current());
    start(wait_once);
    ck_assert_int_eq(steps, 1);
    ck_assert_uint_eq(coroutine_count(), 1);
    ck_assert_ptr_null(coroutine_current());
    coroutine_wake(first);
    ck_assert_int_eq(steps, 1); /* in the loop, not at once */
    run_all();
    ck_assert_int_eq(steps, 2);
    ck_assert_uint_eq(coroutine_count(), 0);
}
END_TEST

static void start_another(void *arg)
{
    (void)arg;
    start(wait_once);
    ck_assert(wait_us(0));
    ck_assert_int_eq(steps, 1);
    coroutine_wake(first);
}

START_TEST(one_started_by_another_runs_when_that_waits)
{
    start(start_another);
    run_all();
    ck_assert_int_eq(steps, 2);
}
END_TEST

static void wake_self_first(void *arg)
{
    (void)arg;
    coroutine_wake(coroutine_current());
    coroutine_wake(coroutine_current());
    ck_assert(coroutine_wait());
    coroutine_set_deadline(clock_monotonic_us() + 1000);
    ck_assert(!coroutine_wait()); /* two wakes before a wait are one */
    steps = 1;
}

START_TEST(wake_before_the_wait_is_kept)
{
    start(wake_self_first);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

static void sleep_though_woken(void *arg)
{
    int64_t before = clock_monotonic_us();
    char c;
    (void)arg;
    coroutine_wake(coroutine_current());
    ck_assert(wait_us(3000));
    ck_assert_int_ge(clock_monotonic_us() - before, 3000);
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
    ck_assert(wait_readable(pair[0]));
    ck_assert_int_eq(recv(pair[0], &c, 1, MSG_DONTWAIT), 1);
    ck_assert(coroutine_wait()); /* still there */
    steps = 1;
}

START_TEST(wake_neither_ends_a_sleep_nor_is_lost_in_it)
{
    start(sleep_though_woken);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

/* ---- descriptors ---- */

static void echo(void *arg)
{
    char c;
    (void)arg;
    for (; wait_readable(pair[0]) && recv(pair[0], &c, 1, MSG_DONTWAIT) == 1; steps++)
        ck_assert_int_eq(send(pair[0], &c, 1, MSG_DONTWAIT), 1);
}

static void ask_echo(void *arg)
{
    (void)arg;
    for (char c = 'a', back = 0; c <= 'z'; c++) {
        ck_assert(wait_writable(pair[1]));
        ck_assert_int_eq(send(pair[1], &c, 1, MSG_DONTWAIT), 1);
        ck_assert(wait_readable(pair[1]));
        ck_assert_int_eq(recv(pair[1], &back, 1, MSG_DONTWAIT), 1);
        ck_assert_int_eq(back, c);
    }
    shutdown(pair[1], SHUT_WR);
}

START_TEST(two_talk_over_a_socket)
{
    start(echo);
    start(ask_echo);
    run_all();
    ck_assert_int_eq(steps, 26);
}
END_TEST

static void read_bad_descriptor(void *arg)
{
    (void)arg;
    ck_assert(!wait_readable(-1));
    steps = 1;
}

START_TEST(waiting_on_no_descriptor_fails_at_once)
{
    start(read_bad_descriptor);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

/* ---- deadlines, cancelling, shields ---- */

static void expect_all_waits_to_fail(void)
{
    ck_assert(coroutine_cancelled());
    ck_assert(!coroutine_wait());
    ck_assert(!wait_us(0));
    ck_assert(!wait_readable(pair[0]));
    ck_assert(!wait_writable(pair[0]));
}

static void read_until_deadline(void *arg)
{
    int64_t deadline = clock_monotonic_us() + 2000;
    (void)arg;
    coroutine_set_deadline(deadline);
    ck_assert_int_eq(coroutine_deadline(), deadline);
    ck_assert(!coroutine_cancelled());
    ck_assert(!wait_readable(pair[0]));
    ck_assert_int_ge(clock_monotonic_us(), deadline);
    expect_all_waits_to_fail();
    coroutine_set_deadline(0);
    ck_assert(!coroutine_cancelled());
    ck_assert(wait_us(0));
    steps = 1;
}

START_TEST(deadline_ends_the_wait_and_every_later_one)
{
    start(read_until_deadline);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

static void move_deadline(void *arg)
{
    (void)arg;
    coroutine_set_deadline(clock_monotonic_us() + 500);
    coroutine_set_deadline(clock_monotonic_us() + 60000000);
    ck_assert(wait_us(3000));
    steps = 1;
}

START_TEST(later_deadline_replaces_the_earlier)
{
    start(move_deadline);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

static void read_until_cancelled(void *arg)
{
    (void)arg;
    first = coroutine_current();
    ck_assert(!wait_readable(pair[0]));
    expect_all_waits_to_fail();
    steps = 1;
}

START_TEST(cancel_ends_a_wait_on_a_descriptor)
{
    start(read_until_cancelled);
    coroutine_cancel(first);
    coroutine_cancel(first);
    run_all();
    ck_assert_int_eq(steps, 1);
    ck_assert_int_eq(write(pair[1], "x", 1), 1); /* nobody watches any more */
    run_all();
}
END_TEST

static void commit(void *arg)
{
    (void)arg;
    first = coroutine_current();
    coroutine_set_deadline(clock_monotonic_us() + 1000);
    coroutine_shield(true);
    coroutine_shield(true);
    ck_assert(wait_us(3000));
    ck_assert(!coroutine_cancelled());
    coroutine_shield(false);
    steps = 1;
    ck_assert(wait_readable(pair[0])); /* shields nest */
    coroutine_shield(false);
    expect_all_waits_to_fail();
    steps = 2;
}

static void cancel_first(void *arg)
{
    (void)arg;
    coroutine_cancel(first);
    ck_assert_int_eq(steps, 0);
    ck_assert(wait_us(6000));
    ck_assert_int_eq(steps, 1);
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
}

START_TEST(shield_puts_off_deadline_and_cancelling)
{
    start(commit);
    start(cancel_first);
    run_all();
    ck_assert_int_eq(steps, 2);
}
END_TEST

/* ---- the loop's end ---- */

static void stay(void *arg)
{
    (void)arg;
    coroutine_background();
    coroutine_background();
    coroutine_wait();
    steps = 99;
}

START_TEST(loop_does_not_wait_for_those_in_the_background)
{
    start(stay);
    ck_assert_uint_eq(coroutine_count(), 0);
    start(sleep_though_woken);
    ck_assert_uint_eq(coroutine_count(), 1);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

static void keep_the_other_awake(void *arg)
{
    (void)arg;
    while (!steps) {
        if (first)
            coroutine_wake(first);
        first = coroutine_current();
        coroutine_wait();
    }
    coroutine_wake(first);
}

static void end_it(void *arg)
{
    (void)arg;
    steps = 1;
}

START_TEST(those_that_wake_each_other_do_not_starve_timers)
{
    start(keep_the_other_awake);
    start(keep_the_other_awake);
    timer_add(2000, end_it, NULL);
    run_all();
    ck_assert_int_eq(steps, 1);
}
END_TEST

/* ---- stacks ---- */

static int woken;

static void sum_with_waits(void *arg)
{
    double sum = 0.5 * (double)*(int *)arg;
    char text[64];
    snprintf(text, sizeof text, "%d", *(int *)arg);
    for (int i = 0; i < 3; i++) {
        ck_assert(wait_us(0));
        sum += 1.0;
    }
    ck_assert_int_eq(atoi(text), *(int *)arg);
    ck_assert(sum == 0.5 * (double)*(int *)arg + 3.0);
    woken++;
}

static struct coroutine *crowd[CROWD];

static void wait_in_crowd(void *arg)
{
    *(struct coroutine **)arg = coroutine_current();
    ck_assert(coroutine_wait());
    woken++;
}

static long resident_bytes(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

START_TEST(five_thousand_wait_with_little_memory)
{
    long before = resident_bytes();
    woken = 0;
    for (int i = 0; i < CROWD; i++)
        ck_assert(coroutine_start(wait_in_crowd, &crowd[i]));
    ck_assert_uint_eq(coroutine_count(), CROWD);
    long each = (resident_bytes() - before) / CROWD;
    if (!SANITIZE_ON)
        ck_assert_int_le(each, 8192);
    for (int i = CROWD; i-- > 0;)
        coroutine_wake(crowd[i]);
    run_all();
    ck_assert_int_eq(woken, CROWD);
    if (!SANITIZE_ON) /* what the crowd needed is given back but for a few */
        ck_assert_int_le(resident_bytes() - before, 4l * 1024 * 1024);
}
END_TEST

START_TEST(locals_and_registers_survive_waits)
{
    static int names[200];
    woken = 0;
    for (int i = 0; i < 200; i++) {
        names[i] = i;
        ck_assert(coroutine_start(sum_with_waits, &names[i]));
    }
    run_all();
    ck_assert_int_eq(woken, 200);
}
END_TEST

static void note_stack(void *arg)
{
    *(void **)arg = __builtin_frame_address(0);
}

START_TEST(stack_is_used_again)
{
    void *one = NULL, *two = NULL;
    ck_assert(coroutine_start(note_stack, &one));
    ck_assert(coroutine_start(note_stack, &two));
    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_eq(one, two);
}
END_TEST

static void use_200_kib(void *arg)
{
    volatile char room[200 * 1024];
    (void)arg;
    for (size_t i = 0; i < sizeof room; i += 1024)
        room[i] = 1;
    steps = room[0];
}

START_TEST(most_of_the_stack_can_be_used)
{
    start(use_200_kib);
    ck_assert_int_eq(steps, 1);
}
END_TEST

static int descend(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth > 100000 ? room[0] : descend(depth + 1) + room[0];
}

static void overflow(void *arg)
{
    (void)arg;
    steps = descend(0);
}

START_TEST(overflow_ends_in_the_guard_page)
{
    start(overflow);
}
END_TEST

static Suite *coroutine_suite(void)
{
    const TTest *const tests[] = {
        started_one_runs_until_it_waits,
        one_started_by_another_runs_when_that_waits,
        wake_before_the_wait_is_kept,
        wake_neither_ends_a_sleep_nor_is_lost_in_it,
        two_talk_over_a_socket,
        waiting_on_no_descriptor_fails_at_once,
        deadline_ends_the_wait_and_every_later_one,
        later_deadline_replaces_the_earlier,
        cancel_ends_a_wait_on_a_descriptor,
        shield_puts_off_deadline_and_cancelling,
        loop_does_not_wait_for_those_in_the_background,
        those_that_wake_each_other_do_not_starve_timers,
        five_thousand_wait_with_little_memory,
        locals_and_registers_survive_waits,
        stack_is_used_again,
        most_of_the_stack_can_be_used,
    };
    Suite *suite = suite_create("coroutine");
    TCase *tcase = tcase_create("coroutine");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    const char *fork = getenv("CK_FORK");
    if (!SANITIZE_ON && (!fork || strcmp(fork, "no") != 0))
        tcase_add_test_raise_signal(tcase, overflow_ends_in_the_guard_page, SIGSEGV);
    suite_add_tcase(suite, tcase);
    return suite;
}

UNIT_MAIN(coroutine_suite)
