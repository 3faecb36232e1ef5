#include "db/migrate.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "db/installation.h"

/* Any constant: the same for everybody who migrates this database. */
#define LOCK_KEY "7205759403792794"

struct run {
    struct arena *arena;
    PGconn *pg;
    const char *folder;
    FILE *out;
};

static char problem_text[1024];

static bool fail_with(const char **problem, const char *subject, const char *text)
{
    snprintf(problem_text, sizeof problem_text, "%s: %s", subject, text);
    problem_text[strcspn(problem_text, "\n")] = '\0';
    *problem = problem_text;
    return false;
}

/* ---- the server ---- */

static PGresult *ask(struct run *run, const char *sql, const char *const *values, int count)
{
    PGresult *result = PQexecParams(run->pg, sql, count, NULL, values, NULL, NULL, 0);
    arena_defer(run->arena, (void (*)(void *))PQclear, result);
    return result;
}

static bool went_well(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static bool connect_owner(struct run *run, const char *conninfo, const char **problem)
{
    run->arena = arena_new();
    run->pg = PQconnectdb(conninfo);
    if (PQstatus(run->pg) != CONNECTION_OK)
        return fail_with(problem, "database", PQerrorMessage(run->pg));
    PQsetNoticeReceiver(run->pg, ignore_notice, NULL);
    if (went_well(ask(run, "set search_path = public", NULL, 0)))
        return true;
    return fail_with(problem, "database", PQerrorMessage(run->pg));
}

static void disconnect(struct run *run)
{
    arena_free(run->arena);
    PQfinish(run->pg);
}

/* ---- the files ---- */

/* YYYYMMDDHHMM_<area>_<what>.sql, named by the minute it was begun in, so that two
 * branches do not take the same number; those of before have four digits and sort first. */
static int is_migration(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t digits = strspn(name, "0123456789");
    return (digits == 4 || digits == 12) && name[digits] == '_' && text_ends(name, ".sql");
}

static char *read_file(struct run *run, const char *name, size_t *len)
{
    struct buf text;
    char piece[8192];
    FILE *file = fopen(arena_printf(run->arena, "%s/%s", run->folder, name), "re");
    if (!file)
        return NULL;
    buf_init(&text, run->arena);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        buf_add(&text, piece, got);
    bool failed = ferror(file) != 0;
    fclose(file);
    *len = text.len;
    return failed ? NULL : text.data;
}

/* Which line of the file the server complains about. */
static int line_of(const PGresult *result, const char *text)
{
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    int line = 1;
    /* Counted in characters; continuation bytes of UTF-8 do not count. */
    for (long left = position ? strtol(position, NULL, 10) - 1 : 0; left > 0 && *text; text++) {
        line += *text == '\n';
        left -= (text[1] & 0xC0) != 0x80;
    }
    return position ? line : 0;
}

static bool report(struct run *run, const char *name, const PGresult *result, const char *text,
                   const char **problem)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    int line = line_of(result, text);
    message = message ? message : PQerrorMessage(run->pg);
    if (line > 0)
        name = arena_printf(run->arena, "%s, line %d", name, line);
    return fail_with(problem, name, message);
}

static bool apply(struct run *run, const char *name, const char *text, const char *checksum,
                  const char **problem)
{
    bool done = went_well(ask(run, "begin", NULL, 0));
    PGresult *result = PQexec(run->pg, text);
    arena_defer(run->arena, (void (*)(void *))PQclear, result);
    done = done && went_well(result) && PQtransactionStatus(run->pg) == PQTRANS_INTRANS;
    if (done) {
        result = ask(run, "insert into public.migrations (name, checksum) values ($1, $2)",
                     (const char *const[]){name, checksum}, 2);
        done = went_well(result);
    }
    if (done) {
        result = ask(run, "commit", NULL, 0);
        done = went_well(result);
    }
    if (done) {
        fprintf(run->out, "applied %s\n", name);
        return true;
    }
    if (went_well(result))
        fail_with(problem, name, "must not end the transaction that it runs in");
    else
        report(run, name, result, text, problem);
    ask(run, "rollback", NULL, 0);
    return false;
}

/* -1: not applied; 0: applied; 1: applied, but as another text. */
static int state_of(const PGresult *applied, const char *name, const char *checksum)
{
    for (int i = 0; i < PQntuples(applied); i++)
        if (text_equal(PQgetvalue(applied, i, 0), name))
            return text_equal(PQgetvalue(applied, i, 1), checksum) ? 0 : 1;
    return -1;
}

static bool apply_if_missing(struct run *run, const PGresult *applied, const char *name,
                             const char **problem)
{
    char checksum[65];
    size_t len = 0;
    const char *text = read_file(run, name, &len);
    if (!text)
        return fail_with(problem, name, "cannot be read");
    if (strlen(text) != len)
        return fail_with(problem, name, "holds a NUL byte");
    text_sha256(text, len, checksum);
    int state = state_of(applied, name, checksum);
    if (state > 0)
        return fail_with(problem, name, "was changed after it had been applied");
    return state == 0 || apply(run, name, text, checksum, problem);
}

static bool contains(struct dirent **files, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (text_equal(files[i]->d_name, name))
            return true;
    return false;
}

static bool is_newer(const PGresult *applied, struct dirent **files, int count,
                     const char **problem)
{
    for (int i = 0; i < PQntuples(applied); i++)
        if (!contains(files, count, PQgetvalue(applied, i, 0))) {
            fail_with(problem, PQgetvalue(applied, i, 0),
                      "was applied but is not here: the database is newer than this program");
            return true;
        }
    return false;
}

/* Two that start at once: the second waits here and finds all done. */
static bool lock(struct run *run, const char **problem)
{
    return (went_well(ask(run, "select pg_advisory_lock(" LOCK_KEY ")", NULL, 0)) &&
            went_well(ask(run,
                          "create table if not exists public.migrations (\n"
                          "    name text primary key,\n"
                          "    checksum text not null,\n"
                          "    applied_at timestamptz not null default now()\n"
                          ")",
                          NULL, 0))) ||
           fail_with(problem, "database", PQerrorMessage(run->pg));
}

static bool apply_all(struct run *run, const PGresult *applied, struct dirent **files, int count,
                      const char **problem)
{
    if (is_newer(applied, files, count, problem))
        return false;
    for (int i = 0; i < count; i++)
        if (!apply_if_missing(run, applied, files[i]->d_name, problem))
            return false;
    return true;
}

/* Everything that must not happen twice at once, and nothing outside of it. */
static bool install(struct run *run, const struct migration *wanted, struct dirent **files,
                    int count, const char **problem)
{
    if (!lock(run, problem))
        return false;
    PGresult *applied =
        ask(run, "select name, checksum from public.migrations order by name", NULL, 0);
    if (!went_well(applied))
        return fail_with(problem, "database", PQerrorMessage(run->pg));
    return (!wanted->load_key ||
            installation_check_key(run->pg, wanted, PQntuples(applied) == 0, problem)) &&
           apply_all(run, applied, files, count, problem) &&
           (!wanted->logins || installation_make_logins(run->pg, problem));
}

static void free_files(struct dirent **files, int count)
{
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
}

bool migrate_install(const struct migration *wanted, const char **problem)
{
    struct run run = {.folder = wanted->folder, .out = wanted->out};
    struct dirent **files = NULL;
    int count = scandir(wanted->folder, &files, is_migration, alphasort);
    if (count <= 0)
        return fail_with(problem, wanted->folder, "holds no migrations");
    bool done = connect_owner(&run, wanted->conninfo, problem) &&
                install(&run, wanted, files, count, problem);
    disconnect(&run); /* and with it goes the lock */
    free_files(files, count);
    return done;
}

bool migrate_run(const char *conninfo, const char *folder, FILE *out, const char **problem)
{
    return migrate_install(&(struct migration){.conninfo = conninfo, .folder = folder, .out = out},
                           problem);
}

/* A database that was never migrated has no table to ask. */
static int count_applied(struct run *run, struct dirent **files, int count)
{
    PGresult *known = ask(run, "select to_regclass('public.migrations') is not null", NULL, 0);
    if (!went_well(known))
        return -1;
    if (PQgetvalue(known, 0, 0)[0] != 't')
        return 0;
    PGresult *applied = ask(run, "select name from public.migrations", NULL, 0);
    if (!went_well(applied))
        return -1;
    int found = 0;
    for (int i = 0; i < PQntuples(applied); i++)
        found += contains(files, count, PQgetvalue(applied, i, 0));
    return found;
}

int migrate_pending(const char *conninfo, const char *folder)
{
    struct run run = {.folder = folder};
    struct dirent **files = NULL;
    const char *problem;
    int count = scandir(folder, &files, is_migration, alphasort);
    if (count < 0)
        return -1;
    int applied = connect_owner(&run, conninfo, &problem) ? count_applied(&run, files, count) : -1;
    disconnect(&run);
    free_files(files, count);
    return applied < 0 ? -1 : count - applied;
}
