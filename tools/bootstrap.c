/* bootstrap: the first superadmin, made once, with a one-time password that
 * must be changed before anything else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/first_login.h"
#include "access/password.h"
#include "access/tenant.h"
#include "account/account.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/json.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "db/db.h"
#include "tool.h"

/* Of two nodes that start at once one makes the superadmin, and the other sees it. */
STATEMENT(bootstrap_lock, "select pg_advisory_xact_lock(hashtext('tulou.bootstrap'))",
          DB_WRITES | DB_ON_PLATFORM);

STATEMENT(bootstrap_needed,
          "select not exists (select from user_roles where role_key = 'superadmin')",
          DB_ON_PLATFORM);

STATEMENT(bootstrap_unused,
          "select exists (select from users\n"
          "               where tenant_id = $1::uuid and email = $2 and must_change_password)",
          DB_ON_PLATFORM);

static const char platform_id[] = "00000000-0000-7000-8000-000000000001";
static const char email[] = "superadmin@platform.local";

struct work {
    struct arena *arena;
    bool done;
};

static char *login_json(struct arena *arena, const char *password)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair(&json, "url",
              arena_printf(arena, "%s/login",
                           tenant_url(arena, &(struct tenant){.kind = TENANT_PLATFORM})));
    json_pair(&json, "tenant", "platform");
    json_pair(&json, "email", email);
    json_pair(&json, "password", password);
    json_close_object(&json);
    buf_putc(&out, '\n');
    return out.data;
}

/* Written whole before the account exists: a password that nobody can read any
 * more would lock everybody out. */
static bool write_login(struct arena *arena, const char *password)
{
    char *path = var_path("first-login.json"), *text = login_json(arena, password);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written =
        fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (!written)
        complain("%s cannot be written: %s", path, strerror(errno));
    free(path);
    return written;
}

static bool make_superadmin(struct db *db, struct arena *arena)
{
    char *password = text_random(arena, 15);
    const char *hash = password_hash(arena, password);
    if (!hash || !write_login(arena, password))
        return false;
    char id[UUID_SIZE];
    uuid_new(id);
    const struct account_new account = {.tenant_id = platform_id,
                                        .id = id,
                                        .email = email,
                                        .name = "Superadmin",
                                        .kind = "operator",
                                        .password_hash = hash,
                                        .role = "superadmin",
                                        .must_change = true};
    return account_open(db, &account);
}

/* Its password may have been changed on another node, or while this was not kept. */
static bool forget_used(struct db *db)
{
    const char *whose = first_login_email(db->arena);
    struct rows *unused = whose ? db_get(db, &bootstrap_unused, platform_id, whose) : NULL;
    if (unused && !rows_bool(unused, 0, 0))
        first_login_remove(db->arena);
    return !whose || unused;
}

static void run(void *arg)
{
    struct work *work = arg;
    struct db db;
    db_init(&db, work->arena, DB_PLATFORM, platform_id, "everyone");
    db_act_as(&db, "system", NULL, "bootstrap", NULL, NULL, NULL);
    if (db_begin(&db)) {
        struct rows *needed =
            db_get0(&db, &bootstrap_lock) ? db_get0(&db, &bootstrap_needed) : NULL;
        work->done = needed && (rows_bool(needed, 0, 0) ? make_superadmin(&db, work->arena)
                                                        : forget_used(&db));
        work->done = work->done && db_commit(&db);
    }
    if (!work->done)
        complain("%s", db.error.message ? db.error.message : "the database does not answer");
    db_rollback(&db);
    loop_stop();
}

int bootstrap_command(int argc, char **argv)
{
    struct work work = {.arena = arena_new()};
    (void)argc;
    (void)argv;
    if (!loop_init() || !db_open_configured(true, 0) || !coroutine_start(run, &work))
        return EXIT_FAILURE;
    loop_run();
    db_close();
    arena_free(work.arena);
    return work.done ? EXIT_SUCCESS : EXIT_FAILURE;
}
