/* visit: requests as the access floor sees them, against a real database with a
 * small world of tenants. Everything a test does runs in one coroutine. */
#ifndef TESTS_VISIT_H
#define TESTS_VISIT_H

#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include "unit.h"

#include "access/access.h"
#include "access/session.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "access/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/text.h"
#include "database.h"
#include "http/cx.h"

#define PLATFORM_ID "00000000-0000-7000-8000-000000000001"
#define RESELLER_ID "0193aaaa-0000-7000-8000-00000000000a"
#define CHILD_ID "0193aaaa-0000-7000-8000-00000000000b"
#define CLUB_ID "0193aaaa-0000-7000-8000-00000000000c"
#define OTHER_ID "0193aaaa-0000-7000-8000-00000000000d"

#define SUPERADMIN_ID "0193aaaa-0000-7000-8000-000000000f01"
#define HARBOR_ID "0193aaaa-0000-7000-8000-000000000f02"
#define OWNER_ID "0193aaaa-0000-7000-8000-000000000f03"
#define STAFF_ID "0193aaaa-0000-7000-8000-000000000f04"
#define OTHER_OWNER_ID "0193aaaa-0000-7000-8000-000000000f05"
#define CHILD_OWNER_ID "0193aaaa-0000-7000-8000-000000000f06"

/* The platform, whose operators need no factor; the reseller harbor with its child dockside; the
 * club and another business, which have nothing to do with each other. */
static DATABASE_UNUSED void world_make(void)
{
    database_sql(
        "insert into tenants (id, parent_id, kind, name, slug, status) values "
        "('" RESELLER_ID "', '" PLATFORM_ID "', 'reseller', 'Harbor', 'harbor', 'active'), "
        "('" CHILD_ID "', '" RESELLER_ID "', 'business', 'Dockside', 'dockside', 'active'), "
        "('" CLUB_ID "', '" PLATFORM_ID "', 'business', 'Club', 'club', 'active'), "
        "('" OTHER_ID "', '" PLATFORM_ID "', 'business', 'Other', 'other', 'trial');"
        "insert into everyone.users (tenant_id, id, email, name, kind) values "
        "('" PLATFORM_ID "', '" SUPERADMIN_ID "', 'root@platform.test', 'Root', 'operator'), "
        "('" RESELLER_ID "', '" HARBOR_ID "', 'owner@harbor.test', 'Hal', 'owner'), "
        "('" CHILD_ID "', '" CHILD_OWNER_ID "', 'owner@dockside.test', 'Dot', 'owner'), "
        "('" CLUB_ID "', '" OWNER_ID "', 'owner@club.test', 'Ana', 'owner'), "
        "('" CLUB_ID "', '" STAFF_ID "', 'staff@club.test', 'Ben', 'staff'), "
        "('" OTHER_ID "', '" OTHER_OWNER_ID "', 'owner@other.test', 'Oto', 'owner');"
        "insert into everyone.user_roles (tenant_id, user_id, role_key) values "
        "('" PLATFORM_ID "', '" SUPERADMIN_ID "', 'superadmin'), "
        "('" RESELLER_ID "', '" HARBOR_ID "', 'reseller_admin'), "
        "('" CHILD_ID "', '" CHILD_OWNER_ID "', 'owner'), "
        "('" CLUB_ID "', '" OWNER_ID "', 'owner'), "
        "('" CLUB_ID "', '" STAFF_ID "', 'staff'), "
        "('" OTHER_ID "', '" OTHER_OWNER_ID "', 'owner');"
        "update tenants set settings = '{\"operators\": {\"needFactor\": false}}' "
        "where kind = 'platform'");
}

/* Everything but the platform's tenant goes. */
static DATABASE_UNUSED void world_end(void)
{
    database_sql("delete from tenants where kind = 'business' and parent_id <> '" PLATFORM_ID "'; "
                 "delete from tenants where kind <> 'platform'; "
                 "alter table everyone.user_roles disable trigger user; "
                 "delete from everyone.users; "
                 "alter table everyone.user_roles enable trigger user; "
                 "delete from everyone.login_attempts; delete from house.rights_changes; "
                 "delete from everyone.tenant_branding; update tenants set settings = '{}'");
}

/* Memory, keys and configuration of the process; TULOU_DOMAIN is "localhost". */
static DATABASE_UNUSED void process_begin(void)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    const char *problem, *key = "k1";
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert(config_load(&problem));
    secret_set_root(root);
    token_set_keys(&key, 1);
    ck_assert(shared_open(NULL));
}

struct visit {
    struct arena *arena;
    struct cx *cx;
};

/* A request; then pairs of header (as HTTP_… variable) and value, closed by NULL. */
static DATABASE_UNUSED struct visit visit_begin(const struct route *route, const char *host, ...)
{
    struct arena *arena = arena_new();
    struct visit visit = {arena, arena_alloc(arena, sizeof *visit.cx)};
    char **environment = arena_alloc(arena, sizeof *environment * 24);
    va_list headers;
    const char *name;
    int count = 0;
    environment[count++] =
        arena_printf(arena, "REQUEST_METHOD=%s", route ? method_name(route->method) : "GET");
    environment[count++] = arena_printf(arena, "REQUEST_URI=%s", route ? route->path : "/");
    environment[count++] = arena_text(arena, "REMOTE_ADDR=192.0.2.1");
    environment[count++] = arena_text(arena, "REQUEST_SCHEME=http");
    environment[count++] = arena_printf(arena, "HTTP_HOST=%s", host);
    va_start(headers, host);
    while ((name = va_arg(headers, const char *)) != NULL) {
        const char *value = va_arg(headers, const char *);
        if (value)
            environment[count++] = arena_printf(arena, "%s=%s", name, value);
    }
    va_end(headers);
    visit.cx->arena = arena;
    visit.cx->route = route;
    visit.cx->started_us = clock_monotonic_us();
    visit.cx->is_page = route && route->answer == ANSWER_PAGE;
    uuid_new(visit.cx->request_id);
    buf_init(&visit.cx->response.body, arena);
    ck_assert(request_read_head(visit.cx, environment));
    return visit;
}

static DATABASE_UNUSED void visit_end(struct visit *visit)
{
    db_rollback(&visit->cx->db);
    arena_free(visit->arena);
}

static DATABASE_UNUSED const char *visit_header(const struct visit *visit, const char *name)
{
    for (const struct header *it = visit->cx->response.headers; it; it = it->next)
        if (strcasecmp(it->name, name) == 0)
            return it->value;
    return NULL;
}

static DATABASE_UNUSED void visit_failed(const struct visit *visit, int status, const char *code)
{
    const struct failure *failure = &visit->cx->failure;
    ck_assert_msg(failure->status == status && text_equal(failure->code, code), "%d %s (%s)",
                  failure->status, failure->code ? failure->code : "",
                  failure->message ? failure->message : "");
}

/* ---- several at once ---- */
struct together {
    loop_function *work;
    int left;
    struct coroutine *waiting;
};
struct together_one {
    struct together *all;
    void *arg;
};

static DATABASE_UNUSED void together_one(void *arg)
{
    struct together_one *one = arg;
    struct together *all = one->all;
    all->work(one->arg);
    if (--all->left == 0 && all->waiting)
        coroutine_wake(all->waiting);
}

/* Runs work(&items[i]) in a coroutine each, and waits for all. */
static DATABASE_UNUSED void together(loop_function *work, void *items, size_t size, int count)
{
    enum { MOST = 32 };
    struct together_one ones[MOST];
    struct together all = {.work = work, .left = count};
    ck_assert_int_le(count, MOST);
    for (int i = 0; i < count; i++) {
        ones[i] = (struct together_one){&all, (char *)items + (size_t)i * size};
        ck_assert(coroutine_start(together_one, &ones[i]));
    }
    all.waiting = coroutine_current();
    while (all.left > 0)
        ck_assert(coroutine_wait());
}

/* A test whose body runs in a coroutine, in a fresh world. */
#define IN_WORLD(name)                                                                             \
    static void name##_body(void *unused);                                                         \
    START_TEST(name)                                                                               \
    {                                                                                              \
        world_end();                                                                               \
        world_make();                                                                              \
        process_begin();                                                                           \
        database_run(NULL, name##_body, NULL);                                                     \
        shared_close();                                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name##_body(void *unused __attribute__((unused)))

#endif
