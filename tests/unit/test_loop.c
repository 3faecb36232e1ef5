/* The event loop: descriptors, timers, signals. */
#include "base/loop/loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

enum { MANY = 5000 };

static int ends[2]; /* of a pipe */
static int calls[2];
static struct watch *watches[2];

static void set_up(void)
{
    ck_assert(loop_init());
    ck_assert_int_eq(pipe(ends), 0);
    calls[0] = calls[1] = 0;
}

static void tear_down(void)
{
    close(ends[0]);
    close(ends[1]);
    loop_end();
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop();
}

static void stop_after(int64_t delay_us)
{
    ck_assert_ptr_nonnull(timer_add(delay_us, stop, NULL));
    loop_run();
}

static void count_call(void *arg)
{
    ++*(int *)arg;
}

/* ---- timers ---- */

static struct {
    int order[8];
    int count;
} fired;

static void note(void *arg)
{
    fired.order[fired.count++] = *(int *)arg;
}

START_TEST(timers_fire_by_time_then_by_order_of_adding)
{
    static int names[] = {0, 1, 2, 3};
    fired.count = 0;
    timer_add(3000, note, &names[3]);
    timer_add(0, note, &names[0]);
    timer_add(0, note, &names[1]);
    timer_add(1000, note, &names[2]);
    timer_add(4000, stop, NULL);
    loop_run();
    ck_assert_int_eq(fired.count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(fired.order[i], i);
}
END_TEST

START_TEST(timer_never_fires_early)
{
    int64_t before = clock_monotonic_us();
    stop_after(2500);
    ck_assert_int_ge(clock_monotonic_us() - before, 2500);
}
END_TEST

START_TEST(removed_timer_does_not_fire)
{
    timer_remove(timer_add(0, count_call, &calls[0]));
    timer_remove(NULL);
    stop_after(1000);
    ck_assert_int_eq(calls[0], 0);
}
END_TEST

static void remove_other(void *arg)
{
    timer_remove(arg);
}

START_TEST(timer_removed_by_another_that_fires_with_it_does_not_fire)
{
    struct timer *late = timer_add(100, count_call, &calls[0]);
    timer_add(0, remove_other, late);
    usleep(200); /* so that both are due in the same round */
    stop_after(0);
    ck_assert_int_eq(calls[0], 0);
}
END_TEST

static struct {
    struct timer *timer[MANY];
    int64_t delay_us[MANY], last_us;
    int fired, disorder;
} crowd;

static void note_order(void *arg)
{
    int64_t delay = *(int64_t *)arg;
    crowd.fired++;
    crowd.disorder += delay < crowd.last_us;
    crowd.last_us = delay;
}

/* Delays are far enough apart that the time between two adds does not matter:
 * the crowd is added within the smallest step. */
START_TEST(many_timers_keep_order_while_others_are_removed)
{
    unsigned seed = 7;
    int kept = 0;
    for (int i = 0; i < MANY; i++) {
        crowd.delay_us[i] = (int64_t)(rand_r(&seed) % 4) * 1000000 - 10000000;
        crowd.timer[i] = timer_add(crowd.delay_us[i], note_order, &crowd.delay_us[i]);
        ck_assert_ptr_nonnull(crowd.timer[i]);
    }
    for (int i = 0; i < MANY; i++)
        if (rand_r(&seed) % 2)
            timer_remove(crowd.timer[i]);
        else
            kept++;
    crowd.last_us = INT64_MIN;
    stop_after(0);
    ck_assert_int_eq(crowd.fired, kept);
    ck_assert_int_eq(crowd.disorder, 0);
}
END_TEST

/* ---- descriptors ---- */

static void read_one(void *arg, uint32_t events)
{
    char c;
    ck_assert(events & EPOLLIN);
    ck_assert_int_eq(read(ends[0], &c, 1), 1);
    ++*(int *)arg;
    if (*(int *)arg == 3)
        loop_stop();
}

START_TEST(watch_calls_while_there_is_something_to_read)
{
    struct watch *watch = watch_add(ends[0], EPOLLIN, read_one, &calls[0]);
    ck_assert_int_eq(write(ends[1], "abc", 3), 3);
    loop_run();
    ck_assert_int_eq(calls[0], 3);
    watch_remove(watch);
}
END_TEST

static void remove_self(void *arg, uint32_t events)
{
    (void)events;
    watch_remove(watches[0]);
    watch_remove(watches[0]); /* twice is harmless while its round lasts */
    ++*(int *)arg;
}

START_TEST(watch_may_remove_itself_in_its_callback)
{
    watches[0] = watch_add(ends[0], EPOLLIN, remove_self, &calls[0]);
    ck_assert_int_eq(write(ends[1], "abc", 3), 3);
    stop_after(2000);
    ck_assert_int_eq(calls[0], 1);
}
END_TEST

static void remove_both(void *arg, uint32_t events)
{
    (void)events;
    watch_remove(watches[0]);
    watch_remove(watches[1]);
    ++*(int *)arg;
}

START_TEST(watch_removed_by_another_in_the_same_round_is_not_called)
{
    int copy = dup(ends[0]);
    watches[0] = watch_add(ends[0], EPOLLIN, remove_both, &calls[0]);
    watches[1] = watch_add(copy, EPOLLIN, remove_both, &calls[0]);
    ck_assert_int_eq(write(ends[1], "a", 1), 1);
    stop_after(2000);
    ck_assert_int_eq(calls[0], 1);
    close(copy);
}
END_TEST

static void count_event(void *arg, uint32_t events)
{
    (void)events;
    ++*(int *)arg;
}

static void count_and_stop(void *arg, uint32_t events)
{
    count_event(arg, events);
    loop_stop();
}

static void ask_for_writable(void *arg)
{
    calls[1] = calls[0];
    watch_change(arg, EPOLLOUT | EPOLLONESHOT);
}

START_TEST(watch_change_asks_for_other_events)
{
    struct watch *watch = watch_add(ends[1], 0, count_and_stop, &calls[0]);
    timer_add(1000, ask_for_writable, watch);
    loop_run();
    ck_assert_int_eq(calls[1], 0);
    ck_assert_int_eq(calls[0], 1);
    watch_remove(watch);
}
END_TEST

START_TEST(watch_of_a_closed_descriptor_is_refused)
{
    int fd = dup(ends[0]);
    close(fd);
    ck_assert_ptr_null(watch_add(fd, EPOLLIN, count_event, NULL));
}
END_TEST

/* ---- signals ---- */

static void stop_when_both(void *arg)
{
    ++*(int *)arg;
    if (calls[0] && calls[1])
        loop_stop();
}

START_TEST(signals_call_their_function_in_the_loop)
{
    ck_assert(loop_on_signal(SIGUSR2, stop_when_both, &calls[0]));
    ck_assert(loop_on_signal(SIGHUP, stop_when_both, &calls[1]));
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGUSR2);
    ck_assert_int_eq(calls[0] + calls[1], 0); /* not before the loop runs */
    loop_run();
    ck_assert_int_eq(calls[0], 1);
    ck_assert_int_eq(calls[1], 1);
}
END_TEST

START_TEST(loop_can_be_made_again_after_its_end)
{
    timer_add(1000000, count_call, &calls[0]);
    loop_end();
    ck_assert(loop_init());
    ck_assert(!loop_stopping());
    stop_after(0);
    ck_assert(loop_stopping());
    ck_assert_int_eq(calls[0], 0);
}
END_TEST

static Suite *loop_suite(void)
{
    const TTest *const tests[] = {
        timers_fire_by_time_then_by_order_of_adding,
        timer_never_fires_early,
        removed_timer_does_not_fire,
        timer_removed_by_another_that_fires_with_it_does_not_fire,
        many_timers_keep_order_while_others_are_removed,
        watch_calls_while_there_is_something_to_read,
        watch_may_remove_itself_in_its_callback,
        watch_removed_by_another_in_the_same_round_is_not_called,
        watch_change_asks_for_other_events,
        watch_of_a_closed_descriptor_is_refused,
        signals_call_their_function_in_the_loop,
        loop_can_be_made_again_after_its_end,
    };
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

UNIT_MAIN(loop_suite)
