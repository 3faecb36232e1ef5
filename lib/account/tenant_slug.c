#include "account/tenant_slug.h"

#include "access/tenant.h"
#include "db/db.h"
#include "http/cx.h"
#include "resource/input.h"

STATEMENT(tenant_slug_state, "select house.slug_is_reserved($1), house.slug_is_taken($1, null)",
          DB_ON_PLATFORM);

STATEMENT(tenant_slug_made, "select house.slug_suggest($1)", DB_ON_PLATFORM);

/* Whatever tenant the one who asks is in: slugs are everybody's. */
static struct rows *slug_ask(struct cx *cx, const struct statement *statement, const char *text)
{
    struct db db;
    db_init(&db, cx->arena, DB_PLATFORM, NULL, "everyone");
    struct rows *rows = db_get(&db, statement, text);
    if (rows)
        return rows;
    cx->db.error = db.error;
    fail_db(cx);
    return NULL;
}

bool tenant_slug_check(struct cx *cx, const struct field *field, const char *slug,
                       const char **problem, const char **why)
{
    struct value value;
    *problem = NULL;
    *why = NULL;
    if (!field_check_text(cx, field, slug, &value, problem, why))
        return true;
    struct rows *rows = slug_ask(cx, &tenant_slug_state, slug);
    if (!rows)
        return false;
    bool reserved = rows_bool(rows, 0, 0);
    if (reserved || rows_bool(rows, 0, 1)) {
        *problem = reserved ? "slug_reserved" : "slug_taken";
        *why = reserved ? "This address is kept for the platform itself."
                        : "Another workspace has this address.";
    }
    return true;
}

const char *tenant_slug_suggest(struct cx *cx, const char *name)
{
    struct rows *rows = slug_ask(cx, &tenant_slug_made, name);
    return rows ? rows_text(rows, 0, 0) : NULL;
}

const struct field tenant_slug_query[] = {
    {"slug", TEXT, 0, 1, 60, .example = "northside"},
    {"organisation", TEXT, 0, 1, 100, .example = "Northside Club"},
    {.type = FIELD_END}};

const struct field tenant_slug_answer[] = {
    {"slug", TEXT, .help = "The one that was asked for, else one made of the name."},
    {"url", URL, .help = "Where its workspace would answer."},
    {"free", BOOL},
    {"problem", TEXT, NULLABLE, .help = "slug_taken, slug_reserved, or why it cannot be one."},
    {"message", TEXT},
    {"suggestion", TEXT, NULLABLE, .help = "One that is free, made of the organisation's name."},
    {.type = FIELD_END}};

bool tenant_slug_look_up(struct cx *cx, const struct field *field)
{
    const char *slug = query_text(cx, "slug"), *name = query_text(cx, "organisation");
    const char *problem = NULL, *why = NULL, *suggestion = NULL;
    if (name && !(suggestion = tenant_slug_suggest(cx, name)))
        return false;
    if (!slug)
        slug = suggestion;
    if (!slug)
        return fail_field(cx, "slug", "required", "Say a slug, or the organisation's name.");
    if (!tenant_slug_check(cx, field, slug, &problem, &why))
        return false;
    const struct tenant made = {.kind = TENANT_BUSINESS, .slug = slug};
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "slug", slug);
    json_pair(json, "url", tenant_url(cx->arena, &made));
    json_pair_bool(json, "free", !problem);
    json_pair(json, "problem", problem);
    json_pair(json, "message", cx_text(cx, problem ? why : "This address is free."));
    json_pair(json, "suggestion", suggestion);
    json_close_object(json);
    return respond_end(cx);
}
