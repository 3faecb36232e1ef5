#include "resource/event_sight.h"

#include <string.h>

#include "access/session.h"
#include "base/arena.h"
#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "resource/event_kind.h"
#include "resource/internal.h"
#include "resource/model.h"

#define UUID_TEXT "'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'"

/* A kind of record that events are about, and the record that says whose it is: itself, or the one
 * that it belongs to. */
struct event_subject {
    const char *word;
    const struct resource *resource, *root;
    const char *column; /* of the resource, which holds the root's id; NULL: it is the root */
    const char *permission;
};

/* What the platform keeps of its tenants stands in their logs too, and is for who reads these. */
static bool subject_at(size_t index, struct event_subject *out)
{
    const struct resource *resource = model_at(index);
    const char *word = event_word_of(resource), *column;
    if (event_resource(word) != resource || resource->personal ||
        text_starts(resource->permission, "platform."))
        return false;
    const struct resource *root = event_root(resource, &column);
    *out = (struct event_subject){word, resource, root, column,
                                  engine_text("%s:read", resource->permission)};
    return true;
}

/* All of them, for the process's life. */
static const struct event_subject *subjects(size_t *count)
{
    static struct event_subject *all;
    static size_t known;
    if (!all) {
        all = arena_alloc(engine_arena(), sizeof *all * (model_count() + 1));
        for (size_t i = 0; i < model_count(); i++)
            if (subject_at(i, &all[known]))
                known++;
    }
    *count = known;
    return all;
}

/* ---- for one who asks ---- */

/* Whether its root's owner is one of these, by the row that is there; null: it is gone. */
static const char *owned_now(struct arena *arena, const struct event_subject *subject,
                             const char *owners)
{
    const struct resource *root = subject->root;
    const char *id = "case when resource_id ~ " UUID_TEXT " then resource_id::uuid end";
    if (!subject->column)
        return arena_printf(arena,
                            "(select coalesce(o.%s = any (%s), false) from %s o\n"
                            " where o.tenant_id = events.tenant_id and o.id = %s)",
                            root->owner, owners, root->table, id);
    return arena_printf(arena,
                        "(select coalesce(o.%s = any (%s), false) from %s p\n"
                        " join %s o on o.tenant_id = p.tenant_id and o.id = p.%s\n"
                        " where p.tenant_id = events.tenant_id and p.id = %s)",
                        root->owner, owners, subject->resource->table, root->table, subject->column,
                        id);
}

static const char *named(struct arena *arena, const char *column)
{
    return arena_printf(arena,
                        "coalesce(changes #>> '{before,%s}', changes #>> '{after,%s}')::uuid",
                        column, column);
}

/* The same by what the event says itself. */
static const char *owned_then(struct arena *arena, const struct event_subject *subject,
                              const char *owners)
{
    if (!subject->column)
        return arena_printf(arena, "%s = any (%s)", named(arena, subject->root->owner), owners);
    return arena_printf(arena,
                        "(select o.%s = any (%s) from %s o\n"
                        " where o.tenant_id = events.tenant_id and o.id = %s)",
                        subject->root->owner, owners, subject->root->table,
                        named(arena, subject->column));
}

struct sight_parts {
    struct buf kinds; /* words that are not seen all: "lead,deal" */
    struct buf seen;  /* "or (…)" for those of which some are */
    struct buf shut;  /* resources with attachments that are not seen all: 'leads' */
};

static void add_subject(const struct cx *cx, struct conditions *where,
                        const struct event_subject *subject, struct sight_parts *parts)
{
    enum sight sight = sight_of(cx, subject->permission);
    bool owned = subject->root->owner != NULL;
    if (sight == SIGHT_ALL)
        return;
    buf_printf(&parts->kinds, "%s%s", parts->kinds.len ? "," : "", subject->word);
    if (subject->resource->attachments || subject->resource->comments)
        buf_printf(&parts->shut, "%s%s", parts->shut.len ? "," : "", subject->resource->table);
    if (!owned || sight == SIGHT_NONE || cx->db.role == DB_PLATFORM)
        return;
    const struct viewer viewer = {.sight = sight, .user_id = cx->session->user_id};
    const char *owners = conditions_owners(where, subject->root, &viewer);
    buf_printf(&parts->seen,
               "\n or (resource_type = any (house.event_stored_words('{%s}'))\n"
               "     and coalesce(%s, %s, false))",
               subject->word, owned_now(where->arena, subject, owners),
               owned_then(where->arena, subject, owners));
}

/* A file, or a comment, belongs to a record of a table; of those that are not seen all, none is. */
static const char *belonging_sight(struct arena *arena, const char *word, const char *table,
                                   const char *shut)
{
    return arena_printf(
        arena,
        "\nand (resource_type <> all (house.event_stored_words('{%s}'))\n"
        "     or coalesce(changes #>> '{before,resource}', changes #>> '{after,resource}',\n"
        "                 (select f.resource from %s f\n"
        "                  where f.tenant_id = events.tenant_id and f.id::text = resource_id), "
        "'')\n"
        "        <> all ('{%s}'))",
        word, table, shut);
}

static const char *file_sight(struct arena *arena, const char *shut)
{
    return arena_printf(arena, "%s%s", belonging_sight(arena, "file", "files", shut),
                        belonging_sight(arena, "comment", "comments", shut));
}

const char *event_sight_sql(const struct cx *cx, struct conditions *where)
{
    size_t count;
    struct sight_parts parts;
    const struct event_subject *all = subjects(&count);
    buf_init(&parts.kinds, where->arena);
    buf_init(&parts.seen, where->arena);
    buf_init(&parts.shut, where->arena);
    buf_puts(&parts.seen, "");
    for (size_t i = 0; i < count; i++)
        add_subject(cx, where, &all[i], &parts);
    if (parts.kinds.len == 0)
        return NULL;
    return arena_printf(where->arena,
                        "(resource_type is null\n"
                        " or (resource_type <> all (house.event_stored_words('{%s}'))%s)%s)",
                        parts.kinds.data,
                        parts.shut.len ? file_sight(where->arena, parts.shut.data) : "",
                        parts.seen.data);
}

/* ---- for many ---- */

/* "when 'lead' then (…)": the owner of the record, '' when it has none; null: it is gone. */
static void add_owner_case(struct buf *sql, const struct event_subject *subject)
{
    const struct resource *root = subject->root;
    if (!root->owner)
        return;
    if (subject->column)
        buf_printf(sql,
                   "\nwhen '%s' then (select coalesce(o.%s::text, '') from %s p\n"
                   "    join %s o on o.tenant_id = p.tenant_id and o.id = p.%s\n"
                   "    where p.tenant_id = e.tenant_id and p.id = e.id)",
                   subject->word, root->owner, subject->resource->table, root->table,
                   subject->column);
    else
        buf_printf(sql,
                   "\nwhen '%s' then (select coalesce(o.%s::text, '') from %s o\n"
                   "    where o.tenant_id = e.tenant_id and o.id = e.id)",
                   subject->word, root->owner, root->table);
}

static const struct statement *owners_statement(void)
{
    static struct statement made;
    size_t count;
    const struct event_subject *all = subjects(&count);
    struct buf sql;
    if (made.sql)
        return &made;
    buf_init(&sql, engine_arena());
    buf_puts(&sql, "select case e.word");
    for (size_t i = 0; i < count; i++)
        add_owner_case(&sql, &all[i]);
    buf_puts(&sql, "\nwhen '' then '' end\n"
                   "from unnest($1::uuid[], $2::text[], $3::uuid[]) with ordinality\n"
                   "     e (tenant_id, word, id, place)\n"
                   "order by place");
    made = (struct statement){
        .name = "event_owners", .sql = sql.data, .flags = DB_ON_PLATFORM | DB_SLOW};
    return &made;
}

static const struct event_subject *subject_of(const char *word)
{
    size_t count;
    const struct event_subject *all = subjects(&count);
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(all[i].word, word) == 0)
            return &all[i];
    return NULL;
}

/* Whom the event itself names as the owner of a record that is gone. */
static const char *owner_then(struct arena *arena, const struct event_subject *subject,
                              const char *changes)
{
    static const char *const sides[] = {"before", "after"};
    json_object *stored = changes && !subject->column ? json_tokener_parse(changes) : NULL;
    json_object *side, *value;
    const char *owner = NULL;
    for (size_t i = 0; i < COUNT(sides) && !owner; i++)
        if (json_object_object_get_ex(stored, sides[i], &side) &&
            json_object_object_get_ex(side, subject->root->owner, &value) && value)
            owner = arena_text(arena, json_object_get_string(value));
    json_object_put(stored);
    return owner;
}

const struct event_needs *event_needs_read(struct db *db, const char *const *tenant_ids,
                                           const char *const *words, const char *const *ids,
                                           const char *const *changes, size_t count)
{
    struct event_needs *needs = arena_alloc(db->arena, sizeof *needs * (count + 1));
    struct buf tenants, kinds, records;
    size_t asked = 0;
    buf_init(&tenants, db->arena);
    buf_init(&kinds, db->arena);
    buf_init(&records, db->arena);
    for (size_t i = 0; i < count; i++) {
        const struct event_subject *subject = subject_of(words[i]);
        bool owned = subject && subject->root->owner && uuid_is(ids[i]);
        needs[i] = (struct event_needs){subject ? subject->permission : NULL, owned, NULL};
        if (!owned)
            continue;
        buf_printf(&tenants, "%c%s", asked ? ',' : '{', tenant_ids[i]);
        buf_printf(&kinds, "%c%s", asked ? ',' : '{', words[i]);
        buf_printf(&records, "%c%s", asked++ ? ',' : '{', ids[i]);
    }
    if (asked == 0)
        return needs;
    buf_putc(&tenants, '}');
    buf_putc(&kinds, '}');
    buf_putc(&records, '}');
    const struct rows *rows =
        db_get(db, owners_statement(), tenants.data, kinds.data, records.data);
    if (!rows)
        return NULL;
    for (size_t i = 0, row = 0; i < count; i++) {
        if (!needs[i].owned)
            continue;
        const char *owner = rows_text(rows, row++, 0);
        if (!owner)
            owner = owner_then(db->arena, subject_of(words[i]), changes[i]);
        needs[i].owner_id = owner && *owner ? owner : NULL;
    }
    return needs;
}
