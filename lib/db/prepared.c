/* prepared: which statements a connection has prepared, keyed by schema and
 * name (a plan is bound to the tables of one schema), and which goes when there
 * are too many. Server names carry a serial number, so a name is never used
 * for two texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/internal.h"

/* FNV-1a */
static uint32_t hash_text(uint32_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static uint32_t hash_key(const char *schema, const char *name)
{
    return hash_text(hash_text(2166136261u, schema) ^ '.', name);
}

static void unlink_use(struct prepared_table *table, struct prepared *it)
{
    *(it->newer ? &it->newer->older : &table->newest) = it->older;
    *(it->older ? &it->older->newer : &table->oldest) = it->newer;
}

static void link_newest(struct prepared_table *table, struct prepared *it)
{
    it->newer = NULL;
    it->older = table->newest;
    *(table->newest ? &table->newest->newer : &table->oldest) = it;
    table->newest = it;
}

struct prepared *prepared_find(struct prepared_table *table, const char *schema,
                               const struct statement *statement)
{
    uint32_t hash = hash_key(schema, statement->name);
    struct prepared *it = table->chains[hash % PREPARED_CHAINS];
    for (; it; it = it->next)
        if (it->hash == hash && strcmp(it->name, statement->name) == 0 &&
            strcmp(it->schema, schema) == 0 && strcmp(it->sql, statement->sql) == 0)
            break;
    if (it && it != table->newest) {
        unlink_use(table, it);
        link_newest(table, it);
    }
    return it;
}

struct prepared *prepared_add(struct prepared_table *table, const char *schema,
                              const struct statement *statement)
{
    struct prepared *it = calloc(1, sizeof *it);
    if (!it)
        abort();
    it->hash = hash_key(schema, statement->name);
    it->sent = true;
    it->schema = strdup(schema);
    it->name = strdup(statement->name);
    it->sql = strdup(statement->sql);
    snprintf(it->server_name, sizeof it->server_name, "s%u", ++table->serial);
    it->next = table->chains[it->hash % PREPARED_CHAINS];
    table->chains[it->hash % PREPARED_CHAINS] = it;
    link_newest(table, it);
    table->count++;
    return it;
}

void prepared_remove(struct prepared_table *table, struct prepared *prepared)
{
    struct prepared **at = &table->chains[prepared->hash % PREPARED_CHAINS];
    while (*at != prepared)
        at = &(*at)->next;
    *at = prepared->next;
    unlink_use(table, prepared);
    table->count--;
    free(prepared->schema);
    free(prepared->name);
    free(prepared->sql);
    free(prepared);
}

struct prepared *prepared_surplus(struct prepared_table *table)
{
    if (table->count <= PREPARED_MAX)
        return NULL;
    struct prepared *it = table->oldest;
    while (it && it->sent)
        it = it->newer;
    return it;
}

void prepared_clear(struct prepared_table *table)
{
    while (table->newest)
        prepared_remove(table, table->newest); /* NOLINT(clang-analyzer-unix.Malloc): it changes */
}
