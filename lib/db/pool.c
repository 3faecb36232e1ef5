/* pool: the connections of a process: for each role a few shared ones, and a
 * bounded number that requests take for themselves. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/log.h"
#include "base/loop/loop.h"
#include "base/secret.h"
#include "db/internal.h"

#include <sodium.h>

enum { ROLES = 2, SHARED_MAX = 8, POOL_MAX = 32 };

struct taker {
    struct coroutine *coroutine;
    struct connection *given;
    struct taker *next;
};

static struct {
    struct db_options options;
    struct connection shared[ROLES][SHARED_MAX];
    struct connection own[ROLES][POOL_MAX];
    struct taker *first[ROLES], *last[ROLES];
} pool;

const struct db_options *pool_options(void)
{
    return &pool.options;
}

static char *kept(const char *text)
{
    return text ? strdup(text) : NULL;
}

static int within(int value, int most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

bool db_open(const struct db_options *options)
{
    memset(&pool, 0, sizeof pool);
    pool.options = (struct db_options){
        .conninfo = kept(options->conninfo),
        .tenant_user = kept(options->tenant_user),
        .platform_user = kept(options->platform_user),
        .tenant_password = kept(options->tenant_password),
        .platform_password = kept(options->platform_password),
        .shared = within(options->shared, SHARED_MAX),
        .pool = within(options->pool, POOL_MAX),
    };
    for (int role = 0; role < ROLES; role++) {
        for (int i = 0; i < SHARED_MAX; i++)
            pool.shared[role][i].role = (enum db_role)role;
        for (int i = 0; i < POOL_MAX; i++)
            pool.own[role][i].role = (enum db_role)role;
    }
    return pool.options.conninfo != NULL;
}

/* The roles' passwords come from the root key: the migration sets the same. */
char *db_role_password(struct arena *arena, const char *role)
{
    unsigned char key[SECRET_BYTES];
    char *hex = arena_alloc(arena, 2 * SECRET_BYTES + 1);
    secret_derive(arena_printf(arena, "database role %s", role), key);
    sodium_bin2hex(hex, 2 * SECRET_BYTES + 1, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return hex;
}

/* One line, written by `tulou serve`. */
static char *read_conninfo(struct arena *arena)
{
    char line[4096] = "";
    FILE *file =
        fopen(arena_printf(arena, "%s/run/db.conninfo", config_text(CONFIG_TULOU_VAR)), "re");
    if (!file)
        return NULL;
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return got ? arena_text(arena, line) : NULL;
}

bool db_open_configured(bool platform)
{
    struct arena *arena = arena_new();
    const char *problem = NULL, *conninfo = read_conninfo(arena);
    bool remote = *config_text(CONFIG_DATABASE_URL) != '\0', open = false;
    if (!conninfo)
        log_error("run/db.conninfo cannot be read: start with `tulou serve`");
    else if (!secret_load(&problem))
        log_error(problem);
    else
        open = db_open(&(struct db_options){
            .conninfo = conninfo,
            .tenant_user = "tulou_tenant",
            .platform_user = platform ? "tulou_platform" : NULL,
            .tenant_password = remote ? db_role_password(arena, "tulou_tenant") : NULL,
            .platform_password = remote ? db_role_password(arena, "tulou_platform") : NULL,
            .shared = (int)config_int(CONFIG_TULOU_DB_CONNECTIONS),
            .pool = (int)config_int(CONFIG_TULOU_DB_POOL)});
    arena_free(arena);
    return open;
}

static void put_value(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, " %s='", name);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *value);
    }
    buf_putc(out, '\'');
}

char *conninfo_of(enum db_role role)
{
    struct buf out = {0};
    const struct db_options *options = &pool.options;
    bool tenant = role == DB_TENANT;
    buf_puts(&out, options->conninfo);
    put_value(&out, "user", tenant ? options->tenant_user : options->platform_user);
    put_value(&out, "password", tenant ? options->tenant_password : options->platform_password);
    put_value(&out, "options",
              tenant ? "-c search_path=shared,public -c timezone=UTC -c datestyle=ISO"
                     : "-c search_path=everyone,public -c timezone=UTC -c datestyle=ISO");
    put_value(&out, "application_name", "tulou");
    put_value(&out, "connect_timeout", "5");
    return out.data;
}

/* The least busy one. */
struct connection *pool_shared(enum db_role role)
{
    struct connection *best = &pool.shared[role][0];
    for (int i = 1; i < pool.options.shared; i++)
        if (pool.shared[role][i].in_flight < best->in_flight)
            best = &pool.shared[role][i];
    return best;
}

static struct connection *find_free(enum db_role role)
{
    struct connection *closed = NULL;
    for (int i = 0; i < pool.options.pool; i++) {
        struct connection *it = &pool.own[role][i];
        if (!it->held && it->pg)
            return it;
        if (!it->held && !closed)
            closed = it;
    }
    return closed;
}

static void leave_queue(enum db_role role, struct taker *taker)
{
    struct taker *before = NULL;
    for (struct taker *it = pool.first[role]; it; before = it, it = it->next) {
        if (it != taker)
            continue;
        if (before)
            before->next = it->next;
        else
            pool.first[role] = it->next;
        if (pool.last[role] == it)
            pool.last[role] = before;
        return;
    }
}

struct connection *pool_take(enum db_role role)
{
    struct connection *free_one = pool.first[role] ? NULL : find_free(role);
    if (free_one) {
        free_one->held = true;
        return free_one;
    }
    struct taker self = {.coroutine = coroutine_current()};
    if (pool.last[role])
        pool.last[role]->next = &self;
    else
        pool.first[role] = &self;
    pool.last[role] = &self;
    while (!self.given)
        if (!coroutine_wait() && coroutine_cancelled() && !self.given) {
            leave_queue(role, &self);
            return NULL;
        }
    return self.given;
}

/* Straight to who has waited longest. */
void pool_give(struct connection *connection)
{
    struct taker *next = pool.first[connection->role];
    if (!next) {
        connection->held = false;
        return;
    }
    leave_queue(connection->role, next);
    next->given = connection;
    coroutine_wake(next->coroutine);
}

void db_close(void)
{
    for (int role = 0; role < ROLES; role++) {
        for (int i = 0; i < SHARED_MAX; i++)
            if (pool.shared[role][i].pg)
                connection_close(&pool.shared[role][i]);
        for (int i = 0; i < POOL_MAX; i++)
            if (pool.own[role][i].pg)
                connection_close(&pool.own[role][i]);
    }
}
