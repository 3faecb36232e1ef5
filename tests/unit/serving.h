/* serving: a worker of the FastCGI server in a process of its own, with handlers that
 * answer as the tests of the server ask, and the other end of its socket. */
#ifndef TESTS_SERVING_H
#define TESTS_SERVING_H

#include "http/server.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "fastcgi.h"
#include "http/cx.h"

#if defined(__SANITIZE_ADDRESS__)
enum { ENOUGH_KIB = 100 };
#else
enum { ENOUGH_KIB = 40 };
#endif
enum { CROWD = 5000, BODY = 200 * 1024, LIMIT = 300 * 1024, HUGE_BODY = 8 << 20 };

/* ---- the worker ---- */

static struct server *server;
static int gate[2]; /* a byte in it lets "/gate" go on */
static struct {
    struct coroutine *waiting[CROWD];
    unsigned count, gone, passed;
} held;

static void answer(struct cx *cx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cx->response.status = 200;
    cx->response.type = "text/plain";
    buf_vprintf(&cx->response.body, format, args);
    va_end(args);
}

static void echo(struct cx *cx)
{
    if (server_read_body(cx, LIMIT))
        answer(cx, "%s", cx->request.body);
}

static void ignore(struct cx *cx)
{
    answer(cx, "ignored");
}

static void large(struct cx *cx)
{
    answer(cx, "%0*d", BODY, 7);
}

/* More than a socket holds. */
static void huge(struct cx *cx)
{
    answer(cx, "%0*d", HUGE_BODY, 7);
}

/* As much again, never more of it in memory than a piece; the last one is the handler's end. */
static bool stream(struct cx *cx)
{
    for (int left = HUGE_BODY / BODY; left > 0; left--) {
        large(cx);
        if (left > 1 && !stream_write(cx))
            return false;
    }
    return true;
}

static void stream_whole(struct cx *cx)
{
    stream(cx);
}

static void stream_broken(struct cx *cx)
{
    if (stream(cx))
        fail(cx, 500, "internal", "Something went wrong.");
}

static void hold(struct cx *cx)
{
    held.waiting[held.count++] = coroutine_current();
    if (coroutine_wait()) {
        answer(cx, "held");
        return;
    }
    held.gone += server_client_gone(cx);
    fail(cx, 503, "late", "Too late.");
}

static void release(struct cx *cx)
{
    for (unsigned i = 0; i < held.count; i++)
        coroutine_wake(held.waiting[i]);
    answer(cx, "%u", held.count);
    held.count = 0;
}

static void counts(struct cx *cx)
{
    answer(cx, "%u %u %u", held.count, held.gone, server_in_hand(server));
}

static void wait_at_gate(struct cx *cx)
{
    if (wait_readable(gate[0]))
        answer(cx, "passed");
}

static void about(struct cx *cx)
{
    answer(cx, "%lld %zu", (long long)(coroutine_deadline() - cx->started_us),
           strlen(cx->request_id));
}

static void serve(struct cx *cx)
{
    static const struct {
        const char *path;
        void (*handle)(struct cx *cx);
    } handlers[] = {{"/echo", echo},         {"/ignore", ignore},       {"/large", large},
                    {"/huge", huge},         {"/stream", stream_whole}, {"/broken", stream_broken},
                    {"/hold", hold},         {"/count", counts},        {"/release", release},
                    {"/gate", wait_at_gate}, {"/about", about}};
    if (request_read_head(cx, cx->request.environment)) {
        size_t i = 0;
        while (i < sizeof handlers / sizeof handlers[0] &&
               strcmp(handlers[i].path, cx->request.path) != 0)
            i++;
        if (i < sizeof handlers / sizeof handlers[0])
            handlers[i].handle(cx);
        else
            fail(cx, 404, "not_found", "Nothing is here.");
    }
    if (cx->failure.status && !cx->response.begun)
        response_write_failure(cx);
}

static void drain(void *arg)
{
    (void)arg;
    server_drain(server);
    loop_stop();
}

static int work(int listener)
{
    const char *problem;
    log_init("test", LOG_ERROR + 1);
    if (!config_load(&problem) || !loop_init() || !loop_on_signal(SIGTERM, drain, NULL))
        return 2;
    server = server_new(listener, serve);
    if (!server)
        return 3;
    loop_run();
    server_free(server);
    loop_end();
    return 0;
}

/* ---- each test has a worker ---- */

static char folder[64], path[96];
static int listener;
static pid_t worker;

static void start_worker(void)
{
    worker = fork();
    ck_assert_int_ge(worker, 0);
    if (worker == 0)
        exit(work(listener));
    close(listener);
}

static void make_socket(void)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    snprintf(folder, sizeof folder, "/tmp/tulou-server-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    struct sockaddr_un address = socket_address(path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 4096), 0);
    ck_assert_int_eq(pipe(gate), 0);
}

static void end_worker(void)
{
    int status;
    ck_assert_int_eq(waitpid(worker, &status, 0), worker);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "worker ended with %d", status);
    worker = 0;
}

static void set_up(void)
{
    make_socket();
    start_worker();
}

static void tear_down(void)
{
    if (worker > 0) {
        kill(worker, SIGTERM);
        end_worker();
    }
    unlink(path);
    rmdir(folder);
}

static int connect_to_worker(void)
{
    int fd = dial(path);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void expect(const struct reply *reply, int status, const char *body)
{
    ck_assert_int_eq(reply->status, status);
    if (body)
        ck_assert_str_eq(reply->body, body);
}

/* Asks until the worker's counts are these: held, gone, in hand (with this one). */
static void await_counts(int fd, const char *wanted)
{
    int64_t until = clock_monotonic_us() + PATIENCE_MS * 1000LL;
    while (strcmp(ask(fd, "/count")->body, wanted) != 0)
        ck_assert_msg(clock_monotonic_us() < until, "never %s", wanted);
}

static const char *body_of(size_t len)
{
    static char body[LIMIT + 2];
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + i % 23);
    body[len] = '\0';
    return body;
}

#endif
