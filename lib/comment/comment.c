/* comment: reading and writing them, and their addresses by API. */
#include "comment/comment.h"

#include <string.h>

#include "access/permission.h"
#include "access/session.h"
#include "base/text.h"
#include "comment/comment_parts.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/internal.h"
#include "resource/paged.h"
#include "resource/part.h"
#include "resource/rows_json.h"

#define COMMENT_COLUMNS                                                                            \
    "c.id, c.text,\n"                                                                              \
    "       (select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.name)\n"           \
    "                                  order by m.id), '[]')\n"                                    \
    "        from comment_mentions m\n"                                                            \
    "        join users u on u.tenant_id = m.tenant_id and u.id = m.user_id\n"                     \
    "        where m.tenant_id = c.tenant_id and m.comment_id = c.id),\n"                          \
    "       (select jsonb_build_object('id', u.id, 'name', u.name)\n"                              \
    "        from users u\n"                                                                       \
    "        where u.tenant_id = c.tenant_id and u.id = c.created_by_id),\n"                       \
    "       c.edited_at, c.created_at, c.created_by_id\n"                                          \
    "from comments c\n"                                                                            \
    "where c.tenant_id = $1::uuid and c.resource = $2 and c.record_id = $3::uuid\n"
enum { COLUMN_TEXT = 1, COLUMN_MAKER = 6 };

STATEMENT(comments_of,
          "select " COMMENT_COLUMNS "and ($4::uuid is null or c.id < $4::uuid)\n"
          "order by c.id desc\nlimit $5::int offset $6::int",
          0);
STATEMENT(comments_count,
          PAGED_COUNT("from comments\n"
                      "    where tenant_id = $1::uuid and resource = $2 and record_id = $3::uuid"),
          0);
STATEMENT(comment_get, "select " COMMENT_COLUMNS "and c.id = $4::uuid", 0);
STATEMENT(comment_insert,
          "insert into comments (tenant_id, id, resource, record_id, text, created_by_id)\n"
          "values ($1::uuid, $2::uuid, $3, $4::uuid, $5, $6::uuid)",
          DB_WRITES);
STATEMENT(comment_update,
          "update comments\n"
          "set text = $3, edited_at = now()\n"
          "where tenant_id = $1::uuid and id = $2::uuid and text <> $3",
          DB_WRITES);
STATEMENT(comment_delete, "delete from comments\nwhere tenant_id = $1::uuid and id = $2::uuid",
          DB_WRITES);

static const struct field user_fields[] = {{"id", UUID}, {"name", TEXT}, {.type = FIELD_END}};
static const struct field comment_fields[] = {
    {"id", UUID},
    {"text", LONG, .example = "@Nora Blum, can you ring them?", .help = "Plain text."},
    {"mentions", ARRAY, .fields = user_fields,
     .help = "Users whom it names and who see the record: they were told."},
    {"created_by", OBJECT, NULLABLE, .fields = user_fields,
     .help = "Who wrote it; null when that user is no longer there."},
    {"edited_at", TIME, NULLABLE, .help = "When its text was changed last; null: never."},
    {"created_at", TIME},
    {.type = FIELD_END}};
static const struct field comment_body[] = {
    {"text", LONG, REQUIRED, 1, 10000, .label = "Comment", .example = "They decide in March.",
     .help = "A user who is named as in @Nora Blum is told."},
    {.type = FIELD_END}};

const struct resource *comment_resource(const struct cx *cx)
{
    return ((const struct commented *)cx->route->about)->resource;
}

/* ---- finding ---- */

bool comment_find_record(struct cx *cx, struct list_result *record)
{
    return record_get(cx, comment_resource(cx), cx_path(cx, "id"), record);
}

static bool fail_missing(struct cx *cx)
{
    return fail(cx, 404, "not_found", "There is no such comment.");
}

struct rows *comment_find(struct cx *cx)
{
    const char *id = cx_path(cx, "commentId");
    struct list_result record;
    if (!comment_find_record(cx, &record))
        return NULL;
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &comment_get, cx->db.tenant_id,
                                             comment_resource(cx)->table, cx_path(cx, "id"), id)
                                    : NULL;
    if (rows && rows_count(rows) == 1)
        return rows;
    if (uuid_is(id) && !rows)
        fail_db(cx);
    else
        fail_missing(cx);
    return NULL;
}

const char *comment_text(const struct rows *rows)
{
    return rows_text(rows, 0, COLUMN_TEXT);
}

/* Their own; and who may delete the record takes away what others wrote. */
static bool check_own(struct cx *cx, const struct rows *rows, bool deletes)
{
    const struct resource *resource = comment_resource(cx);
    const char *needs = arena_printf(cx->arena, "%s:delete", resource->permission);
    struct list_result record;
    if (part_maker(cx) && text_equal(rows_text(rows, 0, COLUMN_MAKER), part_maker(cx)))
        return true;
    if (deletes && resource_may(cx, resource, needs) && comment_find_record(cx, &record) &&
        record_is_in_sight(cx, resource, &record, needs))
        return true;
    if (cx->failure.status != 0)
        return false;
    return deletes ? fail(cx, 403, "not_yours", "Only who wrote this comment may delete it.")
                   : fail(cx, 403, "not_yours", "Only who wrote this comment may change it.");
}

struct rows *comment_find_own(struct cx *cx, bool deletes)
{
    struct rows *rows = comment_find(cx);
    return rows && check_own(cx, rows, deletes) ? rows : NULL;
}

/* ---- writing ---- */

/* A page has other fields of that name. */
static const char *given_text(const struct cx *cx)
{
    return input_text(cx, cx->route->body == timeline_comment_form ? "comment" : "text");
}

bool comment_add(struct cx *cx, const char **id, const char **unseen)
{
    char *made = arena_alloc(cx->arena, UUID_SIZE);
    const char *text = given_text(cx), *record_id = cx_path(cx, "id");
    struct list_result record;
    uuid_new(made);
    *id = made;
    if (!comment_find_record(cx, &record))
        return false;
    if (!db_begin(&cx->db) || !db_get(&cx->db, &comment_insert, cx->db.tenant_id, made,
                                      comment_resource(cx)->table, record_id, text, part_maker(cx)))
        return fail_db(cx);
    return mention_tell(cx, comment_resource(cx), record_id, made, text, unseen) &&
           (db_commit(&cx->db) || fail_db(cx));
}

bool comment_change(struct cx *cx, const char **unseen)
{
    const char *id = cx_path(cx, "commentId"), *text = given_text(cx);
    *unseen = "";
    if (!comment_find_own(cx, false))
        return false;
    if (!text) /* a patch that says nothing */
        return true;
    if (!db_begin(&cx->db) || !db_get(&cx->db, &comment_update, cx->db.tenant_id, id, text))
        return fail_db(cx);
    return mention_tell(cx, comment_resource(cx), cx_path(cx, "id"), id, text, unseen) &&
           (db_commit(&cx->db) || fail_db(cx));
}

bool comment_remove(struct cx *cx)
{
    return comment_find_own(cx, true) &&
           (db_get(&cx->db, &comment_delete, cx->db.tenant_id, cx_path(cx, "commentId")) ||
            fail_db(cx));
}

/* ---- the API ---- */

static bool api_list(struct cx *cx)
{
    static const struct paged list = {&comments_of, &comments_count, comment_fields};
    struct list_result record;
    const char *const parameters[] = {cx->db.tenant_id, comment_resource(cx)->table,
                                      cx_path(cx, "id")};
    return comment_find_record(cx, &record) &&
           respond_paged(cx, &list, parameters, COUNT(parameters));
}

static bool answer_one(struct cx *cx, const char *id, int status)
{
    struct rows *rows = db_get(&cx->db, &comment_get, cx->db.tenant_id, comment_resource(cx)->table,
                               cx_path(cx, "id"), id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail_missing(cx);
    row_write_json(respond_begin(cx, status), comment_fields, rows, 0);
    return respond_end(cx);
}

static bool api_add(struct cx *cx)
{
    const char *id, *unseen;
    if (!comment_add(cx, &id, &unseen))
        return false;
    response_header_set(cx, "Location",
                        arena_printf(cx->arena, "%s/%s/comments/%s", comment_resource(cx)->api,
                                     cx_path(cx, "id"), id));
    return answer_one(cx, id, 201);
}

static bool api_get(struct cx *cx)
{
    return comment_find(cx) && answer_one(cx, cx_path(cx, "commentId"), 200);
}

static bool api_change(struct cx *cx)
{
    const char *unseen;
    return comment_change(cx, &unseen) && answer_one(cx, cx_path(cx, "commentId"), 200);
}

static bool api_delete(struct cx *cx)
{
    return comment_remove(cx) && respond_nothing(cx);
}

static size_t api_routes(const struct resource *resource, struct route *routes)
{
    static const struct field query[] = {PAGED_QUERY, {.type = FIELD_END}};
    const char *all = engine_text("%s/:id/comments", resource->api), *noun = resource->one;
    const char *one = engine_text("%s/:commentId", all), *a = text_article(noun);
    const char *kind = engine_text("%s comment", noun);
    const char *name = text_pascal(engine_arena(), kind);
    const struct access read =
        resource_access(resource, engine_text("%s:read", resource->permission));
    const struct route made[] = {
        ROUTE(GET, all, read, api_list, engine_text("List the comments on %s %s.", a, noun),
              .operation = engine_text("list%ss", name), .query = query, .answer = ANSWER_LIST,
              .answer_fields = comment_fields, .answer_name = "comment"),
        ROUTE(POST, all, read, api_add, engine_text("Comment on %s %s.", a, noun),
              .operation = engine_text("create%s", name), .body = comment_body,
              .answer_fields = comment_fields, .answer_name = "comment", .status = 201),
        ROUTE(GET, one, read, api_get, engine_text("Get a comment on %s %s.", a, noun),
              .operation = engine_text("get%s", name), .answer_fields = comment_fields,
              .answer_name = "comment"),
        ROUTE(PATCH, one, read, api_change,
              engine_text("Change a comment on %s %s that one wrote.", a, noun),
              .operation = engine_text("update%s", name), .body = comment_body,
              .answer_fields = comment_fields, .answer_name = "comment", .flags = ROUTE_MERGE,
              .errors = "403 not_yours"),
        ROUTE(DELETE, one, read, api_delete, engine_text("Delete a comment on %s %s.", a, noun),
              .operation = engine_text("delete%s", name), .answer = ANSWER_NOTHING,
              .errors = "403 not_yours"),
    };
    memcpy(routes, made, sizeof made);
    return COUNT(made);
}

enum { ROUTES_MOST = 5 + COMMENT_PAGES };

size_t comment_routes(const struct resource *resource, const struct route **routes)
{
    if (!resource->comments || !resource->api)
        return 0;
    struct commented *commented = arena_alloc(engine_arena(), sizeof *commented);
    struct route *made = arena_alloc(engine_arena(), sizeof *made * ROUTES_MOST);
    size_t count = api_routes(resource, made);
    if (resource->page)
        count += comment_pages(resource, made + count);
    commented->resource = resource;
    for (size_t i = 0; i < count; i++) {
        made[i].about = commented;
        made[i].flags |= sight_route_flags(resource);
    }
    *routes = made;
    return count;
}
