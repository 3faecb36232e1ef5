/* tenant_cache: tenants as looked up a moment ago, by domain, slug or id. */
#include <stdlib.h>
#include <string.h>

#include "access/internal.h"
#include "access/shared.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(tenant_id_of, "select house.tenant_id_of($1, $2, $3::uuid)", 0);

STATEMENT(tenant_here, "select t.* from house.tenant_here() t", 0);

enum { SETS = 512, WAYS = 4, KEY_MAX = 254, COLUMNS = 23 };

static const int64_t fresh_us = 60000000, unknown_fresh_us = 2000000;

/* One answer of the look-up, shared by the requests that hold it: one block of
 * the heap with all its texts, and what was read of its settings and features. */
struct cached {
    enum tenant_key kind;
    char *key;
    struct tenant *tenant; /* NULL: there is none by this key */
    uint32_t generation;   /* of the tenant and of those it inherits from */
    uint32_t changes;      /* when that was last found unchanged */
    int64_t loaded_us;
    unsigned holders;
};

/* Those whose keys fall together share a set, the one used last in front: with
 * one place for each, two busy tenants would turn each other out all the time. */
static struct cached *cache[SETS][WAYS];

static struct cached **set_of(enum tenant_key kind, const char *key)
{
    unsigned hash = 2166136261u + (unsigned)kind;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    return cache[hash % SETS];
}

static bool is_of(const struct cached *cached, enum tenant_key kind, const char *key)
{
    return cached && cached->kind == kind && strcmp(cached->key, key) == 0;
}

/* Its place in the set; else that of the one that was not used for longest. */
static int find_way(struct cached *const *set, enum tenant_key kind, const char *key)
{
    int way = 0;
    while (way < WAYS - 1 && !is_of(set[way], kind, key))
        way++;
    return way;
}

static void move_to_front(struct cached **set, int way, struct cached *cached)
{
    memmove(set + 1, set, sizeof *set * (size_t)way);
    set[0] = cached;
}

static void release(void *arg)
{
    struct cached *cached = arg;
    if (--cached->holders > 0)
        return;
    if (cached->tenant) {
        json_object_put(cached->tenant->settings);
        json_object_put(cached->tenant->features);
    }
    free(cached);
}

/* The tenant stays in memory as long as the request, even when it is looked up
 * anew meanwhile. */
static const struct tenant *hold(struct cx *cx, struct cached *cached)
{
    cached->holders++;
    arena_defer(cx->arena, release, cached);
    return cached->tenant;
}

/* Changes when the tenant, or one that it inherits from, changes. */
static uint32_t generation_of(const struct tenant *tenant)
{
    uint32_t sum = shared_generation("*") + shared_generation(platform_id);
    if (tenant)
        sum += shared_generation(tenant->id) + shared_generation(tenant->parent_id);
    return sum;
}

static bool is_fresh(struct cached *cached)
{
    int64_t age = clock_monotonic_us() - cached->loaded_us;
    uint32_t changes = shared_changes();
    if (age >= (cached->tenant ? fresh_us : unknown_fresh_us))
        return false;
    if (cached->changes == changes)
        return true;
    /* Of a tenant that was not there nobody knows which change brought it. */
    if (!cached->tenant || cached->generation != generation_of(cached->tenant))
        return false;
    cached->changes = changes;
    return true;
}

static void generation_bump(void *id)
{
    shared_generation_bump(id);
}

void tenant_changed(struct db *db, const char *id)
{
    if (db)
        db_after_commit(db, generation_bump, arena_text(db->arena, id));
    else
        shared_generation_bump(id);
}

/* ---- from a row to a block ---- */

static int word_of(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (text_equal(word, words[i]))
            return i;
    return 0;
}

static const char *schema_of(struct arena *arena, const char *isolation, const char *id)
{
    if (strcmp(isolation, "schema") != 0)
        return "shared";
    char *name = arena_printf(arena, "tenant_%s", id), *to = name;
    for (const char *from = name; *from; from++)
        if (*from != '-')
            *to++ = *from;
    *to = '\0';
    return name;
}

static enum date_order date_order_of(json_object *settings)
{
    json_object *general = json_object_object_get(settings, "general");
    return date_order_named(json_object_get_string(json_object_object_get(general, "dateFormat")));
}

static void read_tenant(struct tenant *tenant, const char *const *text)
{
    static const char *const kinds[] = {"platform", "reseller", "business"};
    static const char *const statuses[] = {"trial", "active", "inactive", "suspended"};
    memcpy(tenant->id, text[0], UUID_SIZE);
    if (text[1])
        memcpy(tenant->parent_id, text[1], UUID_SIZE);
    tenant->kind = (enum tenant_kind)word_of(text[2], kinds, 3);
    tenant->status = (enum tenant_status)word_of(text[3], statuses, 4);
    tenant->name = text[4];
    tenant->slug = text[5];
    tenant->schema = text[6];
    tenant->locale = text[7];
    tenant->time_zone = text[8];
    tenant->currency = text[9];
    tenant->settings = json_tokener_parse(text[10]);
    tenant->date_order = date_order_of(tenant->settings);
    tenant->features = json_tokener_parse(text[11]);
    tenant->branding = (struct branding){.name = text[12],
                                         .logo_url = text[13],
                                         .favicon_url = text[14],
                                         .primary = text[15],
                                         .accent = text[16],
                                         .login_text = text[17],
                                         .footer = text[18],
                                         .email_sender = text[19]};
    tenant->networks = text[20];
    tenant->domain = text[21];
    tenant->unverified = text_equal(text[22], "t");
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static char *move_in(char **at, const char *text)
{
    char *place = *at;
    if (!text)
        return NULL;
    *at += size_of(text);
    return memcpy(place, text, size_of(text));
}

static struct cached *new_cached(enum tenant_key kind, const char *key, bool known,
                                 const char *text[static COLUMNS])
{
    size_t size = sizeof(struct cached) + sizeof(struct tenant) + size_of(key);
    for (int i = 0; known && i < COLUMNS; i++)
        size += size_of(text[i]);
    struct cached *cached = calloc(1, size);
    if (!cached)
        log_out_of_memory();
    struct tenant *tenant = (struct tenant *)(cached + 1);
    char *at = (char *)(tenant + 1);
    *cached = (struct cached){.kind = kind, .key = move_in(&at, key), .holders = 1};
    if (!known)
        return cached;
    for (int i = 0; i < COLUMNS; i++)
        text[i] = move_in(&at, text[i]);
    read_tenant(tenant, text);
    cached->tenant = tenant;
    return cached;
}

/* First who it is, then, as that tenant, what it is: the role may ask nothing of others. */
static struct rows *find_row(struct db *db, struct arena *arena, enum tenant_key kind,
                             const char *key)
{
    db_init(db, arena, DB_TENANT, NULL, "shared");
    struct rows *found = db_get(db, &tenant_id_of, kind == BY_DOMAIN ? key : NULL,
                                kind == BY_SLUG ? key : NULL, kind == BY_ID ? key : NULL);
    if (!found || !rows_text(found, 0, 0))
        return found;
    db_init(db, arena, DB_TENANT, rows_text(found, 0, 0), "shared");
    return db_get0(db, &tenant_here);
}

/* NULL: the database is away, cx->db.error says it. */
static struct cached *load(struct cx *cx, enum tenant_key kind, const char *key)
{
    struct db db;
    const char *text[COLUMNS];
    uint32_t before = shared_changes();
    struct rows *rows = find_row(&db, cx->arena, kind, key);
    if (!rows) {
        cx->db.error = db.error;
        return NULL;
    }
    bool known = rows_count(rows) > 0 && rows_text(rows, 0, 0);
    for (int i = 0; known && i < COLUMNS; i++)
        text[i] = rows_text(rows, 0, i);
    if (known)
        text[6] = schema_of(cx->arena, text[6], text[0]);
    struct cached *cached = new_cached(kind, key, known, text);
    cached->loaded_us = clock_monotonic_us();
    cached->generation = generation_of(cached->tenant);
    cached->changes = shared_changes();
    if (cached->changes != before)     /* perhaps this one, while we looked: good for */
        cached->loaded_us -= fresh_us; /* this request only */
    return cached;
}

bool tenant_look_up(struct cx *cx, enum tenant_key kind, const char *key,
                    const struct tenant **found)
{
    *found = NULL;
    if (strlen(key) > KEY_MAX)
        return true;
    struct cached **set = set_of(kind, key), *cached = set[find_way(set, kind, key)];
    if (!is_of(cached, kind, key) || !is_fresh(cached)) {
        cached = load(cx, kind, key);
        if (!cached)
            return false;
    }
    /* While it was loaded, others may have moved what is in the set. */
    int way = find_way(set, kind, key);
    if (set[way] && set[way] != cached)
        release(set[way]);
    move_to_front(set, way, cached);
    *found = hold(cx, cached);
    return true;
}
