/* onboarding: the checklist of a new tenant, by API and on the pages. */
#include "access/onboarding.h"

#include "access/permission.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

static const struct field onboarding_fields[] = {
    {"profile", BOOL}, {"branding", BOOL}, {"users", BOOL},     {"plan", BOOL},
    {"data", BOOL},    {"complete", BOOL}, {"dismissed", BOOL}, {.type = FIELD_END}};

static const struct field dismiss_fields[] = {
    {"dismissed", BOOL, 0, .example = "true",
     .help = "true puts the checklist away, false brings it back."},
    {.type = FIELD_END}};

static bool record(struct cx *cx, struct onboarding *state)
{
    if (onboarding_record(&cx->db, cx->db.tenant_id, input_text(cx, "dismissed"), state))
        return true;
    return cx->db.error.status != DB_OK ? fail_db(cx)
                                        : fail(cx, 404, "not_found", "There is no such tenant.");
}

static bool onboarding_api(struct cx *cx)
{
    struct onboarding state;
    if (!enter_path_tenant(cx) || !record(cx, &state))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    for (int i = 0; i < ONBOARDING_STEPS; i++)
        json_pair_bool(json, onboarding_steps[i].key, state.done[i]);
    json_pair_bool(json, "complete", state.count == ONBOARDING_STEPS);
    json_pair_bool(json, "dismissed", state.dismissed);
    json_close_object(json);
    return respond_end(cx);
}

static bool onboarding_page(struct cx *cx)
{
    struct onboarding state;
    if (!tenant_enter(cx, cx->tenant->id) || !record(cx, &state))
        return false;
    page_notice(cx, "success",
                state.dismissed ? "The checklist is put away." : "The checklist is back.");
    return page_go(cx, "/admin");
}

const struct route onboarding_routes[] = {
    ROUTE(POST, "/api/tenants/:id/onboarding", MAY(EITHER, "tenants.settings:update"),
          onboarding_api, "Look what of the onboarding is done, and record it.",
          .operation = "checkTenantOnboarding", .answer_name = "tenant onboarding",
          .body = dismiss_fields, .answer_fields = onboarding_fields),
    ROUTE(POST, "/admin/onboarding", MAY(TENANT, "tenants.settings:update"), onboarding_page,
          "Put the checklist of the start page away, or bring it back.", .answer = ANSWER_PAGE,
          .body = dismiss_fields, .flags = ROUTE_FORM),
    {.path = NULL},
};

/* ---- for operators, beside the tenant's record ---- */

static void add_steps(json_object *data, const struct onboarding *state)
{
    json_object *list = page_list(data, "steps");
    for (int i = 0; i < ONBOARDING_STEPS; i++) {
        json_object *step = page_item(list);
        page_set(step, "title", onboarding_steps[i].title);
        page_set_bool(step, "done", state->done[i]);
    }
    page_set_int(data, "steps_done", state->count);
    page_set_int(data, "steps_all", ONBOARDING_STEPS);
}

/* Of a reseller's child too, whose rows only the child's own connection sees. */
bool onboarding_add_to_page(struct cx *cx, json_object *data, const char *tenant_id)
{
    struct db db;
    struct onboarding state;
    const struct tenant *tenant = tenant_by_id(cx, tenant_id);
    bool platform = cx->db.role == DB_PLATFORM;
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    db_init(&db, cx->arena, cx->db.role, tenant_id, platform ? "everyone" : tenant->schema);
    if (!onboarding_read(&db, tenant_id, &state)) {
        cx->db.error = db.error;
        return fail_db(cx);
    }
    add_steps(data, &state);
    page_set(data, "verify_by", tenant_time(cx, state.verify_by));
    page_set_bool(data, "on_trial",
                  tenant->status == TENANT_TRIAL ||
                      tenant_trial_ended(tenant->status, state.status_reason));
    return true;
}

const char *tenant_time(struct cx *cx, const char *stored)
{
    char text[32];
    int64_t us;
    if (!stored || !clock_from_database(stored, text) || !clock_parse(text, &us))
        return NULL;
    return show_instant(cx, us);
}
