/* convert: a qualified lead becomes a customer: a contact, at a company if it names one, and with a
 * deal unless none is wanted. Who is there already is not made again. */
#include <json-c/json.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"
#include "resource/shape.h"

struct conversion {
    struct cx *cx;
    const struct list_result *lead;
    const char *contact_id, *company_id, *deal_id;
};

static void conversion_put(json_object *body, const char *name, const char *value)
{
    if (value)
        json_object_object_add(body, name, json_object_new_string(value));
}

static void conversion_release(void *body)
{
    json_object_put(body);
}

/* What all three have: whose they are. */
static json_object *conversion_body(const struct conversion *it, const char *name)
{
    json_object *body = json_object_new_object();
    arena_defer(it->cx->arena, conversion_release, body);
    conversion_put(body, "name", name);
    conversion_put(body, "ownerId", record_value(it->lead, "owner_id"));
    return body;
}

/* The oldest that the one who converts may see; *id stays NULL where there is none. */
static bool conversion_find(struct conversion *it, const struct resource *resource,
                            const char *column, const char *value, const char **id)
{
    const struct field *only_id[] = {&resource_common_fields[0], NULL};
    struct list_filter filter = {
        .field = field_find(resource->fields, column), .operator= "=", .value = value};
    const struct list_query query = {
        .page = 1, .limit = 1, .sort = "createdAt", .columns = only_id, .filters = &filter};
    struct list_result found;
    if (!value)
        return true;
    if (!list_run(it->cx, resource, &query, &found))
        return false;
    if (rows_count(found.rows) > 0)
        *id = rows_text(found.rows, 0, 0);
    return true;
}

/* As its own address would make it, with an event of its own. */
static bool conversion_make(struct conversion *it, const struct resource *resource,
                            json_object *body, const char **id)
{
    struct cx *cx = it->cx;
    struct input *input;
    struct list_result made;
    const char *needs = arena_printf(cx->arena, "%s:create", resource->permission);
    const char *action = cx->db.action;
    if (!resource_may(cx, resource, needs))
        return fail(cx, 403, "permission_missing", "This needs the permission %s.", needs);
    cx->db.action = NULL;
    bool done = input_read_json(cx, resource->fields, body, INPUT_CREATE, &input) &&
                record_create(cx, resource, input, &made);
    cx->db.action = action;
    if (done)
        *id = rows_text(made.rows, 0, 0);
    return done;
}

static bool conversion_take_company(struct conversion *it)
{
    const char *name = record_value(it->lead, "company");
    it->company_id = input_text(it->cx, "company_id");
    if (it->company_id || !name)
        return true;
    return conversion_find(it, &companies, "name", name, &it->company_id) &&
           (it->company_id ||
            conversion_make(it, &companies, conversion_body(it, name), &it->company_id));
}

static bool conversion_take_contact(struct conversion *it)
{
    const char *email = record_value(it->lead, "email");
    it->contact_id = input_text(it->cx, "contact_id");
    if (it->contact_id)
        return true;
    if (!conversion_find(it, &contacts, "email", email, &it->contact_id))
        return false;
    if (it->contact_id)
        return true;
    json_object *body = conversion_body(it, record_value(it->lead, "name"));
    conversion_put(body, "email", email);
    conversion_put(body, "phone", record_value(it->lead, "phone"));
    conversion_put(body, "companyId", it->company_id);
    conversion_put(body, "leadId", record_value(it->lead, "id"));
    return conversion_make(it, &contacts, body, &it->contact_id);
}

/* What it may be worth is told by those alone who may say so of deals. */
static bool conversion_make_deal(struct conversion *it)
{
    const char *name = input_text(it->cx, "deal_name"), *value = record_value(it->lead, "value");
    if (!input_bool(it->cx, "with_deal", true))
        return true;
    json_object *body = conversion_body(it, name ? name : record_value(it->lead, "name"));
    conversion_put(body, "contactId", it->contact_id);
    conversion_put(body, "companyId", it->company_id);
    conversion_put(body, "currency", record_value(it->lead, "currency"));
    if (value && shape_writes(it->cx, &deals, field_find(deals.fields, "value")))
        json_object_object_add(body, "valueAmount",
                               json_object_new_int64(strtoll(value, NULL, 10)));
    return conversion_make(it, &deals, body, &it->deal_id);
}

static bool conversion_end_lead(struct conversion *it)
{
    json_object *body = json_object_new_object();
    struct input *input;
    struct list_result changed;
    arena_defer(it->cx->arena, conversion_release, body);
    conversion_put(body, "status", "converted");
    return input_read_json(it->cx, leads.fields, body, INPUT_MERGE, &input) &&
           record_update(it->cx, &leads, record_value(it->lead, "id"), input, INPUT_MERGE,
                         &changed);
}

static bool lead_convert_run(struct cx *cx, const struct list_result *old)
{
    struct conversion it = {.cx = cx, .lead = old};
    if (!conversion_take_company(&it) || !conversion_take_contact(&it) ||
        !conversion_make_deal(&it) || !conversion_end_lead(&it))
        return false;
    record_give(cx, "contact_id", it.contact_id);
    record_give(cx, "company_id", it.company_id);
    record_give(cx, "deal_id", it.deal_id);
    return true;
}

const struct action lead_convert = {
    .name = "convert",
    .title = "Convert",
    .icon = "user-check",
    .summary = "Make a contact and a deal of a qualified lead.",
    .when = "status = 'qualified'",
    .refused = {"lead_not_qualified", "Only a qualified lead becomes a customer."},
    .done = "Converted.",
    .event = "converted",
    .told = "{actor} converted the lead {name}.",
    .takes = FIELDS(
        {"contact_id", UUID, NULLABLE, .label = "Contact", .refers = "crm.contacts",
         .help = "Who it is; without one the contact with the lead's e-mail, else a new one."},
        {"company_id", UUID, NULLABLE, .label = "Company", .refers = "crm.companies",
         .help = "Without one the company of that name, else a new one if the lead names one."},
        {"with_deal", BOOL, 0, .label = "Make a deal", .initial = "true"},
        {"deal_name", TEXT, NULLABLE, 1, 200, .label = "Name of the deal", .example = "Lenses",
         .help = "Without one it is called as the lead."}),
    .gives = FIELDS({"contact_id", UUID, 0, .label = "Contact", .refers = "crm.contacts"},
                    {"company_id", UUID, NULLABLE, .label = "Company", .refers = "crm.companies"},
                    {"deal_id", UUID, NULLABLE, .label = "Deal", .refers = "crm.deals"}),
    .run = lead_convert_run,
};
