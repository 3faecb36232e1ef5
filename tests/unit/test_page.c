/* Pages: what is escaped, what forms keep, who sees which menu entry, and that
 * no failure is a dead end. Templates are those of the product. */
#include <dirent.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/areas.h"
#include "resource/field.h"
#include "resource/input.h"
#include "unit.h"

static struct cx *cx;
static struct tenant tenant;
static struct session session;

static const struct field *const fields = FIELDS(
    {"full_name", TEXT, REQUIRED, 1, 200, .help = "As on letters."}, {"email", EMAIL, NULLABLE},
    {"status", CHOICE, REQUIRED, .choices = CHOICES("new", "in_review"), .initial = "new"},
    {"password", SECRET, REQUIRED}, {"news", BOOL, 0, .initial = "true"},
    {"interests", ARRAY, 0, .item = CHOICE, .choices = CHOICES("tennis", "gym")},
    {"note", LONG, NULLABLE}, {"internal", TEXT, HIDDEN}, {"score", INT, READ_ONLY},
    {"code", SLUG, CREATE_ONLY});

static char *no_environment[] = {NULL};

static struct cx *new_request(enum http_method method, const char *path)
{
    struct arena *arena = arena_new();
    struct cx *made = arena_alloc(arena, sizeof *made);
    made->arena = arena;
    made->request = (struct request){.method = method,
                                     .path = path,
                                     .query_string = "",
                                     .scheme = "http",
                                     .host = "localhost",
                                     .origin_host = "localhost:8080"};
    made->request.environment = no_environment;
    strcpy(made->request_id, "0193aaaa-0000-7000-8000-000000000001");
    buf_init(&made->response.body, arena);
    made->is_page = true;
    return made;
}

static void next_request(enum http_method method, const char *path)
{
    arena_free(cx->arena);
    cx = new_request(method, path);
}

static void set_up(void)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    ck_assert_int_ge(sodium_init(), 0);
    secret_set_root(root);
    ck_assert(page_load_templates("templates"));
    tenant = (struct tenant){.kind = TENANT_BUSINESS,
                             .status = TENANT_ACTIVE,
                             .name = "Club",
                             .slug = "club",
                             .time_zone = "Europe/Berlin",
                             .currency = "EUR"};
    session = (struct session){.kind = SESSION_COOKIE,
                               .email = "owner@club.test",
                               .name = "Owner",
                               .role = "owner",
                               .csrf = "token"};
    strcpy(session.id, "0193aaaa-0000-7000-8000-0000000000aa");
    cx = new_request(HTTP_GET, "/admin/crm/leads");
}

static void tear_down(void)
{
    arena_free(cx->arena);
}

static void sign_in(const char *grant)
{
    const char **grants = arena_alloc(cx->arena, sizeof *grants);
    grants[0] = grant;
    session.permissions = (struct permissions){grants, 1};
    cx->tenant = &tenant;
    cx->session = &session;
}

static void add_parameter(struct parameter **list, const char *name, const char *value)
{
    struct parameter *made = arena_alloc(cx->arena, sizeof *made);
    *made = (struct parameter){name, value, NULL};
    while (*list)
        list = &(*list)->next;
    *list = made;
}

static void set_header(const char *line, const char *other)
{
    char **environment = arena_alloc(cx->arena, 3 * sizeof *environment);
    environment[0] = arena_text(cx->arena, line);
    environment[1] = arena_text(cx->arena, other);
    cx->request.environment = environment;
}

static const char *header_value(const char *name)
{
    for (const struct header *it = cx->response.headers; it; it = it->next)
        if (strcasecmp(it->name, name) == 0)
            return it->value;
    return NULL;
}

static json_object *form_field(bool creating, const char *name)
{
    json_object *list = page_form_fields(cx, fields, NULL, creating), *data = page_object(cx);
    json_object_object_add(data, "fields", list);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *it = json_object_array_get_idx(list, i);
        if (strcmp(json_object_get_string(json_object_object_get(it, "name")), name) == 0)
            return it;
    }
    return NULL;
}

static const char *member(json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

static bool is_true(json_object *object, const char *key)
{
    return json_object_get_boolean(json_object_object_get(object, key));
}

START_TEST(empty_form_shows_initial_values)
{
    ck_assert_ptr_null(member(form_field(true, "fullName"), "value"));
    ck_assert_str_eq(member(form_field(true, "status"), "value"), "new");
    ck_assert(is_true(form_field(true, "news"), "checked"));
}
END_TEST

START_TEST(form_keeps_what_was_typed)
{
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "fullName", "  Ada <b>");
    add_parameter(&cx->request.form, "news", "false");
    add_parameter(&cx->request.form, "interests", "gym");
    ck_assert_str_eq(member(form_field(true, "fullName"), "value"), "  Ada <b>");
    ck_assert(!is_true(form_field(true, "news"), "checked"));
    json_object *ticks = json_object_object_get(form_field(true, "interests"), "options");
    ck_assert(!is_true(json_object_array_get_idx(ticks, 0), "selected"));
    ck_assert(is_true(json_object_array_get_idx(ticks, 1), "selected"));
}
END_TEST

static const struct field *const priced =
    FIELDS({"price", MONEY, REQUIRED, .refers = "currency"}, {"currency", CURRENCY, REQUIRED});

static const struct input *read_price(const char *price, const char *currency)
{
    static struct route route;
    struct input *input;
    route.body = priced;
    next_request(HTTP_POST, "/x");
    cx->route = &route;
    add_parameter(&cx->request.form, "price", price);
    add_parameter(&cx->request.form, "currency", currency);
    return input_read_form(cx, priced, INPUT_CREATE, &input) ? input : NULL;
}

START_TEST(amounts_are_typed_as_people_write_them)
{
    ck_assert_str_eq(input_value(read_price("12.5", "EUR"), "price")->text, "1250");
    ck_assert_str_eq(input_value(read_price("12", "JPY"), "price")->text, "12");
    ck_assert_ptr_null(read_price("12.505", "EUR"));
    ck_assert_str_eq(cx->failure.details->code, "invalid_amount");
}
END_TEST

START_TEST(secret_is_never_shown_again)
{
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "password", "hunter2hunter2");
    ck_assert_ptr_null(member(form_field(true, "password"), "value"));
}
END_TEST

START_TEST(form_leaves_out_what_cannot_be_entered)
{
    ck_assert_ptr_null(form_field(true, "internal"));
    ck_assert_ptr_null(form_field(true, "score"));
    ck_assert_ptr_nonnull(form_field(true, "code"));
    ck_assert_ptr_null(form_field(false, "code"));
}
END_TEST

START_TEST(error_stands_beside_its_field)
{
    fail_field(cx, "fullName", "required", "must not be empty");
    json_object *field = form_field(true, "fullName");
    ck_assert_str_eq(member(field, "error"), "must not be empty");
    ck_assert_str_eq(member(field, "described"), "f-fullName-help f-fullName-error");
    ck_assert_ptr_null(member(form_field(true, "email"), "error"));
}
END_TEST

static const char *body_of(bool answered)
{
    ck_assert_msg(answered, "%s", cx->failure.message ? cx->failure.message : "not answered");
    return cx->response.body.data;
}

static bool render_form(void)
{
    json_object *data = page_object(cx);
    json_object_object_add(data, "fields", page_form_fields(cx, fields, NULL, true));
    page_set(data, "action", "/x");
    page_set(data, "back", "/x");
    page_set(data, "submit", "Save");
    return page_render(cx, 422, "layout/form", "New <lead>", data);
}

START_TEST(error_summary_leads_to_the_fields)
{
    struct route route = {.body = fields};
    cx->route = &route;
    cx->request.method = HTTP_POST;
    fail_field(cx, "fullName", "required", "must not be empty");
    fail_field(cx, "email", "invalid", "is not an e-mail address");
    sign_in("*");
    const char *body = body_of(render_form());
    ck_assert_ptr_nonnull(strstr(body, "Please correct 2 fields"));
    ck_assert_ptr_nonnull(strstr(body, "href=\"#f-fullName\""));
    ck_assert_ptr_nonnull(strstr(body, "Full name: must not be empty"));
    ck_assert_ptr_nonnull(strstr(body, "id=\"f-email\""));
}
END_TEST

START_TEST(values_and_titles_are_escaped)
{
    static const char bad[] = "</textarea>\"'><script>alert(1)</script>{{csrf}}";
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "fullName", bad);
    add_parameter(&cx->request.form, "note", bad);
    sign_in("*");
    session.name = bad;
    const char *body = body_of(render_form());
    ck_assert_ptr_null(strstr(body, "<script>alert"));
    ck_assert_ptr_null(strstr(body, "</textarea>\""));
    ck_assert_ptr_nonnull(strstr(body, "&lt;script&gt;alert(1)"));
    ck_assert_ptr_nonnull(strstr(body, "{{csrf}}"));
    ck_assert_ptr_nonnull(strstr(body, "New &lt;lead&gt;"));
}
END_TEST

START_TEST(form_carries_its_tokens)
{
    sign_in("*");
    const char *body = body_of(render_form());
    const char *token = arena_printf(cx->arena, "name=\"_csrf\" value=\"%s\"", access_csrf(cx));
    ck_assert_ptr_nonnull(strstr(body, token));
    ck_assert_ptr_nonnull(strstr(body, "name=\"_once\" value=\""));
}
END_TEST

START_TEST(chart_is_also_a_table)
{
    json_object *data = page_object(cx);
    json_object *chart = page_chart(data, "chart", "bar", "Tenants");
    page_chart_point(chart, "Nov <1>", 1234);
    ck_assert_int_eq((int)json_object_array_length(json_object_object_get(chart, "points")), 1);
    json_object *point = json_object_array_get_idx(json_object_object_get(chart, "points"), 0);
    ck_assert_str_eq(member(point, "label"), "Nov <1>");
    ck_assert_int_eq(json_object_get_int64(json_object_object_get(point, "value")), 1234);
    const char *body = body_of(page_render(cx, 200, "layout/chart", "Tenants", chart));
    ck_assert_ptr_nonnull(strstr(body, "data-chart=\"bar\""));
    ck_assert_ptr_nonnull(strstr(body, "<th scope=\"row\">Nov &lt;1&gt;</th>"));
    ck_assert_ptr_nonnull(strstr(body, "data-value=\"1234\""));
}
END_TEST

static const int statuses[] = {400, 403, 404, 405, 409, 413, 422, 429, 500, 503};

START_TEST(no_failure_is_a_dead_end)
{
    fail(cx, statuses[_i], "some_code", "This <did> not work.");
    page_write_failure(cx);
    ck_assert_int_eq(cx->response.status, statuses[_i]);
    const char *body = cx->response.body.data;
    ck_assert_ptr_nonnull(strstr(body, "This &lt;did&gt; not work."));
    ck_assert_ptr_nonnull(strstr(body, cx->request_id));
    ck_assert_ptr_nonnull(strstr(body, "href=\"/\""));
}
END_TEST

START_TEST(page_that_needs_a_session_leads_to_sign_in_and_back)
{
    cx->request.query_string = "q=a&page=2";
    fail(cx, 401, "not_signed_in", "Sign in first.");
    page_write_failure(cx);
    ck_assert_int_eq(cx->response.status, 303);
    ck_assert_str_eq(header_value("Location"),
                     "/login?next=%2Fadmin%2Fcrm%2Fleads%3Fq%3Da%26page%3D2");
}
END_TEST

START_TEST(htmx_is_told_to_leave_the_page_for_sign_in)
{
    set_header("HTTP_HX_REQUEST=true", NULL);
    fail(cx, 401, "not_signed_in", "Sign in first.");
    page_write_failure(cx);
    ck_assert_str_eq(header_value("HX-Redirect"), "/login?next=%2Fadmin%2Fcrm%2Fleads");
}
END_TEST

START_TEST(back_leads_only_to_this_host)
{
    set_header("HTTP_REFERER=http://localhost:8080.evil.test/x", NULL);
    fail(cx, 404, "not_found", "Gone.");
    page_write_failure(cx);
    ck_assert_ptr_null(strstr(cx->response.body.data, "evil"));
    next_request(HTTP_GET, "/admin/x");
    set_header("HTTP_REFERER=http://localhost:8080/admin/y?z=1", NULL);
    fail(cx, 404, "not_found", "Gone.");
    page_write_failure(cx);
    ck_assert_ptr_nonnull(strstr(cx->response.body.data, "href=\"/admin/y?z=1\""));
}
END_TEST

START_TEST(fragment_is_sent_without_the_frame)
{
    set_header("HTTP_HX_REQUEST=true", "HTTP_HX_REQUEST_TYPE=partial");
    sign_in("*");
    const char *body = body_of(render_form());
    ck_assert_ptr_null(strstr(body, "<html"));
    ck_assert_ptr_nonnull(strstr(body, "id=\"page\""));
    ck_assert_ptr_nonnull(strstr(body, "<title>New &lt;lead&gt;"));
    ck_assert_str_eq(header_value("HX-Push-Url"), "false");
}
END_TEST

START_TEST(appearance_follows_the_cookie)
{
    add_parameter(&cx->request.cookies, "theme", "dark");
    fail(cx, 404, "not_found", "Gone.");
    page_write_failure(cx);
    ck_assert_ptr_nonnull(strstr(cx->response.body.data, "data-bs-theme=\"dark\""));
    next_request(HTTP_GET, "/x");
    add_parameter(&cx->request.cookies, "theme", "\"><script>");
    fail(cx, 404, "not_found", "Gone.");
    page_write_failure(cx);
    ck_assert_ptr_nonnull(strstr(cx->response.body.data, "data-bs-theme=\"auto\""));
}
END_TEST

START_TEST(appearance_is_kept_and_leads_back)
{
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "theme", "light");
    add_parameter(&cx->request.form, "next", "/admin?x=1");
    ck_assert(page_theme(cx));
    ck_assert_str_eq(header_value("Location"), "/admin?x=1");
    ck_assert_ptr_nonnull(strstr(header_value("Set-Cookie"), "theme=light;"));
    next_request(HTTP_POST, "/theme");
    add_parameter(&cx->request.form, "theme", "neon");
    ck_assert(!page_theme(cx));
    ck_assert_int_eq(cx->failure.status, 422);
}
END_TEST

/* The value of the notice cookie that page_notice() makes for the session. */
static char *notice_cookie(const char *text)
{
    page_notice(cx, "success", text);
    const char *value = header_value("Set-Cookie") + strlen("notice=");
    return strndup(value, strcspn(value, ";"));
}

static const char *page_with_notice(const char *cookie)
{
    next_request(HTTP_GET, "/admin");
    add_parameter(&cx->request.cookies, "notice", cookie);
    sign_in("*");
    return body_of(render_form());
}

START_TEST(notice_is_shown_on_the_next_page)
{
    sign_in("*");
    char *cookie = notice_cookie("Lead <Ada> saved.");
    ck_assert_ptr_nonnull(strstr(page_with_notice(cookie), "Lead &lt;Ada&gt; saved."));
    ck_assert_ptr_nonnull(strstr(header_value("Set-Cookie"), "Max-Age=0"));
    free(cookie);
}
END_TEST

START_TEST(forged_notice_is_not_shown)
{
    sign_in("*");
    char *cookie = notice_cookie("Call 555");
    cookie[10] = cookie[10] == 'A' ? 'B' : 'A';
    ck_assert_ptr_null(strstr(page_with_notice(cookie), "class=\"notice "));
    free(cookie);
    ck_assert_ptr_null(strstr(page_with_notice("!!"), "class=\"notice "));
    cookie = notice_cookie("Another's");
    session.id[0] = '9';
    ck_assert_ptr_null(strstr(page_with_notice(cookie), "class=\"notice "));
    free(cookie);
}
END_TEST

static void load_menu(void)
{
    static const char text[] =
        "{\"areas\":[{\"name\":\"crm\",\"menu\":["
        "{\"set\":\"admin\",\"title\":\"Leads\",\"path\":\"/admin/crm/leads\",\"icon\":\"target\","
        "\"needs\":\"crm.leads:read\",\"group\":\"Customers\",\"order\":20},"
        "{\"set\":\"admin\",\"title\":\"Overview\",\"path\":\"/admin\",\"order\":10},"
        "{\"set\":\"platform\",\"title\":\"Tenants\",\"path\":\"/platform/tenants\",\"order\":1},"
        "{\"set\":\"admin\",\"title\":\"Children\",\"path\":\"/admin/children\","
        "\"kinds\":\"reseller\",\"order\":30},"
        "{\"set\":\"portal\",\"title\":\"My card\",\"path\":\"/portal\",\"order\":1}]}]}";
    char path[] = "/tmp/areasXXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
    ck_assert(areas_load(path));
    unlink(path);
}

START_TEST(menu_shows_what_one_may_use)
{
    load_menu();
    sign_in("crm.*");
    const char *body = body_of(render_form());
    const char *overview = strstr(body, "<span>Overview</span>");
    const char *leads = strstr(body, "href=\"/admin/crm/leads\" aria-current=\"page\"");
    ck_assert_ptr_nonnull(overview);
    ck_assert_ptr_nonnull(leads);
    ck_assert(overview < leads);
    ck_assert_ptr_nonnull(strstr(body, ">Customers</h2>"));
    ck_assert_ptr_null(strstr(body, "Tenants</span>"));
    ck_assert_ptr_null(strstr(body, "Children</span>"));
    ck_assert_ptr_null(strstr(body, "My card</span>"));
}
END_TEST

START_TEST(menu_hides_what_needs_a_permission)
{
    load_menu();
    sign_in("other.*");
    ck_assert_ptr_null(strstr(body_of(render_form()), "<span>Leads</span>"));
}
END_TEST

START_TEST(customer_sees_the_portal_alone)
{
    load_menu();
    sign_in("*");
    session.role = "customer";
    cx->request.path = "/portal";
    const char *body = body_of(render_form());
    ck_assert_ptr_nonnull(strstr(body, "<span>My card</span>"));
    ck_assert_ptr_null(strstr(body, "<span>Overview</span>"));
}
END_TEST

START_TEST(reseller_sees_the_platform_pages_too)
{
    load_menu();
    sign_in("*");
    tenant.kind = TENANT_RESELLER;
    const char *body = body_of(render_form());
    ck_assert_ptr_nonnull(strstr(body, "href=\"/platform/tenants\""));
    ck_assert_ptr_nonnull(strstr(body, "<span>Children</span>"));
}
END_TEST

static double luminance(const char *hex)
{
    unsigned part[3];
    double sum = 0, weight[] = {0.2126, 0.7152, 0.0722};
    ck_assert_int_eq(sscanf(hex, "#%2x%2x%2x", &part[0], &part[1], &part[2]), 3);
    for (int i = 0; i < 3; i++) {
        double value = part[i] / 255.0;
        sum += weight[i] * (value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(const char *a, const char *b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
    return one > other ? one / other : other / one;
}

static const char *after(const char *text, const char *what)
{
    const char *found = strstr(text, what);
    ck_assert_msg(found != NULL, "%s is not in %s", what, text);
    return found + strlen(what);
}

static const char *const brands[] = {"#ffff00", "#000000", "#ffffff",
                                     "#1f6f5c", "#e91e63", "#7f7f7f"};

START_TEST(brand_colours_can_be_read)
{
    tenant.branding.primary = brands[_i];
    tenant.branding.accent = "nonsense";
    cx->tenant = &tenant;
    const char *css = body_of(page_brand_css(cx));
    const char *text = after(css, "--brand-text: light-dark(");
    ck_assert(contrast(after(css, "--brand: "), after(css, "--brand-ink: ")) >= 4.5);
    ck_assert(contrast(text, "#f5f5f1") >= 4.5);
    ck_assert(contrast(text + strlen("#000000, "), "#1b1f23") >= 4.5);
}
END_TEST

static void scan_template(const char *path)
{
    char text[65536];
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    static const char *const forbidden[] = {" style=",    "<style",     "<script>",    " onclick=",
                                            " onchange=", " onsubmit=", "javascript:", "hx-on",
                                            "{{{",        "{{&"};
    /* a mail program knows no style sheets; that of a message stands in its frame alone */
    bool is_mail = strcmp(path, "templates/mail/frame.html") == 0;
    for (size_t i = is_mail ? 1 : 0; i < COUNT(forbidden); i++)
        ck_assert_msg(!strstr(text, forbidden[i]), "%s has %s", path, forbidden[i]);
}

static void scan_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *it; (it = readdir(dir));) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, it->d_name);
        if (it->d_type == DT_DIR && it->d_name[0] != '.')
            scan_folder(path);
        else if (text_ends(it->d_name, ".html"))
            scan_template(path);
    }
    closedir(dir);
}

START_TEST(templates_keep_the_content_security_policy)
{
    scan_folder("templates");
}
END_TEST

static Suite *page_suite(void)
{
    Suite *suite = suite_create("page");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, empty_form_shows_initial_values);
    tcase_add_test(all, form_keeps_what_was_typed);
    tcase_add_test(all, amounts_are_typed_as_people_write_them);
    tcase_add_test(all, secret_is_never_shown_again);
    tcase_add_test(all, form_leaves_out_what_cannot_be_entered);
    tcase_add_test(all, error_stands_beside_its_field);
    tcase_add_test(all, error_summary_leads_to_the_fields);
    tcase_add_test(all, values_and_titles_are_escaped);
    tcase_add_test(all, form_carries_its_tokens);
    tcase_add_test(all, chart_is_also_a_table);
    tcase_add_loop_test(all, no_failure_is_a_dead_end, 0, COUNT(statuses));
    tcase_add_test(all, page_that_needs_a_session_leads_to_sign_in_and_back);
    tcase_add_test(all, htmx_is_told_to_leave_the_page_for_sign_in);
    tcase_add_test(all, back_leads_only_to_this_host);
    tcase_add_test(all, fragment_is_sent_without_the_frame);
    tcase_add_test(all, appearance_follows_the_cookie);
    tcase_add_test(all, appearance_is_kept_and_leads_back);
    tcase_add_test(all, notice_is_shown_on_the_next_page);
    tcase_add_test(all, forged_notice_is_not_shown);
    tcase_add_test(all, menu_shows_what_one_may_use);
    tcase_add_test(all, menu_hides_what_needs_a_permission);
    tcase_add_test(all, customer_sees_the_portal_alone);
    tcase_add_test(all, reseller_sees_the_platform_pages_too);
    tcase_add_loop_test(all, brand_colours_can_be_read, 0, COUNT(brands));
    tcase_add_test(all, templates_keep_the_content_security_policy);
    suite_add_tcase(suite, all);
    return suite;
}

UNIT_MAIN(page_suite)
