/* Heavy sums on the helper threads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/loop/loop.h"
#include "base/sanitize.h"
#include "unit.h"

enum { CALLS = 40 };

static int ends[2];
static struct coroutine *caller;
static int finished;

static void set_up(void)
{
    ck_assert(loop_init());
    ck_assert_int_eq(pipe(ends), 0);
    finished = 0;
}

static void tear_down(void)
{
    close(ends[0]);
    close(ends[1]);
    loop_end();
}

static void run(loop_function *function, void *arg)
{
    ck_assert(coroutine_start(function, arg));
    loop_stop();
    loop_run();
}

static void take_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
}

static void call_once(void *arg)
{
    pthread_t self = pthread_self(), other = self;
    (void)arg;
    thread_call(take_thread, &other);
    ck_assert(!pthread_equal(self, other));
    ck_assert(pthread_equal(self, pthread_self()));
    finished++;
}

START_TEST(call_runs_on_another_thread_and_returns_to_the_loop)
{
    run(call_once, NULL);
    ck_assert_int_eq(finished, 1);
}
END_TEST

static pthread_barrier_t both;

static void meet(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&both);
}

static void call_to_meet(void *arg)
{
    (void)arg;
    thread_call(meet, NULL);
    finished++;
}

START_TEST(two_calls_run_at_once)
{
    pthread_barrier_init(&both, NULL, 2);
    ck_assert(coroutine_start(call_to_meet, NULL));
    run(call_to_meet, NULL);
    ck_assert_int_eq(finished, 2);
    pthread_barrier_destroy(&both);
}
END_TEST

/* A helper that waits for the loop shows that the loop goes on. */
static void read_pipe(void *arg)
{
    ck_assert_int_eq(read(ends[0], arg, 1), 1);
}

static void call_to_read(void *arg)
{
    char c = 0;
    (void)arg;
    caller = coroutine_current();
    thread_call(read_pipe, &c);
    ck_assert_int_eq(c, 'x');
    ck_assert(coroutine_wait()); /* the wake that came meanwhile */
    finished++;
}

static void write_pipe(void *arg)
{
    (void)arg;
    ck_assert(wait_us(100));
    coroutine_wake(caller); /* is not for the call */
    ck_assert(wait_us(1000));
    ck_assert_int_eq(finished, 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

START_TEST(loop_goes_on_meanwhile_and_a_wake_is_kept)
{
    ck_assert(coroutine_start(call_to_read, NULL));
    run(write_pipe, NULL);
    ck_assert_int_eq(finished, 1);
}
END_TEST

static void call_cancelled(void *arg)
{
    char c = 0;
    (void)arg;
    caller = coroutine_current();
    thread_call(read_pipe, &c);
    ck_assert_int_eq(c, 'x');
    ck_assert(coroutine_cancelled());
    ck_assert(!coroutine_wait());
    finished++;
}

static void cancel_then_write(void *arg)
{
    (void)arg;
    coroutine_cancel(caller);
    ck_assert(wait_us(1000));
    ck_assert_int_eq(finished, 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

START_TEST(cancelled_call_runs_to_its_end)
{
    ck_assert(coroutine_start(call_cancelled, NULL));
    run(cancel_then_write, NULL);
    ck_assert_int_eq(finished, 1);
}
END_TEST

static int begun, order[CALLS];

static void note_begin(void *arg)
{
    order[begun++] = *(int *)arg;
}

static void call_to_note(void *arg)
{
    thread_call(note_begin, arg);
    finished++;
}

static void hold_a_thread(void *arg)
{
    char c;
    (void)arg;
    thread_call(read_pipe, &c);
    finished++;
}

static void free_thread_at_the_end(void *arg)
{
    (void)arg;
    while (finished < CALLS)
        ck_assert(wait_us(1000));
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
}

START_TEST(one_free_thread_runs_calls_in_order_of_arrival)
{
    static int names[CALLS];
    begun = 0;
    ck_assert(coroutine_start(hold_a_thread, NULL));
    for (int i = 0; i < CALLS; i++) {
        names[i] = i;
        ck_assert(coroutine_start(call_to_note, &names[i]));
    }
    run(free_thread_at_the_end, NULL);
    ck_assert_int_eq(finished, CALLS + 1);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(order[i], i);
}
END_TEST

static void call_in_background(void *arg)
{
    coroutine_background();
    thread_call(take_thread, arg);
    finished++;
}

/* Its answer comes when nobody is there any more to hear it. */
START_TEST(abandoned_call_wakes_nobody_in_the_next_loop)
{
    pthread_t other;
    ck_assert(coroutine_start(call_in_background, &other));
    loop_end();
    ck_assert_int_eq(finished, 0);
    ck_assert(loop_init());
    run(call_once, NULL);
    ck_assert_int_eq(finished, 1);
}
END_TEST

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void mark(void *arg)
{
    *(bool *)arg = true;
}

static void call_without_threads(void *arg)
{
    size_t before = 0;
    (void)arg;
    for (int i = 0; i < 4; i++) {
        bool ran = false;
        thread_call(mark, &ran);
        ck_assert(ran);
        if (i == 0)
            before = open_descriptors();
    }
    ck_assert_uint_eq(open_descriptors(), before);
    finished++;
}

/* No room for a thread's stack: the work is done all the same, at no cost that grows.
 * (The address sanitizer itself could not go on without room: there it has some.) */
START_TEST(without_a_thread_the_work_is_done_in_the_loop)
{
    unsigned long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert(file && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    rlim_t room = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (2 << 20);
    if (!SANITIZE_ON)
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &(struct rlimit){room, RLIM_INFINITY}), 0);
    run(call_without_threads, NULL);
    ck_assert_int_eq(finished, 1);
}
END_TEST

START_TEST(threads_start_again_with_a_new_loop)
{
    run(call_once, NULL);
    loop_end();
    ck_assert(loop_init());
    run(call_once, NULL);
    ck_assert_int_eq(finished, 2);
}
END_TEST

static Suite *thread_suite(void)
{
    Suite *suite = suite_create("thread");
    TCase *tcase = tcase_create("thread");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, call_runs_on_another_thread_and_returns_to_the_loop);
    tcase_add_test(tcase, two_calls_run_at_once);
    tcase_add_test(tcase, loop_goes_on_meanwhile_and_a_wake_is_kept);
    tcase_add_test(tcase, cancelled_call_runs_to_its_end);
    tcase_add_test(tcase, one_free_thread_runs_calls_in_order_of_arrival);
    tcase_add_test(tcase, abandoned_call_wakes_nobody_in_the_next_loop);
    tcase_add_test(tcase, without_a_thread_the_work_is_done_in_the_loop);
    tcase_add_test(tcase, threads_start_again_with_a_new_loop);
    suite_add_tcase(suite, tcase);
    return suite;
}

UNIT_MAIN(thread_suite)
