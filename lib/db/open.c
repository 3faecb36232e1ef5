/* open: the process's connections, and where the server is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "base/secret.h"
#include "db/internal.h"

static struct {
    struct side tenant, platform, slow_tenant, slow_platform;
    bool has_tenant, has_platform;
} sides;

struct side *side_of(enum db_role role)
{
    if (role == DB_TENANT)
        return sides.has_tenant ? &sides.tenant : NULL;
    return sides.has_platform ? &sides.platform : NULL;
}

struct side *slow_side_of(enum db_role role)
{
    return role == DB_TENANT ? &sides.slow_tenant : &sides.slow_platform;
}

static bool open_role(enum db_role role, const struct db_options *options, const char *user,
                      const char *password)
{
    struct side *side = role == DB_TENANT ? &sides.tenant : &sides.platform;
    int shared = options->shared > 0 ? options->shared : 1;
    int pool = options->pool > 0 ? options->pool : 1;
    return side_open(side, role, options->conninfo, user, password, shared, pool) &&
           side_open(slow_side_of(role), role, options->conninfo, user, password, 0,
                     SLOW_CONNECTIONS);
}

bool db_open(const struct db_options *options)
{
    sides.has_tenant =
        open_role(DB_TENANT, options, options->tenant_user, options->tenant_password);
    sides.has_platform =
        options->platform_user &&
        open_role(DB_PLATFORM, options, options->platform_user, options->platform_password);
    listen_open(options->conninfo, options->tenant_user, options->tenant_password);
    return sides.has_tenant && (sides.has_platform || !options->platform_user);
}

void db_close(void)
{
    listen_close();
    side_close(&sides.tenant);
    side_close(&sides.platform);
    side_close(&sides.slow_tenant);
    side_close(&sides.slow_platform);
    sides.has_tenant = sides.has_platform = false;
}

char *db_role_password(struct arena *arena, const char *role)
{
    unsigned char key[SECRET_BYTES];
    char *hex = arena_alloc(arena, 2 * sizeof key + 1);
    secret_derive(arena_printf(arena, "database role %s", role), key);
    sodium_bin2hex(hex, 2 * sizeof key + 1, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return hex;
}

/* What `tulou serve` or `migrate` wrote: where the database is, and on a second line
 * what follows the roles' names there (db/installation.h). */
struct place {
    char conninfo[2048], suffix[32];
};

static bool read_place(struct place *out)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/run/db.conninfo", config_text(CONFIG_TULOU_VAR));
    FILE *file = fopen(path, "re");
    bool read = file && fgets(out->conninfo, sizeof out->conninfo, file);
    if (!read || !fgets(out->suffix, sizeof out->suffix, file))
        out->suffix[0] = '\0';
    if (file)
        fclose(file);
    out->conninfo[strcspn(out->conninfo, "\n")] = '\0';
    out->suffix[strcspn(out->suffix, "\n")] = '\0';
    return read;
}

const char *db_url_problem(void)
{
    const char *url = config_text(CONFIG_DATABASE_URL);
    PQconninfoOption *parts = *url ? PQconninfoParse(url, NULL) : NULL;
    const char *problem =
        *url && !parts ? "DATABASE_URL is not a connection string of PostgreSQL" : NULL;
    PQconninfoFree(parts);
    return problem;
}

/* The passwords are offered only to a server that asks for one. */
bool db_open_configured(bool platform, int64_t pool)
{
    struct arena *arena = arena_new();
    struct place place = {0};
    const char *problem = "TULOU_VAR/run/db.conninfo cannot be read: start with `tulou serve`, or "
                          "run `tulou migrate` first";
    bool opened = false;
    if (read_place(&place) && secret_load(&problem)) {
        const char *tenant = arena_printf(arena, "tulou_tenant%s", place.suffix);
        const char *all = arena_printf(arena, "tulou_platform%s", place.suffix);
        opened = db_open(
            &(struct db_options){.conninfo = place.conninfo,
                                 .tenant_user = tenant,
                                 .platform_user = platform ? all : NULL,
                                 .tenant_password = db_role_password(arena, tenant),
                                 .platform_password = db_role_password(arena, all),
                                 .shared = (int)config_int(CONFIG_TULOU_DB_CONNECTIONS),
                                 .pool = (int)(pool ? pool : config_int(CONFIG_TULOU_DB_POOL))});
    }
    if (!opened)
        log_error("no database", "detail", problem);
    arena_free(arena);
    return opened;
}

STATEMENT(db_is_ready, "select 1", 0);

/* Sets no tenant: it reads nobody's rows. */
bool db_ready(void)
{
    struct arena *arena = arena_new();
    struct db db = {.arena = arena, .role = DB_TENANT, .schema = "shared"};
    bool ready = db_get0(&db, &db_is_ready) != NULL;
    arena_free(arena);
    return ready;
}

/* The linker names the ends of the section. A program without statements of
 * its own still has the one above. */
extern const struct statement *const __start_statements[];
extern const struct statement *const __stop_statements[];

const struct statement *const *statements_all(size_t *count)
{
    /* cppcheck-suppress comparePointers ; both ends are of one section */
    *count = (size_t)(__stop_statements - __start_statements);
    return __start_statements;
}
