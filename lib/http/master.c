#include "http/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sanitize.h"
#include "base/text.h"
#include "http/handover.h"

enum { WORKERS_MAX = 64, BACKLOG = 4096, HANDED_OVER = 3 /* SD_LISTEN_FDS_START */ };

static const int64_t young_us = 5000000; /* dying younger than this is a bad sign */
static const int64_t first_delay_us = 100000, longest_delay_us = 5000000;
static const int64_t patience_us = 25000000; /* for requests in hand */

struct slot {
    pid_t pid;     /* 0: none */
    pid_t retired; /* replaced on HUP, finishing what it has in hand */
    int64_t started_us, start_at_us, delay_us, kill_at_us;
};

static struct {
    const struct master_options *options;
    int listener;
    struct slot slots[WORKERS_MAX];
    int replacing; /* slot that HUP replaces now; workers: none */
    bool ending;
    int64_t kill_at_us;
    sigset_t signals, before;
} master;

/* ---- the socket ---- */

static int handed_over(void)
{
    int64_t count, pid;
    if (!text_to_int(getenv("LISTEN_FDS"), 1, 1, &count) ||
        !text_to_int(getenv("LISTEN_PID"), 1, INT32_MAX, &pid) || pid != getpid())
        return -1;
    fcntl(HANDED_OVER, F_SETFD, FD_CLOEXEC);
    fcntl(HANDED_OVER, F_SETFL, O_NONBLOCK);
    return HANDED_OVER;
}

static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0)
        close(fd);
    return alive;
}

static int listen_at(const char *path, unsigned mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        log_error("the path of the socket is too long", "path", path);
        return -1;
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (is_alive(&address)) {
        log_error("another program listens already", "path", path);
        return -1;
    }
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0777 & ~mode);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(mask);
    if (bound && listen(fd, BACKLOG) == 0)
        return fd;
    log_error("the socket cannot be made", "path", path, "reason", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- workers ---- */

/* TERM and INT stay blocked, so that one that comes while the worker starts is
 * still there when its loop asks for them. HUP is the master's alone. */
static void let_worker_have_signals(void)
{
    sigset_t mask = master.before;
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

static pid_t start_worker(int index)
{
    pid_t parent = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
    let_worker_have_signals();
    int status = master.options->work(master.listener, index, master.options->arg);
    sanitize_leaks();
    _exit(status);
}

static void start_slot(struct slot *slot, int index)
{
    slot->pid = start_worker(index);
    slot->started_us = clock_monotonic_us();
    if (slot->pid < 0) {
        slot->pid = 0;
        slot->start_at_us = slot->started_us + longest_delay_us;
        log_error("a worker cannot be started", "reason", strerror(errno));
    }
}

/* A worker that dies young is started later and later. */
static void plan_restart(struct slot *slot)
{
    int64_t now = clock_monotonic_us();
    bool young = now - slot->started_us < young_us;
    slot->delay_us = young ? slot->delay_us * 2 : first_delay_us;
    if (slot->delay_us < first_delay_us)
        slot->delay_us = first_delay_us;
    if (slot->delay_us > longest_delay_us)
        slot->delay_us = longest_delay_us;
    slot->pid = 0;
    slot->start_at_us = now + slot->delay_us;
}

static void log_death(pid_t pid, int status)
{
    char id[24], how[48];
    snprintf(id, sizeof id, "%ld", (long)pid);
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "status %d", WEXITSTATUS(status));
    log_warn("a worker died; another is started", "pid", id, "how", how);
}

static void reap(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < master.options->workers; i++) {
            struct slot *slot = &master.slots[i];
            if (slot->retired == pid)
                slot->retired = 0;
            if (slot->pid != pid)
                continue;
            if (!master.ending)
                log_death(pid, status);
            plan_restart(slot);
        }
}

static bool any_retired(void)
{
    for (int i = 0; i < master.options->workers; i++)
        if (master.slots[i].retired > 0)
            return true;
    return false;
}

/* The next worker, once the one before has finished. */
static void replace_step(void)
{
    while (master.replacing < master.options->workers && !master.ending && !any_retired()) {
        struct slot *slot = &master.slots[master.replacing++];
        if (slot->pid == 0)
            continue;
        slot->retired = slot->pid;
        slot->kill_at_us = clock_monotonic_us() + patience_us;
        start_slot(slot, master.replacing - 1);
        kill(slot->retired, SIGTERM);
    }
}

static void signal_all(int signal)
{
    for (int i = 0; i < master.options->workers; i++) {
        if (master.slots[i].pid > 0)
            kill(master.slots[i].pid, signal);
        if (master.slots[i].retired > 0)
            kill(master.slots[i].retired, signal);
    }
}

static void kill_overdue(void)
{
    int64_t now = clock_monotonic_us();
    if (master.ending && now > master.kill_at_us)
        signal_all(SIGKILL);
    for (int i = 0; i < master.options->workers; i++)
        if (master.slots[i].retired > 0 && now > master.slots[i].kill_at_us)
            kill(master.slots[i].retired, SIGKILL);
}

static bool any_alive(void)
{
    for (int i = 0; i < master.options->workers; i++)
        if (master.slots[i].pid > 0 || master.slots[i].retired > 0)
            return true;
    return false;
}

static void end(void)
{
    if (master.ending)
        return;
    master.ending = true;
    master.kill_at_us = clock_monotonic_us() + patience_us;
    handover_stop();
    signal_all(SIGTERM);
}

/* ---- the master's own loop: wait for a signal or the next start ---- */

static int64_t start_due(void)
{
    int64_t now = clock_monotonic_us(), next = now + 1000000;
    for (int i = 0; i < master.options->workers && !master.ending; i++) {
        struct slot *slot = &master.slots[i];
        if (slot->pid == 0 && slot->start_at_us <= now)
            start_slot(slot, i);
        if (slot->pid == 0 && slot->start_at_us < next)
            next = slot->start_at_us;
    }
    return next > now ? next - now : 0;
}

static void wait_for_signal(int64_t us)
{
    struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    int signal = sigtimedwait(&master.signals, NULL, &time);
    if (signal == SIGTERM || signal == SIGINT)
        end();
    else if (signal == SIGHUP)
        master.replacing = 0;
    reap();
    replace_step();
}

static void block_signals(void)
{
    static const int used[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigemptyset(&master.signals);
    for (size_t i = 0; i < COUNT(used); i++)
        sigaddset(&master.signals, used[i]);
    sigprocmask(SIG_BLOCK, &master.signals, &master.before);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

/* Every request that waits is a descriptor; the usual soft limit is for programs
 * that call select(), which none of ours does. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int master_run(const struct master_options *options)
{
    master.options = options;
    master.replacing = options->workers;
    if (options->workers < 1 || options->workers > WORKERS_MAX) {
        log_error("the number of workers cannot be");
        return EXIT_FAILURE;
    }
    block_signals();
    int inherited = handed_over();
    master.listener = inherited >= 0 ? inherited : listen_at(options->socket, options->socket_mode);
    if (master.listener < 0)
        return EXIT_FAILURE;
    allow_descriptors();
    if (!handover_open())
        log_warn("connections will be closed when workers are replaced");
    while (!master.ending || any_alive()) {
        wait_for_signal(start_due());
        kill_overdue();
    }
    if (inherited < 0)
        unlink(options->socket);
    return EXIT_SUCCESS;
}
