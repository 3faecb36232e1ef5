/* server: the database server that DATABASE_URL names, and what the areas are
 * told of the one they connect to. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "db/installation.h"
#include "tool.h"

/* A server that starts at the same time as we may be a little later. */
static const int64_t patience_us = 20000000;

const char *server_problem(const PGconn *pg)
{
    static char line[512];
    size_t len = 0;
    for (const char *c = PQerrorMessage(pg); *c && len < sizeof line - 1; c++)
        if (!strchr("\n\t", *c))
            line[len++] = *c;
        else if (len > 0 && line[len - 1] != ' ')
            line[len++] = ' ';
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return line;
}

/* What the URL itself says counts more. */
static const char *const names[] = {"connect_timeout", "application_name", "dbname", NULL};
static const char *const *values(void)
{
    static const char *all[] = {"5", "tulou", NULL, NULL};
    all[2] = config_text(CONFIG_DATABASE_URL);
    return all;
}

static PGconn *connect_server(void)
{
    return PQconnectdbParams(names, values(), 1);
}

static bool check_version(PGconn *pg, int oldest)
{
    const char *version = PQparameterStatus(pg, "server_version");
    return PQserverVersion(pg) >= oldest * 10000 ||
           complain("the server of DATABASE_URL is PostgreSQL %s, %d or newer is needed: upgrade "
                    "it, or name another",
                    version ? version : "of unknown version", oldest);
}

bool server_wait(int oldest)
{
    int64_t until = clock_monotonic_us() + patience_us;
    while (PQpingParams(names, values(), 1) != PQPING_OK && clock_monotonic_us() < until)
        if (!children_turn(200))
            return complain("stopped before the database was up");
    PGconn *pg = connect_server();
    bool good = PQstatus(pg) == CONNECTION_OK
                    ? check_version(pg, oldest)
                    : complain("DATABASE_URL cannot be used: %s", server_problem(pg));
    PQfinish(pg);
    return good;
}

static bool is_owners(const PQconninfoOption *option)
{
    return strcmp(option->keyword, "user") == 0 || strcmp(option->keyword, "password") == 0;
}

/* name='value' (PostgreSQL manual 34.1.1.1). */
static void put_option(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%s='", out->len ? " " : "", name);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *value);
    }
    buf_putc(out, '\'');
}

/* On the embedded cluster the roles have their plain names. */
static bool put_suffix(struct buf *out)
{
    char suffix[32] = "";
    bool known = true;
    if (*config_text(CONFIG_DATABASE_URL)) {
        PGconn *pg = connect_server();
        known = installation_suffix(pg, suffix, sizeof suffix) ||
                complain("DATABASE_URL cannot be used: %s", server_problem(pg));
        PQfinish(pg);
    }
    buf_printf(out, "\n%s\n", suffix);
    return known;
}

static void put_place(struct buf *out)
{
    char *owner = owner_conninfo();
    PQconninfoOption *all = PQconninfoParse(owner, NULL);
    for (const PQconninfoOption *it = all; it && it->keyword; it++)
        if (it->val && !is_owners(it))
            put_option(out, it->keyword, it->val);
    PQconninfoFree(all);
    free(owner);
}

/* Moved into place: an area that starts by itself never reads half of it. */
static bool write_whole(const char *path, const char *text)
{
    struct buf fresh = {0};
    buf_printf(&fresh, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(fresh.data, "we");
    bool written = file && fputs(text, file) >= 0;
    if (file)
        written = fclose(file) == 0 && written;
    written = (written && chmod(fresh.data, 0644) == 0 && rename(fresh.data, path) == 0) ||
              complain("%s cannot be written: %s", path, strerror(errno));
    buf_free(&fresh);
    return written;
}

bool server_write_conninfo(void)
{
    struct buf text = {0};
    char *path = var_path("run/db.conninfo");
    put_place(&text);
    bool written = put_suffix(&text) && write_whole(path, text.data);
    buf_free(&text);
    free(path);
    return written;
}
