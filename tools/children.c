/* children: processes that are kept alive. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tool.h"

enum { CHILDREN_MAX = 48 };

static const int64_t patience_us = 30000000;

struct child {
    const char *name;
    char **argv;
    int stop_signal;
    struct account account;
    pid_t pid;
    int64_t start_at_us, delay_us;
};

static struct {
    struct child all[CHILDREN_MAX];
    int count;
    bool ending, watched; /* watched: once all is up */
    sigset_t signals, before;
} children;

void children_block_signals(void)
{
    static const int used[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigemptyset(&children.signals);
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        sigaddset(&children.signals, used[i]);
    sigprocmask(SIG_BLOCK, &children.signals, &children.before);
    signal(SIGPIPE, SIG_IGN);
}

static void redirect(const char *log)
{
    int in = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0640);
    if (in >= 0)
        dup2(in, STDIN_FILENO);
    if (out >= 0) {
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
    }
}

static void become(char **argv, const struct account *account, const char *log, int death_signal)
{
    if (!account_become(account)) {
        complain("cannot change to the account %s", account->name);
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, death_signal); /* after setuid(), which clears it */
    unsetenv("DATABASE_URL");              /* the owner's; theirs is run/db.conninfo */
    unsetenv("DATABASE_URL_FILE");
    umask(077);
    redirect(log);
    execvp(argv[0], argv);
    fprintf(stderr, "%s cannot be run: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static char *log_path(const char *name)
{
    char below[64];
    snprintf(below, sizeof below, "log/%s.log", name);
    return var_path(below);
}

static bool spawn(struct child *child)
{
    char *log = log_path(child->name);
    child->pid = fork();
    if (child->pid == 0) {
        setpgid(0, 0); /* Ctrl-C is ours: we stop the children in their order */
        sigprocmask(SIG_SETMASK, &children.before, NULL);
        become(child->argv, &child->account, log, child->stop_signal);
    }
    free(log);
    return child->pid > 0;
}

bool child_start(const char *name, char **argv, int stop_signal, const struct account *account)
{
    if (children.count == CHILDREN_MAX)
        return complain("too many areas");
    struct child *child = &children.all[children.count++];
    *child =
        (struct child){.name = name, .argv = argv, .stop_signal = stop_signal, .account = *account};
    return spawn(child) || complain("%s cannot be started: %s", name, strerror(errno));
}

int run_program(char **argv, const struct account *account, const char *log)
{
    int status;
    char *path = log_path(log);
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        become(argv, account, path, SIGTERM);
    }
    free(path);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void plan_restart(struct child *child, int status)
{
    char how[48];
    snprintf(how, sizeof how, WIFSIGNALED(status) ? "signal %d" : "status %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (children.watched)
        log_warn("a program ended; it is started again", "program", child->name, "how", how);
    child->delay_us = child->delay_us ? child->delay_us * 2 : 200000;
    if (child->delay_us > 10000000)
        child->delay_us = 10000000;
    child->start_at_us = clock_monotonic_us() + child->delay_us;
}

/* Whom a killed program left behind goes too (nginx's workers would serve on),
 * except those that see to it themselves in groups of their own, as PostgreSQL's. */
static void bury(struct child *child, int status)
{
    kill(-child->pid, SIGTERM);
    child->pid = 0;
    if (!children.ending)
        plan_restart(child, status);
}

static void reap(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < children.count; i++)
            if (children.all[i].pid == pid)
                bury(&children.all[i], status);
}

static void restart_due(void)
{
    int64_t now = clock_monotonic_us();
    for (int i = 0; i < children.count && !children.ending; i++) {
        struct child *child = &children.all[i];
        if (child->pid == 0 && child->start_at_us <= now)
            spawn(child);
        else if (child->pid > 0 && now - child->start_at_us > patience_us)
            child->delay_us = 0; /* it has lived long enough to be trusted again */
    }
}

bool children_turn(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    int signal = sigtimedwait(&children.signals, NULL, &time);
    if (signal == SIGTERM || signal == SIGINT)
        children.ending = true;
    if (signal == SIGHUP)
        for (int i = 0; i < children.count; i++)
            if (children.all[i].pid > 0)
                kill(children.all[i].pid, SIGHUP);
    reap();
    restart_due();
    return !children.ending;
}

const char *children_failing(void)
{
    enum { FOURTH_DELAY_US = 1600000 };
    for (int i = 0; i < children.count; i++)
        if (children.all[i].delay_us >= FOURTH_DELAY_US)
            return children.all[i].name;
    return NULL;
}

void children_watch(void)
{
    children.watched = true;
    while (children_turn(500))
        ;
}

static void stop_one(struct child *child)
{
    int64_t until = clock_monotonic_us() + patience_us;
    if (child->pid > 0)
        kill(child->pid, child->stop_signal);
    while (child->pid > 0) {
        children_turn(50);
        if (clock_monotonic_us() > until)
            kill(child->pid, SIGKILL);
    }
}

void children_stop(void)
{
    children.ending = true;
    for (int i = children.count - 1; i >= 0; i--)
        stop_one(&children.all[i]);
}
