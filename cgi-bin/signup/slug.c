/* slug: whether an address can be had, and one made of a name. */
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "signup.h"

STATEMENT(slug_state, "select house.slug_is_reserved($1), house.slug_is_taken($1, null)",
          DB_ON_PLATFORM);

STATEMENT(slug_suggestion, "select house.slug_suggest($1)", DB_ON_PLATFORM);

static const struct field *slug_field(void)
{
    return field_find(signup_fields, "slug");
}

bool signup_slug_check(struct cx *cx, const char *slug, const char **problem, const char **why)
{
    struct value value;
    *problem = NULL;
    *why = NULL;
    if (!field_check_text(cx, slug_field(), slug, &value, problem, why))
        return true;
    struct rows *rows = db_get(&cx->db, &slug_state, slug);
    if (!rows)
        return fail_db(cx);
    bool reserved = rows_bool(rows, 0, 0);
    if (reserved || rows_bool(rows, 0, 1)) {
        *problem = reserved ? "slug_reserved" : "slug_taken";
        *why = reserved ? "This address is kept for the platform itself."
                        : "Another workspace has this address.";
    }
    return true;
}

const char *signup_slug_suggest(struct cx *cx, const char *name)
{
    struct rows *rows = db_get(&cx->db, &slug_suggestion, name);
    if (!rows)
        fail_db(cx);
    return rows ? rows_text(rows, 0, 0) : NULL;
}
