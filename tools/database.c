/* database: the commands that speak to the database as its owner. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/secret.h"
#include "db/migrate.h"
#include "tool.h"

static PGconn *connect_owner(void)
{
    struct account account;
    if (!folders_prepare(&account))
        return NULL;
    char *conninfo = owner_conninfo();
    PGconn *pg = PQconnectdb(conninfo);
    free(conninfo);
    if (PQstatus(pg) == CONNECTION_OK)
        return pg;
    complain("the database does not answer (is it started?): %s", server_problem(pg));
    PQfinish(pg);
    return NULL;
}

/* parameter: of $1, which may be null; ignored by SQL without one. */
static PGresult *query(PGconn *pg, const char *sql, const char *parameter)
{
    int count = strstr(sql, "$1") ? 1 : 0;
    PGresult *result = PQexecParams(pg, sql, count, NULL, &parameter, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return result;
    complain("%s", server_problem(pg));
    PQclear(result);
    return NULL;
}

/* A key that root makes is the account's, whose programs read it. */
static bool load_key(void *arg, bool empty, const char **problem)
{
    const struct account *account = arg;
    char *path = var_path("secret.key");
    bool good = empty ? secret_load_or_make(problem) : secret_load(problem);
    if (good && account->change && access(path, F_OK) == 0 &&
        chown(path, account->uid, account->gid) != 0) {
        *problem = "secret.key in TULOU_VAR cannot be given to the account of the areas";
        good = false;
    }
    free(path);
    return good;
}

bool database_migrate(const struct account *account, bool adopt, FILE *out, const char **problem)
{
    struct account who = *account;
    char *conninfo = owner_conninfo(), *folder = share_path("migrations");
    bool done = migrate_install(&(struct migration){.conninfo = conninfo,
                                                    .folder = folder,
                                                    .out = out,
                                                    .load_key = load_key,
                                                    .arg = &who,
                                                    .adopt = adopt,
                                                    .logins = *config_text(CONFIG_DATABASE_URL)},
                                problem);
    free(conninfo);
    free(folder);
    return done;
}

static int migrate(bool adopt)
{
    struct account account;
    const char *problem;
    if (!folders_prepare(&account))
        return EXIT_FAILURE;
    bool done = database_migrate(&account, adopt, stdout, &problem) || complain("%s", problem);
    return done && server_write_conninfo() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int migrate_command(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return migrate(false);
}

/* ---- audit ---- */

static int verify(PGconn *pg, const char *tenant)
{
    PGresult *result = query(pg,
                             "select t.slug, v.checked, v.broken_seq, v.reason, v.event_id\n"
                             "from public.tenants t, house.events_verify(t.id) v\n"
                             "where $1::text is null or t.slug = $1 or t.id::text = $1\n"
                             "order by t.slug",
                             tenant);
    int broken = result ? 0 : 1;
    for (int i = 0; result && i < PQntuples(result); i++) {
        if (PQgetisnull(result, i, 2)) {
            printf("%s: %s events, unbroken\n", PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
            continue;
        }
        broken++;
        printf("%s: BROKEN at event %s (%s)%s%s\n", PQgetvalue(result, i, 0),
               PQgetvalue(result, i, 2), PQgetvalue(result, i, 3),
               PQgetisnull(result, i, 4) ? "" : ", id ", PQgetvalue(result, i, 4));
    }
    PQclear(result);
    return broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int audit_command(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "verify") != 0) {
        complain("usage: tulou audit verify [TENANT]");
        return 2;
    }
    PGconn *pg = connect_owner();
    if (!pg)
        return EXIT_FAILURE;
    const char *tenant = argc > 2 ? argv[2] : NULL;
    PGresult *result =
        PQexecParams(pg, "select 1 from public.tenants where slug = $1 or id::text = $1", 1, NULL,
                     &tenant, NULL, NULL, 0);
    bool known = !tenant || PQntuples(result) > 0;
    PQclear(result);
    int status = known ? verify(pg, tenant) : EXIT_FAILURE;
    if (!known)
        complain("there is no tenant \"%s\"", tenant);
    PQfinish(pg);
    return status;
}

/* ---- key ---- */

/* What was sealed with the key before (authenticator apps, secrets of sign-in providers)
 * cannot be opened any more, tokens and links are void; passwords still serve. */
static int adopt_key(void)
{
    int status = migrate(true);
    if (status == EXIT_SUCCESS)
        puts("This database belongs to this secret key now. Every program that runs on it with "
             "another must be started again with this one.");
    return status;
}

static int rotate_key(void)
{
    PGconn *pg = connect_owner();
    if (!pg)
        return EXIT_FAILURE;
    /* A key verifies as long as a token lives that it signed; a day is plenty. */
    PGresult *done =
        query(pg,
              "with old as (\n"
              "    update public.signing_keys set retired_at = now()\n"
              "    where retired_at is null and created_at < now() - interval '1 day'\n"
              ")\n"
              "insert into public.signing_keys\n"
              "values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 16))",
              NULL);
    bool good = done != NULL;
    PQclear(done);
    PQfinish(pg);
    if (good)
        puts("A new key signs within a minute; tokens of the old ones stay valid until they end.");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int key_command(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "rotate") == 0)
        return rotate_key();
    if (argc == 2 && strcmp(argv[1], "adopt") == 0)
        return adopt_key();
    complain("usage: tulou key rotate|adopt");
    return 2;
}

/* ---- doctor ---- */

static const struct {
    const char *what, *sql; /* the query lists what is wrong */
} checks[] = {
    {"tenant tables without forced row-level security",
     "select n.nspname || '.' || c.relname\n"
     "from pg_class c join pg_namespace n on n.oid = c.relnamespace\n"
     "where c.relkind in ('r', 'p') and (n.nspname in ('everyone', 'shared') or n.nspname like "
     "'tenant\\_%')\n"
     "and not (c.relrowsecurity and c.relforcerowsecurity)"},
    {"tenant tables without a policy for tenants",
     "select n.nspname || '.' || c.relname\n"
     "from pg_class c join pg_namespace n on n.oid = c.relnamespace\n"
     "where c.relkind in ('r', 'p') and (n.nspname in ('everyone', 'shared') or n.nspname like "
     "'tenant\\_%')\n"
     "and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant')"},
    {"application roles that are too strong",
     "select rolname from pg_roles\n"
     "where rolname ~ '^tulou_(tenant|platform)(_[0-9]+)?$'\n"
     "and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)"},
    {"memberships of application roles",
     "select m.member::regrole::text from pg_auth_members m\n"
     "where m.member::regrole::text in ('tulou_tenant', 'tulou_platform')"},
    {"indexes that are not valid",
     "select indexrelid::regclass::text from pg_index where not indisvalid"},
    {"clocks that differ by more than 5 s",
     "select 'server ' || now()::text where abs(extract(epoch from now()) - $1::float8) > 5"},
};

int doctor_command(int argc, char **argv)
{
    int wrong = 0;
    char now[32];
    (void)argc;
    (void)argv;
    PGconn *pg = connect_owner();
    if (!pg)
        return EXIT_FAILURE;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        snprintf(now, sizeof now, "%lld", (long long)time(NULL));
        PGresult *result = query(pg, checks[i].sql, strstr(checks[i].sql, "$1") ? now : NULL);
        int count = result ? PQntuples(result) : 1;
        printf("%-52s %s\n", checks[i].what, count ? "FOUND" : "none");
        for (int row = 0; result && row < count; row++)
            printf("    %s\n", PQgetvalue(result, row, 0));
        wrong += count > 0;
        PQclear(result);
    }
    PQfinish(pg);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
