/* domains: a tenant's own domains. They answer once they are verified. */
#include "domains.h"

#include <string.h>

#include "access/domain.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/rows_json.h"
#include "tenants.h"

#define OF_TENANT "d.tenant_id = current_setting('app.tenant_id')::uuid"

/* In the order of enum domain_column. */
#define DOMAIN_COLUMNS                                                                             \
    "d.id, d.domain, d.is_primary,\n"                                                              \
    "       case when d.lost_at is not null then 'lost'\n"                                         \
    "            when d.verified_at is not null then 'verified'\n"                                 \
    "            when c.next_at is null then 'expired'\n"                                          \
    "            else 'pending' end,\n"                                                            \
    "       '_tulou.' || d.domain, d.verification_token,\n"                                        \
    "       'https://' || d.domain || '" DOMAIN_PROOF_PATH "',\n"                                  \
    "       d.verified_at, d.lost_at, c.checked_at, c.next_at, c.problem, d.created_at\n"
#define DOMAIN_TABLES                                                                              \
    "from tenant_domains d\n"                                                                      \
    "join domain_checks c on c.tenant_id = d.tenant_id and c.id = d.id\n"

STATEMENT(domains_list,
          "select " DOMAIN_COLUMNS DOMAIN_TABLES "where " OF_TENANT "\n"
          "order by d.domain\n"
          "limit 50",
          0);

STATEMENT(domains_get,
          "select " DOMAIN_COLUMNS DOMAIN_TABLES "where " OF_TENANT " and d.id = $1::uuid", 0);

STATEMENT(domains_insert,
          "insert into tenant_domains (tenant_id, domain)\n"
          "values (current_setting('app.tenant_id')::uuid, $1)\n"
          "returning id",
          DB_WRITES);

STATEMENT(domains_delete,
          "delete from tenant_domains d\n"
          "where " OF_TENANT " and d.id = $1::uuid\n"
          "returning d.id",
          DB_WRITES);

STATEMENT(domains_primary,
          "select house.domain_make_primary(current_setting('app.tenant_id')::uuid, $1::uuid)",
          DB_WRITES);

/* Only the one whose host was asked, and only to whom it is verified: that a
 * domain leads here proves nothing about which tenant it belongs to. */
STATEMENT(domains_proof,
          "select d.verification_token\n"
          "from tenant_domains d\n"
          "where d.tenant_id = $1::uuid and d.domain = $2 and d.verified_at is not null",
          0);

const struct field domain_fields[] = {
    {"id", UUID},
    {"domain", TEXT},
    {"primary", BOOL, .help = "Links lead to it."},
    {"status", CHOICE, .choices = CHOICES("pending", "expired", "verified", "lost"),
     .help = "expired: nobody looks for the proof any more; lost: it was found and is gone."},
    {"record_name", TEXT, .help = "Where the TXT record belongs."},
    {"verification_token", TEXT, .help = "What the record, or the address, holds."},
    {"verification_url", URL, .help = "The other way: a page with the token and nothing else."},
    {"verified_at", TIME, NULLABLE},
    {"lost_at", TIME, NULLABLE},
    {"checked_at", TIME, NULLABLE},
    {"next_check_at", TIME, NULLABLE},
    {"problem", SENTENCE, NULLABLE, .help = "Why the last look found no proof."},
    {"created_at", TIME},
    {.type = FIELD_END}};

/* ---- for API and pages ---- */

struct rows *domains_all(struct db *db)
{
    return db_get0(db, &domains_list);
}

struct rows *domain_find(struct cx *cx, const char *id)
{
    struct rows *rows = uuid_is(id) ? db_get(&cx->db, &domains_get, id) : NULL;
    if (!rows && uuid_is(id))
        fail_db(cx);
    else if (!rows || rows_count(rows) == 0)
        fail(cx, 404, "not_found", "There is no such domain.");
    else
        return rows;
    return NULL;
}

struct rows *domain_add(struct cx *cx, const char *typed)
{
    struct domain_problem problem;
    const char *domain = domain_read(cx->arena, typed, &problem);
    if (!domain) {
        fail_field(cx, "domain", problem.code, "%s", problem.message);
        return NULL;
    }
    struct rows *rows = db_get(&cx->db, &domains_insert, domain);
    if (!rows && cx->db.error.status == DB_UNIQUE)
        fail(cx, 409, "domain_exists", "You have added this domain before.");
    else if (!rows)
        fail_db(cx);
    return rows ? domain_find(cx, rows_text(rows, 0, 0)) : NULL;
}

bool domain_remove(struct cx *cx, const char *id)
{
    if (!domain_find(cx, id))
        return false;
    return (db_get(&cx->db, &domains_delete, id) || fail_db(cx)) && changed(cx, cx->db.tenant_id);
}

bool domain_make_primary(struct cx *cx, const char *id)
{
    if (!domain_find(cx, id))
        return false;
    struct rows *rows = db_get(&cx->db, &domains_primary, id);
    if (!rows)
        return fail_db(cx);
    if (!rows_bool(rows, 0, 0))
        return fail(cx, 409, "domain_unverified", "Only a verified domain can be the primary one.");
    return changed(cx, cx->db.tenant_id);
}

/* ---- by API ---- */

static bool answer(struct cx *cx, int status, const struct rows *rows)
{
    if (!rows)
        return false;
    row_write_json(respond_begin(cx, status), domain_fields, rows, 0);
    return respond_end(cx);
}

static bool list(struct cx *cx)
{
    return enter_path_tenant(cx) && respond_all_rows(cx, domain_fields, domains_all(&cx->db));
}

static bool get(struct cx *cx)
{
    return enter_path_tenant(cx) && answer(cx, 200, domain_find(cx, cx_path(cx, "domainId")));
}

static bool add(struct cx *cx)
{
    return enter_path_tenant(cx) && answer(cx, 201, domain_add(cx, input_text(cx, "domain")));
}

static bool verify(struct cx *cx)
{
    const char *id = cx_path(cx, "domainId");
    return enter_path_tenant(cx) && domain_verify(cx, id) && answer(cx, 200, domain_find(cx, id));
}

static bool primary(struct cx *cx)
{
    const char *id = cx_path(cx, "domainId");
    return enter_path_tenant(cx) && domain_make_primary(cx, id) &&
           answer(cx, 200, domain_find(cx, id));
}

static bool remove_one(struct cx *cx)
{
    return enter_path_tenant(cx) && domain_remove(cx, cx_path(cx, "domainId")) &&
           respond_nothing(cx);
}

/* ---- the proof, where a verified domain leads here ---- */

static bool show_proof(struct cx *cx)
{
    struct rows *rows = db_get(&cx->db, &domains_proof, cx->tenant->id, cx->request.host);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "There is nothing here.");
    buf_clear(&cx->response.body);
    buf_puts(&cx->response.body, rows_text(rows, 0, 0));
    cx->response.status = 200;
    cx->response.type = "text/plain; charset=utf-8";
    response_header_set(cx, "Cache-Control", "no-store");
    return true;
}

#define ONE "/api/tenants/:id/domains/:domainId"

const struct route domain_routes[] = {
    ROUTE(GET, "/api/tenants/:id/domains", MAY(EITHER, "tenants.settings:read"), list,
          "A tenant's own domains.", .operation = "listTenantDomains",
          .answer_name = "tenant domain", .answer = ANSWER_LIST, .answer_fields = domain_fields),
    ROUTE(POST, "/api/tenants/:id/domains", MAY(EITHER, "tenants.settings:update"), add,
          "Claim a domain; it answers once it is verified.", .operation = "addTenantDomain",
          .answer_name = "tenant domain", .status = 201,
          .body = FIELDS({"domain", TEXT, REQUIRED, 1, 253, .example = "club.example.com"}),
          .answer_fields = domain_fields,
          .errors = "403 feature_missing, 409 domain_exists, 409 too_many_domains"),
    ROUTE(GET, ONE, MAY(EITHER, "tenants.settings:read"), get, "One domain of a tenant.",
          .operation = "getTenantDomain", .answer_name = "tenant domain",
          .answer_fields = domain_fields),
    ROUTE(POST, ONE "/verify", MAY(EITHER, "tenants.settings:update"), verify,
          "Look for the proof now: the TXT record, or the address with the token.",
          .operation = "verifyTenantDomain", .answer_name = "tenant domain",
          .answer_fields = domain_fields, .flags = ROUTE_CALLS_OUT,
          .errors = "403 feature_missing, 409 domain_unproved, 409 domain_taken, 429 rate_limited"),
    ROUTE(POST, ONE "/primary", MAY(EITHER, "tenants.settings:update"), primary,
          "Let links lead to this domain.", .operation = "makeTenantDomainPrimary",
          .answer_name = "tenant domain", .answer_fields = domain_fields,
          .errors = "409 domain_unverified"),
    ROUTE(DELETE, ONE, MAY(EITHER, "tenants.settings:update"), remove_one, "Remove a domain.",
          .operation = "removeTenantDomain", .answer = ANSWER_NOTHING),
    ROUTE(GET, DOMAIN_PROOF_PATH, PUBLIC(TENANT), show_proof,
          "What proves that the host is its tenant's domain.", .answer = ANSWER_FILE),
    {.path = NULL},
};
