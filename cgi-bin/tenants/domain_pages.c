/* domain_pages: a tenant's domains, what proves one, and which is the primary. */
#include <string.h>

#include "access/domain.h"
#include "access/permission.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/sentence.h"
#include "base/text.h"
#include "domains.h"
#include "http/cx.h"
#include "page/page.h"
#include "tenants.h"

#define PAGE "/admin/domains"

static const struct field add_fields[] = {
    {"domain", TEXT, REQUIRED, 1, 253,
     .help = "Like club.example.com: a name whose DNS you can change.",
     .example = "club.example.com"},
    {.type = FIELD_END}};

/* What a state is called, and the tone of it. */
static const struct state {
    const char *key, *title, *tone;
} states[] = {{"pending", "Waiting for proof", "wait"},
              {"expired", "Not proved", "bad"},
              {"verified", "Verified", "good"},
              {"lost", "Proof is gone", "bad"}};

static const struct state *state_of(const char *key)
{
    size_t i = 0;
    while (i < COUNT(states) - 1 && !text_equal(states[i].key, key))
        i++;
    return &states[i];
}

static void set_time(struct cx *cx, json_object *item, const char *key, const char *value)
{
    char text[32];
    int64_t us;
    bool known = value && clock_from_database(value, text) && clock_parse(text, &us);
    page_set(item, key, known ? show_instant(cx, us) : NULL);
}

static void fill(struct cx *cx, json_object *item, const struct rows *rows, size_t row)
{
    const char *domain = rows_text(rows, row, DOMAIN_NAME);
    const char *shown = domain_shown(cx->arena, domain);
    const struct state *state = state_of(rows_text(rows, row, DOMAIN_STATE));
    page_set(item, "id", rows_text(rows, row, DOMAIN_ID));
    page_set(item, "domain", domain);
    page_set(item, "shown", text_equal(shown, domain) ? NULL : shown);
    page_set(item, "path", arena_printf(cx->arena, PAGE "/%s", rows_text(rows, row, DOMAIN_ID)));
    page_set(item, "state", state->title);
    page_set(item, "tone", state->tone);
    page_set_bool(item, "is_primary", rows_bool(rows, row, DOMAIN_PRIMARY));
    page_set_bool(item, "is_verified", rows_text(rows, row, DOMAIN_VERIFIED_AT) != NULL);
    page_set_bool(item, "needs_proof", !text_equal(rows_text(rows, row, DOMAIN_STATE), "verified"));
    page_set(item, "problem",
             sentence_read(cx->arena, cx->language, rows_text(rows, row, DOMAIN_PROBLEM)));
    set_time(cx, item, "checked", rows_text(rows, row, DOMAIN_CHECKED_AT));
    set_time(cx, item, "next", rows_text(rows, row, DOMAIN_NEXT_AT));
}

static void fill_list(struct cx *cx, json_object *data, const struct rows *rows)
{
    json_object *list = page_list(data, "domains");
    for (size_t i = 0; i < rows_count(rows); i++)
        fill(cx, page_item(list), rows, i);
    page_set_bool(data, "has_domains", rows_count(rows) > 0);
}

/* ---- all of them ---- */

static bool show_list(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    struct rows *rows = domains_all(&cx->db);
    if (!rows)
        return fail_db(cx);
    fill_list(cx, data, rows);
    page_set(data, "own", tenant_own_url(cx->arena, cx->tenant));
    page_set_bool(data, "may_add",
                  may(cx, "tenants.settings:update") &&
                      tenant_feature(cx->tenant, "custom_domains"));
    page_set_bool(data, "has_feature", tenant_feature(cx->tenant, "custom_domains"));
    json_object_object_add(data, "fields", page_form_fields(cx, add_fields, NULL, true));
    return page_render(cx, status, "tenants/domains", "Domains", data);
}

static bool list_page(struct cx *cx)
{
    return show_list(cx, 200);
}

/* What people can put right is said beside what they typed. */
static bool add_submit(struct cx *cx)
{
    struct rows *rows = cx->failure.status == 0 ? domain_add(cx, input_text(cx, "domain")) : NULL;
    if (rows)
        return page_go(cx, arena_printf(cx->arena, PAGE "/%s", rows_text(rows, 0, DOMAIN_ID)));
    bool correctable = cx->failure.status == 409 || cx->failure.status == 422;
    return correctable && show_list(cx, cx->failure.status);
}

/* ---- one of them ---- */

static bool show_one(struct cx *cx, int status)
{
    struct failure why = cx->failure;
    cx->failure = (struct failure){.status = 0};
    struct rows *rows = domain_find(cx, cx_path(cx, "id"));
    if (!rows)
        return false;
    cx->failure = why;
    json_object *data = page_object(cx);
    fill(cx, data, rows, 0);
    page_set(data, "record", rows_text(rows, 0, DOMAIN_RECORD));
    page_set(data, "token", rows_text(rows, 0, DOMAIN_TOKEN));
    page_set(data, "url", rows_text(rows, 0, DOMAIN_URL));
    page_set(data, "address", url_of_host(cx->arena, rows_text(rows, 0, DOMAIN_NAME)));
    page_set(data, "target", strstr(tenant_own_url(cx->arena, cx->tenant), "://") + 3);
    page_set_bool(data, "may_change", may(cx, "tenants.settings:update"));
    page_crumb(data, "Domains", PAGE);
    return page_render(cx, status, "tenants/domain", rows_text(rows, 0, DOMAIN_NAME), data);
}

static bool one_page(struct cx *cx)
{
    return show_one(cx, 200);
}

static bool back_to_one(struct cx *cx, const char *kind, const char *text)
{
    page_notice(cx, kind, text);
    return page_go(cx, arena_printf(cx->arena, PAGE "/%s", cx_path(cx, "id")));
}

/* What was found is no failure of the page. */
static bool told(struct cx *cx)
{
    const char *text = cx->failure.message;
    if (cx->failure.status != 409 && cx->failure.status != 429)
        return false;
    cx->failure = (struct failure){.status = 0};
    return back_to_one(cx, "warning", text);
}

static bool verify_submit(struct cx *cx)
{
    return domain_verify(cx, cx_path(cx, "id")) ? back_to_one(cx, "success", "The proof is there.")
                                                : told(cx);
}

static bool primary_submit(struct cx *cx)
{
    return domain_make_primary(cx, cx_path(cx, "id"))
               ? back_to_one(cx, "success", "Links lead to this domain now.")
               : told(cx);
}

static bool remove_page(struct cx *cx)
{
    const char *id = cx_path(cx, "id");
    struct rows *rows = domain_find(cx, id);
    if (!rows)
        return false;
    const char *domain = rows_text(rows, 0, DOMAIN_NAME);
    const char *path = arena_printf(cx->arena, PAGE "/%s", id);
    json_object *data = page_object(cx);
    page_set(data, "action", arena_printf(cx->arena, "%s/remove", path));
    page_set(data, "back", path);
    page_set(data, "submit", "Remove domain");
    page_set(data, "text",
             cx_printf(cx,
                       "Your workspace no longer answers at %s, and another may claim it. Who "
                       "is signed in there signs in again elsewhere.",
                       domain));
    page_list(data, "kept");
    page_set_bool(data, "has_items", false);
    page_crumb(data, "Domains", PAGE);
    page_crumb(data, domain, path);
    return page_render(cx, 200, "layout/confirm", cx_printf(cx, "Remove %s", domain), data);
}

static bool remove_submit(struct cx *cx)
{
    if (!domain_remove(cx, cx_path(cx, "id")))
        return false;
    page_notice(cx, "success", "Domain removed.");
    return page_go(cx, PAGE);
}

/* ---- for operators ---- */

/* Its domains are the tenant's rows; cx->db is the operator's afterwards as before. */
bool domains_add_to_page(struct cx *cx, json_object *data, const struct list_result *record)
{
    struct db before = cx->db;
    if (!record)
        return true;
    struct rows *rows =
        tenant_enter(cx, rows_text(record->rows, 0, 0)) ? domains_all(&cx->db) : NULL;
    if (!rows)
        return cx->failure.status ? false : fail_db(cx);
    fill_list(cx, data, rows);
    cx->db = before;
    return true;
}

#define READ MAY(TENANT, "tenants.settings:read")
#define CHANGE MAY(TENANT, "tenants.settings:update")

const struct route domain_pages[] = {
    ROUTE(GET, PAGE, READ, list_page, "The tenant's domains.", .answer = ANSWER_PAGE),
    ROUTE(POST, PAGE, CHANGE, add_submit, "Claim a domain.", .answer = ANSWER_PAGE,
          .body = add_fields, .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS),
    ROUTE(GET, PAGE "/:id", READ, one_page, "A domain, and how it is proved.",
          .answer = ANSWER_PAGE),
    ROUTE(POST, PAGE "/:id/verify", CHANGE, verify_submit, "Look for the proof now.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM | ROUTE_CALLS_OUT),
    ROUTE(POST, PAGE "/:id/primary", CHANGE, primary_submit, "Let links lead to this domain.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    ROUTE(GET, PAGE "/:id/remove", CHANGE, remove_page, "Asks whether to remove a domain.",
          .answer = ANSWER_PAGE),
    ROUTE(POST, PAGE "/:id/remove", CHANGE, remove_submit, "Remove a domain.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    {.path = NULL},
};
