/* database: a real PostgreSQL for tests. TEST_DATABASE (conninfo of a
 * superuser) names a server; without it a throw-away cluster is made in a
 * temporary folder, by the user postgres when we are root, and ended at exit.
 * Each program gets a database of its own, migrated, or copied of the migrated
 * one that TEST_TEMPLATE names there. `units --cluster` makes such a server. */
#ifndef TESTS_DATABASE_H
#define TESTS_DATABASE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop/loop.h"
#include "db/db.h"
#include "db/migrate.h"

#define DATABASE_UNUSED __attribute__((unused))

struct cluster {
    char folder[64];
    char conninfo[192]; /* of its superuser */
    pid_t owner;        /* the process that made it, and ends it */
    bool running;
};

static struct {
    struct cluster cluster;
    char server[1024]; /* conninfo of the superuser, without dbname */
    char name[64];
    char owner[1400]; /* conninfo of the superuser in our database */
    char plain[1200]; /* the same without a user */
    pid_t pid;
} database;

static void database_die(const char *what)
{
    fprintf(stderr, "test database: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Runs a program of PostgreSQL's, as postgres when we are root. It finds the others by its
 * own whole name. */
static bool database_program(const char *program, char **arguments)
{
    pid_t pid = fork();
    if (pid < 0)
        database_die("fork");
    if (pid == 0) {
        char path[256];
        const char *folder = getenv("PG_BIN");
        const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
        if (user && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
                     setuid(user->pw_uid) != 0 || chdir("/") != 0))
            _exit(126);
        if (!freopen("/dev/null", "w", stdout))
            _exit(126);
        snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/lib/postgresql/15/bin",
                 program);
        arguments[0] = path;
        execv(path, arguments);
        _exit(127);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool cluster_control(struct cluster *cluster, const char *verb)
{
    char data[96], options[256], log[96];
    snprintf(data, sizeof data, "%s/data", cluster->folder);
    snprintf(log, sizeof log, "%s/log", cluster->folder);
    snprintf(options, sizeof options,
             "-c listen_addresses= -k %s -p 5519 -c fsync=off -c max_connections=120",
             cluster->folder);
    char *arguments[] = {"pg_ctl", "-D", data, "-w",    "-m",         "fast",
                         "-l",     log,  "-o", options, (char *)verb, NULL};
    char *stop[] = {"pg_ctl", "-D", data, "-w", "-m", "fast", "stop", NULL};
    bool done = database_program("pg_ctl", strcmp(verb, "stop") == 0 ? stop : arguments);
    cluster->running = strcmp(verb, "stop") != 0 && done;
    return done;
}

static int database_unlink(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static DATABASE_UNUSED void cluster_end(struct cluster *cluster)
{
    if (cluster->owner != getpid() || !cluster->folder[0])
        return;
    if (cluster->running)
        cluster_control(cluster, "stop");
    nftw(cluster->folder, database_unlink, 16, FTW_DEPTH | FTW_PHYS);
    cluster->folder[0] = '\0';
}

/* Ends it when its owner was killed and all that the owner forked are gone: they hold
 * the other end of a pipe, which no program that they run gets. */
static void cluster_guard(const struct cluster *cluster)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        database_die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        database_die("fork");
    if (pid > 0) {
        close(ends[0]);
        return;
    }
    char byte;
    struct cluster left = *cluster;
    setsid();
    close(ends[1]);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(EXIT_FAILURE);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    left.owner = getpid();
    left.running = true;
    if (access(left.folder, F_OK) == 0)
        cluster_end(&left);
    _exit(EXIT_SUCCESS);
}

/* Its port only names the socket in its own folder. */
static DATABASE_UNUSED void cluster_begin(struct cluster *cluster)
{
    char data[96];
    strcpy(cluster->folder, "/tmp/tulou-test-XXXXXX");
    cluster->owner = getpid();
    if (!mkdtemp(cluster->folder))
        database_die("mkdtemp");
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user && chown(cluster->folder, user->pw_uid, user->pw_gid) != 0)
        database_die("chown");
    cluster_guard(cluster);
    snprintf(data, sizeof data, "%s/data", cluster->folder);
    char *arguments[] = {"initdb",    "-D",       data, "-A",   "trust",
                         "-U",        "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                         "--no-sync", NULL};
    if (!database_program("initdb", arguments) || !cluster_control(cluster, "start")) {
        cluster_end(cluster);
        database_die("initdb or pg_ctl failed");
    }
    snprintf(cluster->conninfo, sizeof cluster->conninfo, "host=%s port=5519 user=postgres",
             cluster->folder);
}

static void database_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* One statement as the superuser, its first value copied to `out` (may be NULL). */
static bool database_ask(const char *conninfo, const char *sql, char *out, size_t size)
{
    PGconn *pg = PQconnectdb(conninfo);
    PQsetNoticeProcessor(pg, database_quiet, NULL);
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(pg));
    if (done && out)
        snprintf(out, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(pg);
    return done;
}

static DATABASE_UNUSED void database_sql(const char *format, ...)
{
    char sql[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    if (!database_ask(database.owner, sql, NULL, 0))
        database_die("statement failed");
}

static DATABASE_UNUSED int database_count(const char *sql)
{
    char text[32] = "";
    if (!database_ask(database.owner, sql, text, sizeof text))
        database_die("statement failed");
    return atoi(text);
}

static void database_end(void)
{
    if (database.pid != getpid())
        return;
    char sql[128];
    snprintf(sql, sizeof sql, "drop database if exists %s with (force)", database.name);
    if (database.cluster.folder[0])
        cluster_end(&database.cluster);
    else
        database_ask(database.server, sql, NULL, 0);
}

/* The conninfo without its user: the application's roles are set by db_open(). */
static void database_name_it(const char *server)
{
    char *problem = NULL;
    PQconninfoOption *options = PQconninfoParse(server, &problem);
    size_t at = 0;
    if (!options)
        database_die(problem);
    for (PQconninfoOption *it = options; it->keyword; it++)
        if (it->val && strcmp(it->keyword, "user") != 0 && strcmp(it->keyword, "dbname") != 0)
            at += (size_t)snprintf(database.plain + at, sizeof database.plain - at, "%s='%s' ",
                                   it->keyword, it->val);
    snprintf(database.plain + at, sizeof database.plain - at, "dbname=%s", database.name);
    const char *user = NULL;
    for (PQconninfoOption *it = options; it->keyword; it++)
        if (strcmp(it->keyword, "user") == 0)
            user = it->val;
    snprintf(database.owner, sizeof database.owner, "%s user=%s", database.plain,
             user ? user : "postgres");
    PQconninfoFree(options);
}

/* A database, empty or a copy; database.owner names it. */
static void database_create_from(const char *template)
{
    char sql[192];
    const char *given = getenv("TEST_DATABASE");
    database.pid = getpid();
    if (!given || !*given) {
        cluster_begin(&database.cluster);
        given = database.cluster.conninfo;
    }
    snprintf(database.server, sizeof database.server, "%s", given);
    snprintf(database.name, sizeof database.name, "tulou_test_%ld", (long)getpid());
    database_name_it(given);
    atexit(database_end);
    snprintf(sql, sizeof sql, "create database %s template %s", database.name, template);
    if (!database_ask(database.server, sql, NULL, 0))
        database_die("no database could be made");
}

static DATABASE_UNUSED void database_create(void)
{
    database_create_from("template1");
}

/* A migrated database. The tests run in the project's root. */
static DATABASE_UNUSED void database_begin(void)
{
    const char *problem = "", *template = getenv("TEST_TEMPLATE");
    if (template && *template) {
        database_create_from(template);
        return;
    }
    FILE *nowhere = fopen("/dev/null", "w");
    database_create();
    if (!migrate_run(database.owner, "migrations", nowhere, &problem))
        database_die(problem);
    fclose(nowhere);
}

struct database_work {
    loop_function *function;
    void *arg;
};

static void database_work(void *arg)
{
    const struct database_work *work = arg;
    work->function(work->arg);
    loop_stop();
}

/* Runs function(arg) as a coroutine, with connections open, until all is done. */
static DATABASE_UNUSED void database_run(const struct db_options *options, loop_function *function,
                                         void *arg)
{
    struct db_options usual = {.conninfo = database.plain,
                               .tenant_user = "tulou_tenant",
                               .platform_user = "tulou_platform",
                               .shared = 2,
                               .pool = 3};
    if (!loop_init() || !db_open(options ? options : &usual))
        database_die("no loop");
    struct database_work work = {function, arg};
    coroutine_start(database_work, &work);
    loop_run();
    db_close();
    loop_end();
}

#endif
