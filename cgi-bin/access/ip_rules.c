/* ip_rules: the networks that a tenant may be used from, and those it may not.
 * They bind its users at sign-in and at each request (access/access.c); that
 * nobody shuts themselves out is the database's business (migrations/0023). */
#include "access/network.h"
#include "access/tenant.h"
#include "area.h"
#include "http/cx.h"

static bool prepare(struct cx *cx, enum operation operation, const char *id, struct input *input)
{
    const char *network = operation == OP_DELETE ? NULL : input_value(input, "network")->text;
    (void)id;
    if (network && !network_is(network))
        return fail_field(cx, "network", "invalid_network",
                          "\"%s\" is no network like 192.0.2.0/24.", network);
    return true;
}

static void committed(struct cx *cx, enum operation operation, const char *id)
{
    (void)operation;
    (void)id;
    tenant_changed(&cx->db, cx->tenant->id);
}

const struct resource ip_rules = {
    .name = "ip-rules",
    .one = "network rule",
    .errors = "409 too_many_rules, 409 would_lock_out",
    .title = "Network rules",
    .about = "Where this tenant may be used from. Without a rule that allows, it is everywhere but "
             "where one denies.",
    .permission = "access.ip_rules",
    .table = "ip_rules",
    .api = "/api/security/ip-rules",
    .page = "/admin/ip-rules",
    .icon = "network",
    .scope = SCOPE_TENANT,
    .operations = OP_LIST | OP_GET | OP_CREATE | OP_REPLACE | OP_MERGE | OP_DELETE,
    .fields = FIELDS({"network", TEXT, REQUIRED | LISTED | FILTERED, 2, 49,
                      .help = "Like 192.0.2.0/24 or 2001:db8::/32; one address alone is good too.",
                      .example = "127.0.0.0/8"},
                     {"effect", CHOICE, LISTED | FILTERED, .initial = "allow",
                      .choices = CHOICES("allow", "deny"),
                      .help = "What is denied stays out, whatever else allows it."},
                     {"note", TEXT, NULLABLE | LISTED, 1, 200, .example = "The office"}),
    .sort = "-createdAt",
    .label = "network",
    .prepare = prepare,
    .committed = committed,
};
