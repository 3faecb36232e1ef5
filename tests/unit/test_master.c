/* The master: its workers, signals and socket, with real processes. */
#include "http/master.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "fastcgi.h"
#include "http/cx.h"
#include "http/server.h"

enum { WORKERS = 2, FIRST_PASSED = 3 /* SD_LISTEN_FDS_START */ };

/* ---- what runs in a worker ---- */

static struct server *server;
static int own_index;
static int gate[2];   /* a byte in it lets "/gate" go on */
static int report[2]; /* for what a worker has to tell the test */

static void serve(struct cx *cx)
{
    cx->response.status = 200;
    cx->response.type = "text/plain";
    if (!request_read_head(cx, cx->request.environment))
        response_write_failure(cx);
    else if (strcmp(cx->request.path, "/pid") == 0)
        buf_int(&cx->response.body, getpid());
    else if (strcmp(cx->request.path, "/index") == 0)
        buf_int(&cx->response.body, own_index);
    else if (strcmp(cx->request.path, "/gate") == 0) {
        (void)!write(report[1], "w", 1);
        buf_puts(&cx->response.body, wait_readable(gate[0]) ? "passed" : "cut");
    }
}

static void drain(void *arg)
{
    (void)arg;
    server_drain(server);
    loop_stop();
}

static int work(int listener, int index, void *arg)
{
    (void)arg;
    own_index = index;
    if (!loop_init() || !loop_on_signal(SIGTERM, drain, NULL))
        return 2;
    server = server_new(listener, serve);
    if (!server)
        return 3;
    loop_run();
    server_free(server);
    loop_end();
    return 0;
}

/* ---- each test starts its own masters ---- */

static char folder[64], path[96];
static pid_t master;

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/tulou-master-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s", folder);
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(pipe(report), 0);
    master = 0;
}

static int run_master(int (*do_work)(int, int, void *), int workers)
{
    const char *problem;
    log_init("test", LOG_ERROR + 1);
    const struct master_options options = {
        .socket = path, .socket_mode = 0660, .workers = workers, .work = do_work};
    return config_load(&problem) ? master_run(&options) : 9;
}

static pid_t start_master(int workers)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        exit(run_master(work, workers));
    return pid;
}

static int exit_status(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void end_master(void)
{
    ck_assert_int_eq(kill(master, SIGTERM), 0);
    ck_assert_int_eq(exit_status(master), 0);
    master = 0;
}

static void tear_down(void)
{
    if (master > 0)
        end_master();
    unlink(path);
    rmdir(folder);
}

/* Waits for something that other processes are about to bring about. */
#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        int64_t until_us = clock_monotonic_us() + PATIENCE_MS * 1000LL;                            \
        while (!(condition)) {                                                                     \
            ck_assert_msg(clock_monotonic_us() < until_us, "never: %s", #condition);               \
            poll(NULL, 0, 1);                                                                      \
        }                                                                                          \
    } while (0)

static bool listens(void)
{
    int fd = dial(path);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void start_and_wait(int workers)
{
    master = start_master(workers);
    AWAIT(listens());
}

/* On a connection of its own. */
static long ask_number(const char *uri)
{
    int fd = dial(path);
    ck_assert_int_ge(fd, 0);
    const struct reply *reply = send_request(fd, uri, NULL, 0, CLOSE) ? read_reply(fd) : NULL;
    close(fd);
    return reply && reply->status == 200 ? strtol(reply->body, NULL, 10) : -1;
}

START_TEST(workers_have_an_index_each)
{
    start_and_wait(WORKERS);
    for (long index = 0; index < WORKERS; index++)
        AWAIT(ask_number("/index") == index);
}
END_TEST

START_TEST(killed_worker_is_replaced)
{
    start_and_wait(1);
    long pid = ask_number("/pid");
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
    long next = ask_number("/pid"); /* waits in the listener until there is another */
    ck_assert_int_gt(next, 0);
    ck_assert_int_ne(next, pid);
}
END_TEST

static int die_at_once(int listener, int index, void *arg)
{
    int64_t now = clock_monotonic_us();
    (void)listener;
    (void)index;
    (void)arg;
    return write(report[1], &now, sizeof now) == sizeof now ? 1 : 2;
}

START_TEST(worker_that_dies_young_is_started_later_and_later)
{
    int64_t started[4];
    master = fork();
    if (master == 0)
        exit(run_master(die_at_once, 1));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(read(report[0], &started[i], sizeof started[i]), sizeof started[i]);
    ck_assert_int_ge(started[1] - started[0], 100000);
    ck_assert_int_ge(started[2] - started[1], 200000);
    ck_assert_int_ge(started[3] - started[2], 400000);
}
END_TEST

/* A connection whose request waits in a worker. */
static int wait_at_gate(void)
{
    char c;
    int fd = dial(path);
    ck_assert_int_ge(fd, 0);
    ck_assert(send_request(fd, "/gate", NULL, 0, KEEP));
    ck_assert_int_eq(read(report[0], &c, 1), 1);
    return fd;
}

static void pass_gate(int fd)
{
    ck_assert_int_eq(write(gate[1], "x", 1), 1);
    const struct reply *reply = read_reply(fd);
    ck_assert_int_eq(reply->status, 200);
    ck_assert_str_eq(reply->body, "passed");
    close(fd);
}

START_TEST(hup_replaces_workers_and_what_is_in_hand_is_finished)
{
    start_and_wait(1);
    long pid = ask_number("/pid");
    int waiting = wait_at_gate();
    ck_assert_int_eq(kill(master, SIGHUP), 0);
    AWAIT(ask_number("/pid") != pid);
    ck_assert_int_eq(kill((pid_t)pid, 0), 0); /* still there for the one in hand */
    pass_gate(waiting);
    AWAIT(kill((pid_t)pid, 0) != 0);
    ck_assert_int_gt(ask_number("/pid"), 0);
}
END_TEST

static void find_workers(long pids[static WORKERS])
{
    for (long index = 0; index < WORKERS; index++)
        for (pids[index] = -1; pids[index] < 0;) {
            int fd = dial(path);
            if (strtol(ask(fd, "/index")->body, NULL, 10) == index)
                pids[index] = strtol(ask(fd, "/pid")->body, NULL, 10);
            close(fd);
        }
}

START_TEST(hup_replaces_every_worker_one_by_one)
{
    long before[WORKERS], after[WORKERS];
    start_and_wait(WORKERS);
    find_workers(before);
    ck_assert_int_eq(kill(master, SIGHUP), 0);
    for (int i = 0; i < WORKERS; i++)
        AWAIT(kill((pid_t)before[i], 0) != 0);
    find_workers(after);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_int_ne(before[i], after[i]);
}
END_TEST

START_TEST(hup_keeps_connections)
{
    start_and_wait(1);
    int idle = dial(path), waiting = wait_at_gate();
    long pid = strtol(ask(idle, "/pid")->body, NULL, 10);
    ck_assert_int_eq(kill(master, SIGHUP), 0);
    AWAIT(strtol(ask(idle, "/pid")->body, NULL, 10) != pid);
    ck_assert_int_eq(write(gate[1], "x", 1), 1);
    ck_assert_str_eq(read_reply(waiting)->body, "passed");
    ck_assert_int_ne(strtol(ask(waiting, "/pid")->body, NULL, 10), pid);
    ck_assert_int_eq(kill(master, SIGTERM), 0);
    ck_assert(is_closed(idle) && is_closed(waiting));
    ck_assert_int_eq(exit_status(master), 0);
    master = 0;
    close(idle);
    close(waiting);
}
END_TEST

START_TEST(term_finishes_what_is_in_hand_and_removes_the_socket)
{
    start_and_wait(WORKERS);
    int waiting = wait_at_gate();
    ck_assert_int_eq(kill(master, SIGTERM), 0);
    ck_assert_int_eq(kill(master, SIGTERM), 0); /* once more changes nothing */
    pass_gate(waiting);
    ck_assert_int_eq(exit_status(master), 0);
    master = 0;
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(usr1_disturbs_nobody)
{
    start_and_wait(1);
    long pid = ask_number("/pid");
    ck_assert_int_eq(kill(master, SIGUSR1), 0);
    ck_assert_int_eq(kill((pid_t)pid, SIGUSR1), 0);
    ck_assert_int_eq(ask_number("/pid"), pid);
}
END_TEST

START_TEST(workers_end_when_the_master_is_killed)
{
    start_and_wait(1);
    int fd = dial(path);
    ck_assert_int_eq(ask(fd, "/pid")->status, 200);
    ck_assert_int_eq(kill(master, SIGKILL), 0);
    ck_assert_int_eq(exit_status(master), -SIGKILL);
    master = 0;
    ck_assert(is_closed(fd));
    close(fd);
}
END_TEST

/* ---- the socket ---- */

START_TEST(socket_of_a_living_master_is_left_alone)
{
    start_and_wait(1);
    ck_assert_int_eq(exit_status(start_master(1)), EXIT_FAILURE);
    ck_assert_int_gt(ask_number("/pid"), 0);
}
END_TEST

static int bind_socket(void)
{
    struct sockaddr_un address = socket_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    return fd;
}

START_TEST(dead_socket_is_made_again_with_its_mode)
{
    struct stat status;
    close(bind_socket());
    ck_assert(!listens());
    start_and_wait(1);
    ck_assert_int_gt(ask_number("/pid"), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0660);
}
END_TEST

START_TEST(file_in_place_of_the_socket_is_not_removed)
{
    close(open(path, O_CREAT | O_WRONLY, 0600));
    ck_assert_int_eq(exit_status(start_master(1)), EXIT_FAILURE);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

static pid_t start_with_socket(int fd, bool for_another)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)getpid() + for_another);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_PID", number, 1);
    ck_assert_int_eq(dup2(fd, FIRST_PASSED), FIRST_PASSED);
    exit(run_master(work, 1));
}

START_TEST(socket_handed_over_is_used_and_not_removed)
{
    int fd = bind_socket();
    master = start_with_socket(fd, false);
    ck_assert_int_gt(ask_number("/pid"), 0);
    end_master();
    ck_assert_int_eq(access(path, F_OK), 0);
    close(fd);
}
END_TEST

START_TEST(socket_handed_to_another_process_is_not_taken)
{
    int fd = bind_socket();
    ck_assert_int_eq(exit_status(start_with_socket(fd, true)), EXIT_FAILURE);
    close(fd);
}
END_TEST

static Suite *master_suite(void)
{
    const TTest *const tests[] = {
        workers_have_an_index_each,
        killed_worker_is_replaced,
        worker_that_dies_young_is_started_later_and_later,
        hup_replaces_workers_and_what_is_in_hand_is_finished,
        hup_replaces_every_worker_one_by_one,
        hup_keeps_connections,
        term_finishes_what_is_in_hand_and_removes_the_socket,
        usr1_disturbs_nobody,
        workers_end_when_the_master_is_killed,
        socket_of_a_living_master_is_left_alone,
        dead_socket_is_made_again_with_its_mode,
        file_in_place_of_the_socket_is_not_removed,
        socket_handed_over_is_used_and_not_removed,
        socket_handed_to_another_process_is_not_taken,
    };
    Suite *suite = suite_create("master");
    TCase *tcase = tcase_create("master");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

UNIT_MAIN(master_suite)
