/* invite_many: many people are invited at once, with the same roles. What became of each address is
 * said; whoever is there already is left alone, so that the same list sent again invites nobody
 * twice. */
#include <stdlib.h>
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "users.h"

enum { PEOPLE_MOST = 100 };

STATEMENT(invite_known,
          "select email\n"
          "from users\n"
          "where tenant_id = $1::uuid\n"
          "and email in (select jsonb_array_elements_text($2::jsonb))\n"
          "limit 100",
          0);

/* One of the list, and what became of it. */
struct invited {
    const char *email, *name;
    const char *outcome; /* "invited", "known" or "refused" */
    const char *id;      /* of the new account */
    const char *code, *message;
};

struct invited_list {
    struct invited *people;
    size_t count, sent;
};

/* ---- who is meant ---- */

/* "nora.blum@example.com" is Nora Blum until she says better. */
static const char *name_of_address(struct cx *cx, const char *email)
{
    char *name = arena_copy(cx->arena, email, strcspn(email, "@+"));
    bool begins = true;
    for (char *c = name; *c; c++) {
        if (strchr("._-", *c))
            *c = ' ';
        if (begins && *c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        begins = *c == ' ';
    }
    name = text_trim(cx->arena, name);
    return *name ? name : email;
}

static const struct invited *invited_find(const struct invited_list *list, const char *email)
{
    for (size_t i = 0; i < list->count; i++)
        if (text_equal(list->people[i].email, email))
            return &list->people[i];
    return NULL;
}

/* An address that stands twice in the list is one person. */
static void invited_add(struct cx *cx, struct invited_list *list, const char *typed,
                        const char *name)
{
    struct value value = {.presence = ABSENT};
    struct invited one = {.email = typed};
    if (field_check_text(cx, field_find(platform_users.fields, "email"), typed, &value, &one.code,
                         &one.message))
        one.email = value.text;
    else
        one.outcome = "refused";
    one.name = name && *name ? name : name_of_address(cx, one.email);
    if (!invited_find(list, one.email))
        list->people[list->count++] = one;
}

static const char *member_text(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return json_object_get_string(value);
}

static void invited_read(struct cx *cx, json_object *people, struct invited_list *out)
{
    size_t count = json_object_array_length(people);
    *out =
        (struct invited_list){.people = arena_alloc(cx->arena, (count + 1) * sizeof *out->people)};
    for (size_t i = 0; i < count; i++) {
        json_object *it = json_object_array_get_idx(people, i);
        invited_add(cx, out, member_text(it, "email"), member_text(it, "name"));
    }
}

/* ---- inviting them ---- */

/* What sort of person has such roles. */
static const char *kind_of_roles(const struct tenant *tenant, json_object *roles)
{
    static const char *const kinds[] = {"owner", "admin", "staff", "customer"};
    if (tenant->kind == TENANT_PLATFORM)
        return "operator";
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (size_t i = 0; i < json_object_array_length(roles); i++)
            if (text_equal(json_object_get_string(json_object_array_get_idx(roles, i)),
                           kinds[kind]))
                return kinds[kind];
    return "staff";
}

static bool mark_known(struct cx *cx, const struct tenant *tenant, struct invited_list *list)
{
    json_object *emails = page_array(cx);
    for (size_t i = 0; i < list->count; i++)
        json_object_array_add(emails, json_object_new_string(list->people[i].email));
    const char *text =
        arena_text(cx->arena, json_object_to_json_string_ext(emails, JSON_C_TO_STRING_PLAIN));
    json_object_put(emails);
    struct rows *rows = db_get(&cx->db, &invite_known, tenant->id, text);
    if (!rows)
        return fail_db(cx);
    for (size_t row = 0; row < rows_count(rows); row++)
        for (size_t i = 0; i < list->count; i++)
            if (text_equal(list->people[i].email, rows_text(rows, row, 0)))
                list->people[i].outcome = "known";
    return true;
}

static json_object *account_of(struct cx *cx, const struct tenant *tenant,
                               const struct invited *one, json_object *roles)
{
    json_object *body = page_object(cx);
    page_set(body, "email", one->email);
    page_set(body, "name", one->name);
    page_set(body, "kind", kind_of_roles(tenant, roles));
    page_set_bool(body, "invite", true);
    json_object_object_add(body, "roles", json_object_get(roles));
    if (cx->session->is_operator)
        page_set(body, "tenantId", tenant->id);
    return body;
}

/* By the very writer of the form and of the API, with all that it asks. */
static bool make_account(struct cx *cx, const struct tenant *tenant, struct invited *one,
                         json_object *roles)
{
    struct input *sent = cx->input, *input;
    struct list_result made;
    json_object *body = account_of(cx, tenant, one, roles);
    bool good = input_read_json(cx, platform_users.fields, body, INPUT_CREATE, &input);
    if (!good)
        return false;
    cx->input = input;
    if (!db_begin(&cx->db))
        good = fail_db(cx);
    else if (!record_create(cx, &platform_users, input, &made))
        good = false;
    else if (db_commit(&cx->db))
        one->id = rows_text(made.rows, 0, 0);
    else
        good = fail_db(cx);
    cx->input = sent;
    return good;
}

static void refuse(struct cx *cx, struct invited *one)
{
    const struct failure_detail *detail = cx->failure.details;
    one->outcome = text_equal(cx->failure.code, "email_taken") ? "known" : "refused";
    one->code = detail ? detail->code : cx->failure.code;
    one->message = detail ? detail->message : cx->failure.message;
    cx->failure = (struct failure){.status = 0};
}

/* false: it is nothing about this address. */
static bool invite_one(struct cx *cx, const struct tenant *tenant, struct invited *one,
                       json_object *roles)
{
    int scope = db_scope(&cx->db);
    if (make_account(cx, tenant, one, roles)) {
        one->outcome = "invited";
        return true;
    }
    db_rollback_to(&cx->db, scope);
    if (cx->failure.status == 0 || cx->failure.status == 401 || cx->failure.status >= 500)
        return false;
    refuse(cx, one);
    return true;
}

/* All of it in one transaction: what is answered is what was done, and no message leaves before. */
static bool invite_all(struct cx *cx, const struct tenant *tenant, struct invited_list *list,
                       json_object *roles)
{
    if (!tenant)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    if (tenant->unverified)
        return fail(cx, 403, "tenant_unverified",
                    "Nobody is invited before the owner's address is confirmed: look into your "
                    "inbox for the link.");
    if (!db_begin(&cx->db))
        return fail_db(cx);
    struct db there = cx->db;
    memcpy(there.tenant_id, tenant->id, UUID_SIZE);
    if (!roles_may_grant(cx, &there, roles) || !mark_known(cx, tenant, list))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        struct invited *one = &list->people[i];
        if (!one->outcome && !invite_one(cx, tenant, one, roles))
            return false;
        list->sent += text_equal(one->outcome, "invited");
    }
    return db_commit(&cx->db) || fail_db(cx);
}

/* ---- by API ---- */

static const struct field invite_fields[] = {
    {"people", ARRAY, REQUIRED, 1, PEOPLE_MOST,
     .example = "[{\"email\": \"nora@northside.test\", \"name\": \"Nora Blum\"}]",
     .fields = FIELDS(
         {"email", TEXT, REQUIRED, 1, 300, .label = "E-mail", .example = "nora@northside.test"},
         {"name", TEXT, NULLABLE, 1, 200, .example = "Nora Blum",
          .help = "Absent: made of the address, until they say it themselves."})},
    {"roles", ARRAY, REQUIRED, 1, 20, .item = TEXT, .help = "Keys of roles that each of them gets.",
     .example = "[\"staff\"]"},
    {"tenant_id", UUID, 0, .help = "Operators say for which tenant; others are in theirs.",
     .refers = "tenants.tenants", .example = "0192f0c1-7c1e-7000-8000-000000000002"},
    {.type = FIELD_END}};

static const struct field invited_fields[] = {
    {"invited", INT, .help = "To how many an invitation is on its way."},
    {"results", ARRAY,
     .fields = FIELDS({"email", TEXT, .help = "In its normal form."}, {"name", TEXT},
                      {"outcome", CHOICE, .choices = CHOICES("invited", "known", "refused"),
                       .help = "known: there is an account of this address, which is left alone."},
                      {"user_id", UUID, NULLABLE, .help = "Of the new account."},
                      {"code", TEXT, NULLABLE, .help = "Why it was refused."},
                      {"message", TEXT, NULLABLE})},
    {.type = FIELD_END}};

static void write_invited(struct json *json, const struct invited *one)
{
    json_open_object(json);
    json_pair(json, "email", one->email);
    json_pair(json, "name", one->name);
    json_pair(json, "outcome", one->outcome);
    json_pair(json, "userId", one->id);
    json_pair(json, "code", text_equal(one->outcome, "refused") ? one->code : NULL);
    json_pair(json, "message", text_equal(one->outcome, "refused") ? one->message : NULL);
    json_close_object(json);
}

static bool invite_api(struct cx *cx)
{
    struct invited_list list;
    const char *tenant_id = input_text(cx, "tenant_id");
    bool other = cx->session->is_operator && tenant_id;
    if (tenant_id && !other && strcmp(tenant_id, cx->session->tenant_id) != 0)
        return fail(cx, 404, "not_found", "There is no such tenant.");
    const struct tenant *tenant = tenant_by_id(cx, other ? tenant_id : cx->session->tenant_id);
    invited_read(cx, input_value(cx->input, "people")->json, &list);
    if (!invite_all(cx, tenant, &list, input_value(cx->input, "roles")->json))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_int(json, "invited", (int64_t)list.sent);
    json_key(json, "results");
    json_open_array(json);
    for (size_t i = 0; i < list.count; i++)
        write_invited(json, &list.people[i]);
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

/* ---- by page ---- */

static const struct field form_fields[] = {
    {"people", LONG, REQUIRED, 1, 30000, .label = "E-mail addresses",
     .help = "One on each line, up to a hundred; with a name like this: Nora Blum "
             "<nora@example.com>."},
    {"roles", ARRAY, REQUIRED, 1, 20, .item = TEXT, .role_keys = true, .initial = "[\"staff\"]",
     .hint = "Each of them gets these."},
    {.type = FIELD_END}};

static bool show_form(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    json_object_object_add(data, "fields", page_form_fields(cx, form_fields, NULL, true));
    page_set(data, "action", "/admin/users/invite");
    page_set(data, "back", platform_users.page);
    page_set(data, "submit", "Send invitations");
    page_crumb(data, platform_users.title, platform_users.page);
    return page_render(cx, status, "users/invite", "Invite people", data);
}

static bool invite_page(struct cx *cx)
{
    return show_form(cx, 200);
}

/* "Nora Blum <nora@example.com>", or the address alone. */
static void add_line(struct cx *cx, json_object *people, const char *line)
{
    const char *open = strchr(line, '<'), *close = open ? strchr(open, '>') : NULL;
    const char *email = close ? arena_copy(cx->arena, open + 1, (size_t)(close - open - 1)) : line;
    const char *name = close ? arena_copy(cx->arena, line, (size_t)(open - line)) : NULL;
    email = text_trim(cx->arena, email);
    if (!*email)
        return;
    json_object *one = page_item(people);
    page_set(one, "email", email);
    page_set(one, "name", name ? text_trim(cx->arena, name) : NULL);
}

static bool read_lines(struct cx *cx, const char *text, json_object *people)
{
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "\r\n,;");
        add_line(cx, people, text_trim(cx->arena, arena_copy(cx->arena, at, len)));
        at += len + (at[len] != '\0');
    }
    size_t count = json_object_array_length(people);
    if (count == 0)
        return fail_field(cx, "people", "required", "Give one address at least.");
    return count <= PEOPLE_MOST ||
           fail_field(cx, "people", "too_many", "A hundred at once at most; these are %zu.", count);
}

static bool show_invited(struct cx *cx, const struct invited_list *list)
{
    json_object *data = page_object(cx), *people = page_list(data, "people");
    for (size_t i = 0; i < list->count; i++) {
        const struct invited *one = &list->people[i];
        json_object *it = page_item(people);
        bool sent = text_equal(one->outcome, "invited"), known = text_equal(one->outcome, "known");
        page_set(it, "email", one->email);
        page_set(it, "name", known ? NULL : one->name);
        page_set(it, "path",
                 sent ? arena_printf(cx->arena, "%s/%s", platform_users.page, one->id) : NULL);
        page_set(it, "tone", sent ? "good" : known ? "wait" : "bad");
        page_set(it, "state", sent ? "Invited" : known ? "Is here already" : "Not invited");
        page_set(it, "why", sent || known ? NULL : one->message);
    }
    page_set(data, "said",
             list->sent == 1 ? cx_text(cx, "One invitation is on its way.")
                             : cx_printf(cx, "%zu invitations are on their way.", list->sent));
    page_set(data, "back", platform_users.page);
    page_crumb(data, platform_users.title, platform_users.page);
    return page_render(cx, 200, "users/invited", "Invite people", data);
}

static bool invite_submit(struct cx *cx)
{
    struct invited_list list;
    int scope = db_scope(&cx->db);
    json_object *data = page_object(cx), *people = page_list(data, "people");
    bool done = cx->failure.status == 0 && read_lines(cx, input_text(cx, "people"), people);
    if (done) {
        invited_read(cx, people, &list);
        done = invite_all(cx, cx->tenant, &list, input_value(cx->input, "roles")->json);
    }
    if (done)
        return show_invited(cx, &list);
    if (cx->failure.status != 422 && cx->failure.status != 403)
        return false;
    db_rollback_to(&cx->db, scope);
    return show_form(cx, cx->failure.status);
}

/* The way there from the list. */
bool invite_many_add(struct cx *cx, json_object *data, const struct list_result *record)
{
    if (!record && cx->tenant->kind != TENANT_PLATFORM && may(cx, "users.users:create"))
        page_action(data, "Invite people", "/admin/users/invite", "mail");
    return true;
}

const struct route invite_many_routes[] = {
    ROUTE(POST, "/api/invitations", MAY(EITHER, "users.users:create"), invite_api,
          "Invite up to a hundred people at once, with the same roles.",
          .operation = "invitePeople", .answer_name = "invited people", .status = 200,
          .body = invite_fields, .answer_fields = invited_fields, .flags = ROUTE_STEP_UP,
          .errors = "403 rank_too_high, 403 permission_lacking, 403 tenant_unverified"),
    ROUTE(GET, "/admin/users/invite", MAY(TENANT, "users.users:create"), invite_page,
          "Form to invite many people.", .answer = ANSWER_PAGE, .flags = ROUTE_STEP_UP),
    ROUTE(POST, "/admin/users/invite", MAY(TENANT, "users.users:create"), invite_submit,
          "Invites many people.", .answer = ANSWER_PAGE, .body = form_fields,
          .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_STEP_UP),
    {.path = NULL},
};
