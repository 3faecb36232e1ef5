/* cluster: the PostgreSQL that comes with the installation, in TULOU_VAR/pg,
 * reached by its Unix socket alone. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config.h"
#include "tool.h"

enum { OLDEST = 15 };

static const char owner[] = "tulou_owner", database[] = "tulou";

static bool embedded(void)
{
    return *config_text(CONFIG_DATABASE_URL) == '\0';
}

char *owner_conninfo(void)
{
    struct buf text = {0};
    if (!embedded())
        return strdup(config_text(CONFIG_DATABASE_URL));
    char *run = var_path("run");
    buf_printf(&text, "host='%s' dbname=%s user=%s", run, database, owner);
    if (getuid() == 0) /* nobody else who listens there is believed */
        buf_printf(&text, " requirepeer='%s-db'", config_text(CONFIG_TULOU_USER));
    free(run);
    return text.data;
}

/* ---- the newest server that is installed ---- */

static int newest_version(void)
{
    int newest = 0;
    DIR *folder = opendir("/usr/lib/postgresql");
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "/usr/lib/postgresql/%s/bin/initdb", entry->d_name);
        int version = atoi(entry->d_name);
        if (version > newest && access(path, X_OK) == 0)
            newest = version;
    }
    if (folder)
        closedir(folder);
    return newest;
}

static char *server_program(int version, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "/usr/lib/postgresql/%d/bin/%s", version, name);
    return path.data;
}

static int cluster_version(const char *folder)
{
    char path[4200], text[16] = "";
    snprintf(path, sizeof path, "%s/PG_VERSION", folder);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    char *line = fgets(text, sizeof text, file);
    fclose(file);
    return line ? atoi(line) : 0;
}

/* ---- making it ---- */

static bool write_file(const char *path, const char *text, const struct account *account)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return complain("%s cannot be written: %s", path, strerror(errno));
    bool written = fputs(text, file) >= 0;
    written = fclose(file) == 0 && written;
    if (written && account->change && chown(path, account->uid, account->gid) != 0)
        written = false;
    return written || complain("%s cannot be written: %s", path, strerror(errno));
}

static const char settings[] =
    "# Written by `tulou serve` at each start; put your own into local.conf.\n"
    "listen_addresses = ''\n"
    "max_connections = 200\n"
    "shared_buffers = 256MB\n"
    "effective_cache_size = 1GB\n"
    "maintenance_work_mem = 128MB\n"
    "work_mem = 8MB\n"
    "max_wal_size = 2GB\n"
    "checkpoint_timeout = 15min\n"
    "random_page_cost = 1.1\n"
    "effective_io_concurrency = 100\n"
    "jit = off\n"
    "timezone = 'UTC'\n"
    "log_timezone = 'UTC'\n"
    "logging_collector = off\n"
    "log_min_messages = warning\n"
    "log_line_prefix = '%m [%p] %u '\n"
    "include_if_exists = 'local.conf'\n";

/* Who is which role (peer authentication): the areas' account is a tenant's and the
 * platform's, the database's own is the owner, root is all. Where the areas and the
 * database have one account it is all. */
static void put_roles(struct buf *out, const struct account *areas, const struct account *own)
{
    static const char *const used[] = {"tulou_tenant", "tulou_platform"};
    buf_printf(out, "tulou %s %s\n", own->name, owner);
    for (size_t i = 0; i < 2; i++)
        buf_printf(out, "tulou %s %s\n", areas->name, used[i]);
    if (strcmp(areas->name, "root") == 0)
        return;
    buf_printf(out, "tulou root %s\n", owner);
    for (size_t i = 0; i < 2; i++)
        buf_printf(out, "tulou root %s\n", used[i]);
}

/* The socket's folder is entered by the areas' group alone. */
static void put_settings(struct buf *out, bool shared)
{
    char *socket = var_path("run");
    buf_printf(out, "%sunix_socket_directories = '%s'\nunix_socket_permissions = %s\n", settings,
               socket, shared ? "0777" : "0700");
    free(socket);
}

static bool write_below(const char *folder, const char *name, struct buf *text,
                        const struct account *own)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    bool written = write_file(path.data, text->data, own);
    buf_free(&path);
    buf_clear(text);
    return written;
}

static bool write_settings(const char *folder, const struct account *areas,
                           const struct account *own)
{
    struct buf text = {0};
    put_settings(&text, own->uid != areas->uid);
    bool written = write_below(folder, "tulou.conf", &text, own);
    buf_puts(&text, "local all all peer map=tulou\n");
    written = written && write_below(folder, "pg_hba.conf", &text, own);
    put_roles(&text, areas, own);
    written = written && write_below(folder, "pg_ident.conf", &text, own);
    buf_free(&text);
    return written;
}

/* ---- one that was the areas' own ---- */

static uid_t new_owner;
static gid_t new_group;

static int give_over(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)kind;
    (void)at;
    return info->st_uid == new_owner ? 0 : lchown(path, new_owner, new_group);
}

/* Links are not followed: what they lead to is nobody's to give away. */
static bool take_over(const char *folder, const struct account *areas, const struct account *own)
{
    struct stat info;
    if (lstat(folder, &info) != 0 || info.st_uid == own->uid)
        return true;
    if (!S_ISDIR(info.st_mode) || info.st_uid != areas->uid)
        return complain("%s belongs to another account: chown -R %s %s", folder, own->name, folder);
    new_owner = own->uid;
    new_group = own->gid;
    return nftw(folder, give_over, 16, FTW_PHYS) == 0 ||
           complain("%s cannot be given to %s: %s", folder, own->name, strerror(errno));
}

/* What a new cluster and its first migrations take, with some room to begin. */
static bool disk_has_room(const char *folder)
{
    enum { NEEDED_MB = 300 };
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0)
        return complain("%s: %s", folder, strerror(errno));
    unsigned long long free_mb = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
    return free_mb >= NEEDED_MB ||
           complain("the disk of %s is full: %llu MB are free, a new database needs %d MB", folder,
                    free_mb, NEEDED_MB);
}

static bool make_cluster(const char *folder, int version, const struct account *account)
{
    if (!disk_has_room(config_text(CONFIG_TULOU_VAR)))
        return false;
    char *initdb = server_program(version, "initdb");
    char *argv[] = {
        initdb, "-D",   (char *)folder,     "-U",          (char *)owner,       "--data-checksums",
        "-E",   "UTF8", "--locale=C.UTF-8", "--auth=peer", "--no-instructions", NULL};
    int status = run_program(argv, account, "initdb");
    free(initdb);
    struct buf conf = {0};
    buf_printf(&conf, "%s/postgresql.conf", folder);
    bool made = status == 0 && write_file(conf.data, "include 'tulou.conf'\n", account);
    buf_free(&conf);
    return made || complain("the database cluster cannot be made: see %s/log/initdb.log",
                            config_text(CONFIG_TULOU_VAR));
}

bool cluster_prepare(const struct account *areas, const struct account *own)
{
    if (!embedded())
        return true;
    int version = newest_version();
    if (version < OLDEST)
        return complain("PostgreSQL %d or newer is needed (found %d): apt-get install postgresql",
                        OLDEST, version);
    char *folder = var_path("pg");
    int found = cluster_version(folder);
    bool good = true;
    if (found == 0)
        good = make_cluster(folder, version, own);
    else if (found > version || access(server_program(found, "postgres"), X_OK) != 0)
        good = complain("the cluster is of PostgreSQL %d, which is not installed: apt-get install "
                        "postgresql-%d",
                        found, found);
    good = good && take_over(folder, areas, own) && write_settings(folder, areas, own);
    free(folder);
    return good;
}

char **cluster_arguments(void)
{
    if (!embedded())
        return NULL;
    char *folder = var_path("pg"), **argv = calloc(4, sizeof *argv);
    argv[0] = server_program(cluster_version(folder), "postgres");
    argv[1] = strdup("-D");
    argv[2] = folder;
    return argv;
}

/* ---- waiting for it ---- */

static bool command(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    bool done =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return done;
}

static bool make_database(void)
{
    char *run = var_path("run");
    struct buf conninfo = {0};
    buf_printf(&conninfo, "host='%s' dbname=postgres user=%s", run, owner);
    PGconn *pg = PQconnectdb(conninfo.data);
    PGresult *result = PQexec(pg, "select from pg_database where datname = 'tulou'");
    bool there = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    PQclear(result);
    bool good = there || command(pg, "create database tulou");
    if (!good)
        complain("the database cannot be made: %s", server_problem(pg));
    PQfinish(pg);
    buf_free(&conninfo);
    free(run);
    return good;
}

static PGPing ping(void)
{
    struct buf conninfo = {0};
    char *run = var_path("run");
    buf_printf(&conninfo, "host='%s' dbname=postgres user=%s", run, owner);
    PGPing state = PQping(conninfo.data);
    buf_free(&conninfo);
    free(run);
    return state;
}

/* Why, in the server's own words: the last that it said was fatal. */
static bool complain_of_log(void)
{
    char line[512], why[512] = "";
    char *path = var_path("log/postgres.log");
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        const char *fatal = strstr(line, "FATAL:");
        if (fatal)
            snprintf(why, sizeof why, " (%.*s)", (int)strcspn(fatal, "\n"), fatal);
    }
    if (file)
        fclose(file);
    complain("the database does not start%s: see %s", why, path);
    free(path);
    return false;
}

/* It turns everybody away while it recovers from having been killed: that takes its time. */
static bool wait_for_cluster(void)
{
    enum { SILENT_MAX = 600, TURNS_MAX = 2000 }; /* of 50 ms */
    PGPing state;
    for (int turns = 0, silent = 0; (state = ping()) != PQPING_OK; turns++) {
        silent += state != PQPING_REJECT;
        if (children_failing() || silent > SILENT_MAX || turns > TURNS_MAX)
            return complain_of_log();
        if (!children_turn(50))
            return complain("stopped before the database was up");
    }
    return make_database();
}

bool cluster_wait(void)
{
    return (embedded() ? wait_for_cluster() : server_wait(OLDEST)) && server_write_conninfo();
}
