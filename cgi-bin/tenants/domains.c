/* domains: a tenant's own domains. They answer once they are verified. */
#include <ctype.h>
#include <string.h>

#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "tenants.h"

#define OF_TENANT "tenant_id = current_setting('app.tenant_id')::uuid"
#define DOMAIN_COLUMNS "id, domain, is_primary, verification_token, verified_at, created_at"

STATEMENT(domains_list,
          "select " DOMAIN_COLUMNS "\n"
          "from tenant_domains\n"
          "where " OF_TENANT "\n"
          "order by domain\n"
          "limit 100",
          0);

STATEMENT(domain_insert,
          "insert into tenant_domains (tenant_id, domain, is_primary)\n"
          "values (current_setting('app.tenant_id')::uuid, $1, $2::bool)\n"
          "returning " DOMAIN_COLUMNS,
          DB_WRITES);

STATEMENT(domain_delete,
          "delete from tenant_domains\n"
          "where " OF_TENANT " and id = $1::uuid\n"
          "returning id",
          DB_WRITES);

static const struct field domain_fields[] = {
    {"id", UUID},
    {"domain", TEXT},
    {"is_primary", BOOL},
    {"verification_token", TEXT, .help = "Put it into the TXT record _tulou.DOMAIN."},
    {"verified_at", TIME, NULLABLE},
    {"created_at", TIME},
    {.type = FIELD_END}};

static void write_domain(struct json *json, const struct rows *rows, size_t row)
{
    json_open_object(json);
    for (int i = 0; i < rows_width(rows); i++) {
        json_key(json, field_json_name(&domain_fields[i]));
        field_write_json(json, &domain_fields[i], rows_text(rows, row, i),
                         rows_length(rows, row, i));
    }
    json_close_object(json);
}

static bool list(struct cx *cx)
{
    struct rows *rows = enter_path_tenant(cx) ? db_get0(&cx->db, &domains_list) : NULL;
    if (!rows)
        return fail_db(cx);
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < rows_count(rows); i++)
        write_domain(json, rows, i);
    json_close_array(json);
    return respond_end_list(cx, &(struct list_meta){1, 100, (int64_t)rows_count(rows), NULL});
}

static bool add(struct cx *cx)
{
    const char *domain = text_lower(cx->arena, input_text(cx, "domain"));
    if (!enter_path_tenant(cx))
        return false;
    struct rows *rows = db_get(&cx->db, &domain_insert, domain,
                               input_bool(cx, "is_primary", false) ? "true" : "false");
    if (!rows && cx->db.error.status == DB_CHECK)
        return fail_field(cx, "domain", "invalid_domain", "This is not a domain name.");
    if (!rows)
        return fail_db(cx);
    write_domain(respond_begin(cx, 201), rows, 0);
    return changed(cx, cx->db.tenant_id) && respond_end(cx);
}

static bool remove_one(struct cx *cx)
{
    const char *id = cx_path(cx, "domainId");
    if (!enter_path_tenant(cx))
        return false;
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &domain_delete, id) : NULL;
    if (!rows && uuid_is(id))
        return fail_db(cx);
    if (!rows || rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is no such domain.");
    return changed(cx, cx->db.tenant_id) && respond_nothing(cx);
}

const struct route domain_routes[] = {
    ROUTE(GET, "/api/tenants/:id/domains", MAY(EITHER, "tenants.settings:read"), list,
          "A tenant's own domains.", .answer = ANSWER_LIST, .answer_fields = domain_fields),
    ROUTE(POST, "/api/tenants/:id/domains", MAY(EITHER, "tenants.settings:update"), add,
          "Add a domain; it answers once it is verified.", .status = 201,
          .body = FIELDS({"domain", TEXT, REQUIRED, 4, 253, .example = "club.example.com"},
                         {"is_primary", BOOL, 0, .example = "false"}),
          .answer_fields = domain_fields, .errors = "409 domain_taken"),
    ROUTE(DELETE, "/api/tenants/:id/domains/:domainId", MAY(EITHER, "tenants.settings:update"),
          remove_one, "Remove a domain.", .answer = ANSWER_NOTHING),
    {.path = NULL},
};
