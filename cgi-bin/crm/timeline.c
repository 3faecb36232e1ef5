/* timeline: that of a record of the CRM, at one address for all of them. */
#include "resource/timeline.h"
#include "base/text.h"
#include "crm.h"
#include "http/cx.h"

static const struct field timeline_query[] = {
    {"lead_id", UUID, .help = "Of this lead; one of the four is given."},
    {"contact_id", UUID, .help = "Of this contact."},
    {"company_id", UUID, .help = "Of this company."},
    {"deal_id", UUID, .help = "Of this deal."},
    TIMELINE_QUERY,
    {.type = FIELD_END}};

static bool crm_timeline(struct cx *cx)
{
    static const struct resource *const of[] = {&leads, &contacts, &companies, &deals};
    const struct resource *found = NULL;
    const char *id = NULL;
    for (size_t i = 0; i < COUNT(of); i++) {
        const char *given = query_text(cx, timeline_query[i].name);
        if (given && found)
            return fail_parameter(cx, field_json_name(&timeline_query[i]), "invalid",
                                  "One record is named, not two.");
        if (given) {
            found = of[i];
            id = given;
        }
    }
    if (!found)
        return fail_field(cx, "leadId", "required", "Name a lead, a contact, a company or a deal.");
    return timeline_answer(cx, found, id);
}

const struct route crm_timeline_routes[] = {
    ROUTE(GET, "/api/crm/timeline", SIGNED_IN(TENANT), crm_timeline,
          "Everything about a lead, a contact, a company or a deal, the newest first.",
          .operation = "getCrmTimeline", .query = timeline_query, .answer = ANSWER_LIST,
          .answer_fields = timeline_fields, .answer_name = "timeline item",
          .flags = ROUTE_KEEPS_SIGHT),
    {.path = NULL},
};
