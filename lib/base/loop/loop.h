/* loop: an epoll loop, and coroutines that wait on it.
 *
 * One loop for each process, one thread. A coroutine has its own guarded stack
 * and runs until it waits for something; every function below that is marked
 * WAITS may only be called from a coroutine and lets others run meanwhile.
 * Only lib/ calls these; a handler is plain sequential C.
 *
 * Deadlines and cancelling: a coroutine may have a deadline (monotonic
 * microseconds). When it passes, or loop_cancel() is called, what it waits for
 * returns false at once and so does every later wait, so that it unwinds.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct coroutine;
struct watch; /* a descriptor under epoll */
struct timer;

typedef void loop_function(void *arg);
typedef void watch_function(void *arg, uint32_t events); /* EPOLLIN | EPOLLOUT | EPOLLHUP … */

/* ---- the loop ---- */
bool loop_init(void); /* once in each process, after fork */
void loop_run(void);  /* until loop_stop() and nothing is in hand (see loop_hold) */
void loop_stop(void); /* asks loop_run to return once no coroutine holds it */
bool loop_stopping(void);
void loop_end(void); /* frees the loop; for tests and sanitizers */
/* Calls `function` in the loop (not in the signal handler) when `signal` came. */
bool loop_on_signal(int signal, loop_function *function, void *arg);

struct watch *watch_add(int fd, uint32_t events, watch_function *function, void *arg);
void watch_change(struct watch *watch, uint32_t events);
void watch_remove(struct watch *watch); /* does not close; safe inside its own callback */

struct timer *timer_add(int64_t delay_us, loop_function *function, void *arg); /* fires once */
void timer_remove(struct timer *timer); /* before it fires; NULL is harmless */

/* ---- coroutines ---- */
/* Starts function(arg) as a coroutine, now, until it first waits. Stacks are
 * reused; size is 256 KiB of address space with a guard page, touched lazily.
 * false: no memory, nothing was run. */
bool coroutine_start(loop_function *function, void *arg);
struct coroutine *coroutine_current(void);         /* NULL outside of one */
void coroutine_set_deadline(int64_t monotonic_us); /* 0: none */
int64_t coroutine_deadline(void);
void coroutine_cancel(struct coroutine *coroutine);
bool coroutine_cancelled(void); /* the current one: cancelled, or its deadline passed */
/* As defer of cancelling: while work must not be cut (a commit in flight). */
void coroutine_shield(bool on);
unsigned coroutine_count(void); /* without those in the background */
/* The current one repeats for the life of the process: loop_run() does not wait
 * for it, and it is abandoned where it waits. */
void coroutine_background(void);

/* WAITS until coroutine_wake(); false when cancelled or past the deadline. A
 * wake that comes before the wait is kept, so none is lost. */
bool coroutine_wait(void);
void coroutine_wake(struct coroutine *coroutine);
/* WAITS; false when cancelled or past the deadline. */
bool wait_readable(int fd);
bool wait_writable(int fd);
bool wait_us(int64_t delay_us);

/* WAITS while function(arg) runs on one of a few helper threads (two, in
 * order of arrival): for Argon2id and other heavy sums. Runs to the end even
 * when cancelled, since arg may be on our stack. */
void thread_call(loop_function *function, void *arg);

#endif
