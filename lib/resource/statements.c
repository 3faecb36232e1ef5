/* statements: SQL made by the engine, each text once. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/internal.h"

#include "db/db.h"

enum { KEPT = 1024 };

static struct statement *kept[KEPT];
static size_t kept_count;

static size_t hash_of(const char *text)
{
    size_t hash = 14695981039346656037ULL;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
    return hash;
}

/* The name is a digest of the text: two texts never share one. */
static void fill(struct statement *statement, char *name, const char *sql, unsigned flags)
{
    char digest[65];
    text_sha256(sql, strlen(sql), digest);
    memcpy(name, "made_", 5);
    memcpy(name + 5, digest, 32);
    name[37] = '\0';
    *statement = (struct statement){.name = name, .sql = sql, .flags = flags, .plain = sql};
}

/* Beyond the bound they live as long as the request. */
static struct statement *make(struct arena *arena, const char *sql, unsigned flags)
{
    struct statement *statement;
    if (kept_count > KEPT / 2) {
        statement = arena_alloc(arena, sizeof *statement);
        fill(statement, arena_alloc(arena, 40), sql, flags);
        return statement;
    }
    statement = malloc(sizeof *statement);
    char *name = malloc(40), *text = strdup(sql);
    if (!statement || !name || !text)
        abort();
    fill(statement, name, text, flags);
    return statement;
}

const struct statement *statement_made(struct arena *arena, const char *sql, unsigned flags)
{
    size_t at = hash_of(sql) % KEPT;
    for (; kept[at]; at = (at + 1) % KEPT)
        if (kept[at]->flags == flags && strcmp(kept[at]->sql, sql) == 0)
            return kept[at];
    struct statement *statement = make(arena, sql, flags);
    if (kept_count <= KEPT / 2) {
        kept[at] = statement;
        kept_count++;
    }
    return statement;
}
