/* Pages: what is escaped, who sees which menu entry, and that no failure is a dead
 * end. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "resource/areas.h"
#include "resource/tables.h"
#include "sheet.h"

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

static bool render(void)
{
    return page_render(cx, 422, "layout/form", "New <lead>", page_object(cx));
}

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
    const char *body = body_of(render());
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
    return body_of(render());
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
    tables_link();
    unlink(path);
}

START_TEST(menu_shows_what_one_may_use)
{
    load_menu();
    sign_in("crm.*");
    const char *body = body_of(render());
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
    ck_assert_ptr_null(strstr(body_of(render()), "<span>Leads</span>"));
}
END_TEST

START_TEST(customer_sees_the_portal_alone)
{
    load_menu();
    sign_in("*");
    session.role = "customer";
    cx->request.path = "/portal";
    const char *body = body_of(render());
    ck_assert_ptr_nonnull(strstr(body, "<span>My card</span>"));
    ck_assert_ptr_null(strstr(body, "<span>Overview</span>"));
}
END_TEST

START_TEST(reseller_sees_the_platform_pages_too)
{
    load_menu();
    sign_in("*");
    tenant.kind = TENANT_RESELLER;
    const char *body = body_of(render());
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

static void read_file(const char *path, char text[static 65536])
{
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, 65535, file)] = 0;
    fclose(file);
}

/* One value is shown unescaped: what page_set_markdown() made of Markdown. */
static void take_out_markdown(char *text)
{
    static const char unescaped[] = "{{{markdown_html}}}";
    for (char *at = text; (at = strstr(at, unescaped));)
        memset(at, ' ', strlen(unescaped));
}

static void scan_template(const char *path)
{
    char text[65536];
    read_file(path, text);
    take_out_markdown(text);
    static const char *const forbidden[] = {" style=",    "<style",     "<script>",    " onclick=",
                                            " onchange=", " onsubmit=", "javascript:", "hx-on",
                                            "{{{",        "{{&"};
    /* a mail program knows no style sheets; that of a message stands in its frame alone */
    bool is_mail = strcmp(path, "templates/mail/frame.html") == 0;
    for (size_t i = is_mail ? 1 : 0; i < COUNT(forbidden); i++)
        ck_assert_msg(!strstr(text, forbidden[i]), "%s has %s", path, forbidden[i]);
}

/* Code that sets that value by itself could put anything there. */
static void scan_code(const char *path)
{
    char text[65536];
    bool is_made_here = strcmp(path, "lib/page/show.c") == 0;
    read_file(path, text);
    const char *set = strstr(text, "\"markdown_html\"");
    ck_assert_msg(!set || (is_made_here && !strstr(set + 1, "\"markdown_html\"")),
                  "%s sets markdown_html: let page_set_markdown() do it", path);
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
        else if (text_ends(it->d_name, ".c"))
            scan_code(path);
    }
    closedir(dir);
}

START_TEST(templates_keep_the_content_security_policy)
{
    scan_folder("templates");
    scan_folder("lib");
    scan_folder("cgi-bin");
}
END_TEST

static Suite *page_suite(void)
{
    Suite *suite = suite_create("page");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
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
