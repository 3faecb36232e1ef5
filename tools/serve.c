/* serve: everything in one process tree: PostgreSQL, the areas, nginx. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/tenant.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "file/store.h"
#include "tool.h"

static const int64_t start_patience_us = 110000000;

/* ---- one at a time: a lock that dies with its holder ---- */

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static int open_lock(int flags)
{
    char *path = var_path("run/serve.lock");
    int fd = open(path, flags | O_CLOEXEC, 0644);
    free(path);
    return fd;
}

static bool take_lock(void)
{
    struct flock lock = whole_file();
    int fd = open_lock(O_RDWR | O_CREAT);
    if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0)
        return true;
    if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        return complain("it runs already on this TULOU_VAR (process %ld): make stop ends it",
                        (long)lock.l_pid);
    return complain("TULOU_VAR cannot be locked: %s", strerror(errno));
}

/* 0: nobody. */
static pid_t lock_holder(void)
{
    struct flock lock = whole_file();
    int fd = open_lock(O_RDWR);
    bool held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return held ? lock.l_pid : 0;
}

/* ---- the port ---- */

static struct sockaddr_in front_door(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)config_int(CONFIG_PORT))};
    if (inet_pton(AF_INET, config_text(CONFIG_TULOU_ADDRESS), &address.sin_addr) != 1)
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static bool port_is_free(void)
{
    struct sockaddr_in address = front_door();
    if (config_int(CONFIG_PORT) < 1 || config_int(CONFIG_PORT) > 65535)
        return complain("PORT must be from 1 to 65535");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool is_free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free || complain("port %s is taken (%s): choose another with PORT=…",
                               config_text(CONFIG_PORT), strerror(errno));
}

static bool front_door_ready(void)
{
    static const char request[] = "GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n";
    char answer[64] = "";
    struct sockaddr_in address = front_door();
    if (address.sin_addr.s_addr == 0)
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 3};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool ready = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 write(fd, request, sizeof request - 1) > 0 &&
                 read(fd, answer, sizeof answer - 1) > 0 && strstr(answer, " 200 ") != NULL;
    close(fd);
    return ready;
}

/* ---- the parts ---- */

static bool start_cluster(const struct account *areas)
{
    struct account own;
    return cluster_await_old() && account_of_database(areas, &own) &&
           cluster_prepare(areas, &own) &&
           child_start("postgres", cluster_arguments(), SIGINT, &own);
}

static bool start_database(const struct account *account)
{
    bool embedded = !*config_text(CONFIG_DATABASE_URL);
    return (!embedded || start_cluster(account)) && cluster_wait();
}

static bool migrate(const struct account *account)
{
    const char *problem;
    char *log = var_path("log/migrate.log");
    FILE *out = fopen(log, "ae");
    bool done = database_migrate(account, false, out ? out : stderr, &problem) ||
                complain("the database cannot be brought up to date: %s", problem);
    if (out)
        fclose(out);
    free(log);
    return done;
}

/* What a child is started with is kept: it may be started again. */
static bool start_area(const char *folder, const char *name, const struct account *account)
{
    static struct arena *kept;
    if (!kept)
        kept = arena_new();
    char **argv = arena_alloc(kept, 4 * sizeof *argv);
    argv[0] = arena_printf(kept, "%s/%s", folder, name);
    argv[1] = "--socket";
    argv[2] = arena_printf(kept, "%s/run/%s.sock", config_text(CONFIG_TULOU_VAR), name);
    return child_start(arena_text(kept, name), argv, SIGTERM, account);
}

static bool start_areas(const struct account *account)
{
    char *folder = project_path("cgi-bin");
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool good = count > 2;
    for (int i = 0; i < count; i++) {
        if (good && entries[i]->d_name[0] != '.')
            good = start_area(folder, entries[i]->d_name, account);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(folder);
    return good || complain("the areas' programs are missing: build first");
}

static bool start_nginx(const struct account *account)
{
    char *conf = var_path("run/nginx.conf"), *log = var_path("log/nginx.log");
    char **argv = calloc(7, sizeof *argv);
    bool good = site_write(conf);
    argv[0] = strdup(access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : "nginx");
    argv[1] = "-c";
    argv[2] = conf;
    argv[3] = "-e";
    argv[4] = log;
    return good && child_start("nginx", argv, SIGQUIT, account);
}

/* The superadmin is made by a process of its own, as the account. */
static bool bootstrap(const struct account *account)
{
    char *program = project_path("tulou");
    char *argv[] = {program, "bootstrap", NULL};
    int status = run_program(argv, account, "bootstrap");
    free(program);
    return status == 0 || complain("the first superadmin cannot be made: see %s/log/bootstrap.log",
                                   config_text(CONFIG_TULOU_VAR));
}

static bool wait_until_ready(void)
{
    int64_t until = clock_monotonic_us() + start_patience_us;
    while (!front_door_ready()) {
        if (!children_turn(50))
            return complain("stopped before everything was up");
        if (children_failing())
            return complain("%s does not start: see %s/log/%s.log", children_failing(),
                            config_text(CONFIG_TULOU_VAR), children_failing());
        if (clock_monotonic_us() > until)
            return complain("not ready after %d s: see %s/log", (int)(start_patience_us / 1000000),
                            config_text(CONFIG_TULOU_VAR));
    }
    return true;
}

static bool storage_is_set(void)
{
    const char *problem = store_problem();
    return !problem || complain("%s", problem);
}

static bool start_all(const struct account *account)
{
    return storage_is_set() && start_database(account) && migrate(account) && bootstrap(account) &&
           start_areas(account) && start_nginx(account) && wait_until_ready();
}

static void mark_ready(bool ready)
{
    char *path = var_path("run/ready");
    int fd = ready ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (fd >= 0)
        close(fd);
    else
        unlink(path);
    free(path);
}

static void print_addresses(void)
{
    struct arena *arena = arena_new();
    char *first = var_path("first-login.json");
    printf("Tulou serves on %s/ (tenants on %s/, API explorer on /api/docs)\n",
           tenant_url(arena, &(struct tenant){.kind = TENANT_PLATFORM}),
           tenant_url(arena, &(struct tenant){.kind = TENANT_BUSINESS, .slug = "SLUG"}));
    if (access(first, F_OK) == 0)
        printf("The first superadmin and its one-time password are in %s\n", first);
    fflush(stdout);
    free(first);
    arena_free(arena);
}

int serve_command(int argc, char **argv)
{
    struct account account;
    (void)argc;
    (void)argv;
    if (!folders_prepare(&account) || !take_lock() || !port_is_free())
        return EXIT_FAILURE;
    mark_ready(false);
    children_block_signals();
    bool started = start_all(&account);
    if (started) {
        print_addresses(); /* first: who waits for the mark prints them too */
        mark_ready(true);
        children_watch();
    }
    mark_ready(false);
    children_stop();
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- in the background ---- */

static void print_file(const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stdout);
    if (file)
        fclose(file);
}

static pid_t start_detached(const char *log)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    setsid();
    int in = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    char *argv[] = {"serve", NULL};
    _exit(serve_command(1, argv));
}

int start_command(int argc, char **argv)
{
    struct account account;
    int status;
    (void)argc;
    (void)argv;
    if (!folders_prepare(&account))
        return EXIT_FAILURE;
    char *log = var_path("log/serve.log"), *ready = var_path("run/ready");
    if (lock_holder() != 0) {
        complain("it runs already on this TULOU_VAR: make stop ends it");
        return EXIT_FAILURE;
    }
    unlink(ready);
    pid_t pid = start_detached(log);
    while (access(ready, F_OK) != 0) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            print_file(log);
            return EXIT_FAILURE;
        }
        usleep(20000);
    }
    print_file(log);
    return EXIT_SUCCESS;
}

int stop_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    pid_t pid = lock_holder();
    if (pid == 0) {
        puts("Tulou does not run.");
        return EXIT_SUCCESS;
    }
    if (kill(pid, SIGTERM) != 0) {
        complain("process %ld cannot be stopped: %s", (long)pid, strerror(errno));
        return EXIT_FAILURE;
    }
    while (lock_holder() == pid)
        usleep(20000);
    return EXIT_SUCCESS;
}
