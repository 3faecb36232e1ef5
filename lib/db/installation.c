#include "db/installation.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/secret.h"
#include "base/text.h"
#include "db/db.h"
#include "db/migrate.h"

static char problem_text[1024];

static bool refuse(const char **problem, const char *text)
{
    snprintf(problem_text, sizeof problem_text, "%s", text);
    problem_text[strcspn(problem_text, "\n")] = '\0';
    *problem = problem_text;
    return false;
}

/* One statement, its only value copied to `out` (may be NULL), "" when there is none. */
static bool ask(PGconn *pg, const char *sql, const char *parameter, char *out, size_t size)
{
    PGresult *result = PQexecParams(pg, sql, parameter ? 1 : 0, NULL, &parameter, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (done && out)
        snprintf(out, size, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return done;
}

/* ---- the key ---- */

static bool keep_fingerprint(PGconn *pg, const char *own)
{
    return ask(pg,
               "insert into public.installation (key_fingerprint) values ($1)\n"
               "on conflict (one) do update set key_fingerprint = excluded.key_fingerprint",
               own, NULL, 0);
}

static bool refuse_key(const char *kept, const char *own, const char **problem)
{
    char text[sizeof problem_text];
    snprintf(text, sizeof text,
             "this database was made with another secret key (fingerprint %.8s…, not %.8s…): start "
             "with that key, as TULOU_SECRET_KEY or secret.key in TULOU_VAR; if it is lost, `tulou "
             "key adopt` takes this one and voids what was sealed with the other",
             kept, own);
    return refuse(problem, text);
}

bool installation_check_key(PGconn *pg, const struct migration *wanted, bool empty,
                            const char **problem)
{
    char kept[SECRET_FINGERPRINT_SIZE], own[SECRET_FINGERPRINT_SIZE];
    if (!wanted->load_key(wanted->arg, empty, problem))
        return false;
    secret_fingerprint(own);
    if (!ask(pg,
             "create table if not exists public.installation (\n"
             "    one boolean primary key default true check (one),\n"
             "    key_fingerprint text not null\n"
             ")",
             NULL, NULL, 0) ||
        !ask(pg, "select key_fingerprint from public.installation", NULL, kept, sizeof kept))
        return refuse(problem, PQerrorMessage(pg));
    if (text_equal(kept, own))
        return true;
    if (*kept && !wanted->adopt)
        return refuse_key(kept, own, problem);
    return keep_fingerprint(pg, own) || refuse(problem, PQerrorMessage(pg));
}

/* ---- the logins ---- */

bool installation_suffix(PGconn *pg, char *out, size_t size)
{
    return ask(pg, "select '_' || oid from pg_database where datname = current_database()", NULL,
               out, size) &&
           *out;
}

/* One that is there may be ours of an earlier start; whoever made it, it must not lead
 * around the policies. */
static const char make_login[] =
    "do $$\n"
    "declare\n"
    "    login constant text := '%s';\n"
    "    family constant text := '%s';\n"
    "begin\n"
    "    if to_regrole(login) is null then\n"
    "        execute format('create role %%I login noinherit', login);\n"
    "    end if;\n"
    "    if exists (select from pg_roles r where r.rolname = login\n"
    "               and (r.rolsuper or r.rolbypassrls or r.rolinherit\n"
    "                    or r.rolcreaterole or r.rolcreatedb)) then\n"
    "        raise exception 'the role %% has rights that lead around "
    "the policies', login;\n"
    "    end if;\n"
    "    if not exists (select from pg_auth_members m\n"
    "                   where m.member = login::regrole\n"
    "                   and m.roleid = family::regrole) then\n"
    "        execute format('grant %%I to %%I', family, login);\n"
    "    end if;\n"
    "    if (select count(*) from pg_auth_members m\n"
    "        where m.member = login::regrole) > 1 then\n"
    "        raise exception 'the role %% is a member of another role',\n"
    "            login;\n"
    "    end if;\n"
    "    execute format('alter role %%I set role = %%L', login, family);\n"
    "    execute format('grant connect on database %%I to %%I',\n"
    "                   current_database(), login);\n"
    "end\n"
    "$$";

static bool set_password(PGconn *pg, struct arena *arena, const char *login)
{
    char *verifier =
        PQencryptPasswordConn(pg, db_role_password(arena, login), login, "scram-sha-256");
    char *literal = verifier ? PQescapeLiteral(pg, verifier, strlen(verifier)) : NULL;
    bool done = literal && ask(pg, arena_printf(arena, "alter role %s password %s", login, literal),
                               NULL, NULL, 0);
    PQfreemem(verifier);
    PQfreemem(literal);
    return done;
}

/* The names are of letters, digits and underscores. */
static bool make_one(PGconn *pg, const char *family, const char *suffix, const char **problem)
{
    struct arena *arena = arena_new();
    const char *login = arena_printf(arena, "%s%s", family, suffix);
    bool done = ask(pg, arena_printf(arena, make_login, login, family), NULL, NULL, 0) &&
                set_password(pg, arena, login);
    if (!done)
        refuse(problem, arena_printf(arena, "%s: %s", login, PQerrorMessage(pg)));
    arena_free(arena);
    return done;
}

bool installation_make_logins(PGconn *pg, const char **problem)
{
    char suffix[32];
    if (!installation_suffix(pg, suffix, sizeof suffix) ||
        !ask(pg,
             "do $$begin execute format('revoke connect on database %I from public', "
             "current_database()); end$$",
             NULL, NULL, 0))
        return refuse(problem, PQerrorMessage(pg));
    return make_one(pg, "tulou_tenant", suffix, problem) &&
           make_one(pg, "tulou_platform", suffix, problem);
}
