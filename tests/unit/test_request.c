/* request: the head and the body, as nginx passes them. */
#include "base/text.h"
#include "exchange.h"

static const char long_segment[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/* Reads a head with this address and host; further variables behind it. */
static bool read_head(const char *uri, const char *host, const char *more)
{
    static char *environment[8];
    int count = 0;
    exchange_again();
    environment[count++] = arena_text(cx.arena, "REQUEST_METHOD=GET");
    environment[count++] = arena_printf(cx.arena, "REQUEST_URI=%s", uri);
    environment[count++] = arena_text(cx.arena, "REMOTE_ADDR=192.0.2.7");
    if (host)
        environment[count++] = arena_printf(cx.arena, "HTTP_HOST=%s", host);
    if (more)
        environment[count++] = arena_text(cx.arena, more);
    environment[count] = NULL;
    return request_read_head(&cx, environment);
}

static bool read_path(const char *uri)
{
    return read_head(uri, "example.com", NULL);
}

START_TEST(methods_are_told_by_name)
{
    for (int method = HTTP_GET; method < HTTP_OTHER; method++)
        ck_assert_int_eq(method_of(method_name((enum http_method)method)), method);
    ck_assert_int_eq(method_of("get"), HTTP_OTHER);
    ck_assert_int_eq(method_of("TRACE"), HTTP_OTHER);
    ck_assert_int_eq(method_of(""), HTTP_OTHER);
    ck_assert_str_eq(method_name(HTTP_OTHER), "OTHER");
}
END_TEST

START_TEST(head_is_filled_from_the_variables)
{
    ck_assert(read_head("/api/x/%C3%A9?q=a+b&q=c", "Example.COM:8080", "REQUEST_SCHEME=https"));
    ck_assert_int_eq(cx.request.method, HTTP_GET);
    ck_assert_str_eq(cx.request.path, "/api/x/\xc3\xa9");
    ck_assert_str_eq(cx.request.query_string, "q=a+b&q=c");
    ck_assert_str_eq(parameter_get(cx.request.query, "q"), "a b");
    ck_assert_str_eq(cx.request.query->next->value, "c");
    ck_assert_str_eq(cx.request.host, "example.com");
    ck_assert_str_eq(cx.request.origin_host, "Example.COM:8080");
    ck_assert_str_eq(cx.request.remote, "192.0.2.7");
    ck_assert_str_eq(cx.request.scheme, "https");
    ck_assert_str_eq(cx.request.content_type, "");
    ck_assert_str_eq(cx.request.body, "");
}
END_TEST

START_TEST(nothing_is_null_when_the_head_is_refused)
{
    ck_assert(!read_head("/%zz", "example.com", NULL));
    ck_assert_ptr_nonnull(cx.request.host);
    ck_assert_ptr_nonnull(cx.request.origin_host);
    ck_assert_ptr_nonnull(cx.request.query_string);
    ck_assert_ptr_nonnull(cx.request.scheme);
    ck_assert_ptr_nonnull(cx.request.remote);
}
END_TEST

static const char *const good_paths[][2] = {
    {"/", "/"},       {"/a/b", "/a/b"}, {"/a/", "/a/"},     {"/a%20b", "/a b"}, {"/a+b", "/a+b"},
    {"/...", "/..."}, {"/.a", "/.a"},   {"/a..b", "/a..b"}, {"/%41", "/A"},     {"/a%3Fb", "/a?b"}};

START_TEST(path_is_decoded_once)
{
    ck_assert(read_path(good_paths[_i][0]));
    ck_assert_str_eq(cx.request.path, good_paths[_i][1]);
    ck_assert(read_path("/a%2541"));
    ck_assert_str_eq(cx.request.path, "/a%41");
}
END_TEST

static const char *const bad_paths[] = {
    "",       "a",      "*",          "?q",       "/a%2Fb",    "/a%2fb",     "/a%00", "/a%",
    "/a%4",   "/a%zz",  "/a\\b",      "/a%5Cb",   "/%ff",      "/%C3",       "/\xc3", "/%ED%A0%80",
    "/.",     "/..",    "/a/.",       "/a/..",    "/a/../b",   "/./a",       "/%2e",  "/%2e%2E/a",
    "//",     "//a",    "/a//b",      "/a//",     "/a%0d%0ab", "/a\x7f",     "/%2F",  "/%2e%2e%2fa",
    "/a/%2e", "/a%01b", "/%c0%ae/up", "/a%2F%2F", "/.%2e/a",   "http://b/a/"};

START_TEST(path_that_could_be_read_in_two_ways_is_refused)
{
    ck_assert_msg(!read_path(bad_paths[_i]), "%s", bad_paths[_i]);
    ck_assert_failure(400, "bad_path");
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
    struct buf uri = {0};
    buf_puts(&uri, "/");
    while (uri.len + sizeof long_segment < 2048)
        buf_puts(&uri, long_segment);
    ck_assert(read_path(uri.data));
    while (uri.len <= 2048)
        buf_puts(&uri, long_segment);
    ck_assert(!read_path(uri.data));
    ck_assert_failure(414, "path_too_long");
    buf_clear(&uri);
    buf_puts(&uri, "/?");
    while (uri.len <= 8192 + 2)
        buf_puts(&uri, long_segment);
    ck_assert(!read_path(uri.data));
    ck_assert_failure(414, "query_too_long");
    buf_free(&uri);
}
END_TEST

START_TEST(query_with_too_many_or_malformed_parameters_is_refused)
{
    struct buf uri = {0};
    buf_puts(&uri, "/?");
    for (int i = 0; i < 100; i++)
        buf_puts(&uri, "a=1&");
    ck_assert(read_path(uri.data));
    buf_puts(&uri, "a=1");
    ck_assert(!read_path(uri.data));
    ck_assert_failure(400, "bad_query");
    buf_free(&uri);
    ck_assert(!read_path("/?a=%ff"));
    ck_assert_failure(400, "bad_query");
    ck_assert(!read_path("/?a=%00"));
    ck_assert_failure(400, "bad_query");
}
END_TEST

START_TEST(request_without_an_address_is_refused)
{
    char *environment[] = {(char[]){"REQUEST_METHOD=GET"}, NULL};
    ck_assert(!request_read_head(&cx, environment));
    ck_assert_failure(400, "bad_request");
}
END_TEST

static const char *const good_hosts[][2] = {{"localhost", "localhost"},
                                            {"A.Example.Com", "a.example.com"},
                                            {"a.example.com.", "a.example.com"},
                                            {"a_b-c.test:1", "a_b-c.test"},
                                            {"192.0.2.1:65535", "192.0.2.1"},
                                            {"[::1]", "[::1]"},
                                            {"[2001:DB8::A]:8080", "[2001:db8::a]"},
                                            {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"}};

START_TEST(host_is_lowered_and_loses_its_port)
{
    ck_assert_msg(read_head("/", good_hosts[_i][0], NULL), "%s", good_hosts[_i][0]);
    ck_assert_str_eq(cx.request.host, good_hosts[_i][1]);
    ck_assert_str_eq(cx.request.origin_host, good_hosts[_i][0]);
}
END_TEST

static const char *const bad_hosts[] = {
    NULL,    "",     " ",   "a b",      "a/b",    "a@b",     "a:b",   "a:0",     "a:65536",
    "a:1:2", "a:-1", ":80", ".",        "..",     ".a",      "a..b",  "a..",     "[::1",
    "[",     "[]",   "[a]", "[::1]a",   "[::1]:", "[::1]:x", "[::g]", "[1.2.3]", "[::1%eth0]",
    "a\"b",  "a\\b", "a,b", "\xc3\xa9", "a%41",   "::1",     "a?",    "[[::1]]", "[::1]:70000"};

START_TEST(host_that_is_none_is_refused)
{
    const char *host = bad_hosts[_i];
    ck_assert_msg(!read_head("/", host, NULL), "%s accepted", host);
    ck_assert_failure(400, "bad_host");
}
END_TEST

START_TEST(host_longer_than_a_name_can_be_is_refused)
{
    struct buf host = {0};
    while (host.len <= 253)
        buf_puts(&host, "abcdefgh.");
    buf_puts(&host, "test");
    ck_assert(!read_head("/", host.data, NULL));
    ck_assert_failure(400, "bad_host");
    buf_free(&host);
}
END_TEST

START_TEST(headers_are_found_by_their_usual_names)
{
    char *environment[] = {(char[]){"HTTP_IF_MATCHES=no"},
                           (char[]){"HTTP_IF=no"},
                           (char[]){"IF_MATCH=no"},
                           (char[]){"H"},
                           (char[]){""},
                           (char[]){"HTTP_"},
                           (char[]){"HTTP_IF_MATCH=\"1\"=x"},
                           (char[]){"HTTP_IF_MATCH=second"},
                           (char[]){"HTTP_X_B3=v"},
                           (char[]){"HTTP_EMPTY="},
                           NULL};
    cx.request.environment = environment;
    ck_assert_str_eq(request_header(&cx.request, "If-Match"), "\"1\"=x");
    ck_assert_str_eq(request_header(&cx.request, "if-match"), "\"1\"=x");
    ck_assert_str_eq(request_header(&cx.request, "X-B3"), "v");
    ck_assert_ptr_null(request_header(&cx.request, "If-Mat"));
    ck_assert_ptr_null(request_header(&cx.request, "Cookie"));
    ck_assert_ptr_null(request_header(&cx.request, "Empty"));
    cx.request.environment = NULL;
    ck_assert_ptr_null(request_header(&cx.request, "If-Match"));
}
END_TEST

START_TEST(cookies_are_read_and_bad_ones_refused)
{
    ck_assert(read_head("/", "a", "HTTP_COOKIE=a=1; b=2"));
    ck_assert_str_eq(request_cookie(&cx.request, "b"), "2");
    ck_assert_ptr_null(request_cookie(&cx.request, "c"));
    ck_assert(!read_head("/", "a", "HTTP_COOKIE=a=\xff"));
    ck_assert_failure(400, "bad_cookie");
}
END_TEST

/* ---- content type ---- */

static const struct {
    const char *sent, *type, *boundary;
} types[] = {
    {"CONTENT_TYPE=", "", NULL},
    {"CONTENT_TYPE= Application/JSON ; charset=utf-8", "application/json", NULL},
    {"CONTENT_TYPE=application/json; boundary=", "application/json", NULL},
    {"CONTENT_TYPE=Multipart/Form-Data; boundary=aBc", "multipart/form-data", "aBc"},
    {"CONTENT_TYPE=multipart/form-data;BOUNDARY=\"a b\"; x=y", "multipart/form-data", "a b"},
    {"CONTENT_TYPE=multipart/form-data; x=\"; boundary=no\"; boundary=yes", "multipart/form-data",
     "yes"},
    {"CONTENT_TYPE=multipart/form-data; xboundary=no", "multipart/form-data", NULL},
};

START_TEST(content_type_is_lowered_and_its_boundary_found)
{
    ck_assert(read_head("/", "a", types[_i].sent));
    ck_assert_str_eq(cx.request.content_type, types[_i].type);
    ck_assert_pstr_eq(cx.request.boundary, types[_i].boundary);
}
END_TEST

static const char *const bad_boundaries[] = {"boundary=",
                                             "boundary=\"\"",
                                             "boundary=\"open",
                                             "boundary=\"ends in blank \"",
                                             "boundary=a;boundary=b",
                                             "boundary=a{b",
                                             "boundary=\xc3\xa9",
                                             "boundary=0123456789012345678901234567890123456789"
                                             "0123456789012345678901234567890"};

START_TEST(malformed_boundary_is_refused)
{
    char line[160] = "CONTENT_TYPE=multipart/form-data; ";
    strcat(line, bad_boundaries[_i]);
    ck_assert_msg(!read_head("/", "a", line), "%s", line);
    ck_assert_failure(400, "bad_multipart");
}
END_TEST

/* ---- body ---- */

static bool read_body(const char *type, const char *body, size_t limit)
{
    struct source source = {body, strlen(body), 3, false};
    exchange_again();
    cx.request.content_type = type;
    cx.request.body = "";
    return request_read_body(&cx, source_read, &source, limit);
}

START_TEST(json_and_csv_are_kept_raw)
{
    static const char *const raw[] = {"application/json", "application/merge-patch+json",
                                      "text/csv"};
    for (size_t i = 0; i < COUNT(raw); i++) {
        ck_assert(read_body(raw[i], "{\"a\": [1,", 100));
        ck_assert_str_eq(cx.request.body, "{\"a\": [1,");
        ck_assert_uint_eq(cx.request.body_len, 9);
    }
}
END_TEST

START_TEST(form_is_parsed)
{
    ck_assert(read_body("application/x-www-form-urlencoded", "a=1&b=%C3%A9", 100));
    ck_assert_str_eq(parameter_get(cx.request.form, "b"), "\xc3\xa9");
    ck_assert(!read_body("application/x-www-form-urlencoded", "a=%", 100));
    ck_assert_failure(400, "bad_form");
}
END_TEST

START_TEST(empty_body_needs_no_type)
{
    ck_assert(read_body("", "", 100));
    ck_assert_uint_eq(cx.request.body_len, 0);
    ck_assert_str_eq(cx.request.body, "");
}
END_TEST

static const char *const other_types[] = {
    "", "text/plain", "application/xml", "application/jsonx", "application/json-patch+json", "*/*"};

START_TEST(body_of_another_type_is_refused)
{
    ck_assert(!read_body(other_types[_i], "x", 100));
    ck_assert_failure(415, "unsupported_media_type");
}
END_TEST

START_TEST(body_may_be_as_large_as_the_limit_and_no_larger)
{
    ck_assert(read_body("application/json", "1234567890", 10));
    ck_assert(!read_body("application/json", "12345678901", 10));
    ck_assert_failure(413, "body_too_large");
}
END_TEST

START_TEST(body_that_breaks_off_is_refused)
{
    struct source source = {"{\"a\":", 5, 3, true};
    cx.request.content_type = "application/json";
    ck_assert(!request_read_body(&cx, source_read, &source, 100));
    ck_assert_failure(400, "body_incomplete");
}
END_TEST

START_TEST(multipart_needs_a_boundary_and_fills_the_form)
{
    static const char body[] =
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n2\r\n--b--\r\n";
    struct source source = {body, sizeof body - 1, 5, false};
    cx.request.content_type = "multipart/form-data";
    cx.request.boundary = "b";
    ck_assert(request_read_body(&cx, source_read, &source, 1000));
    ck_assert_str_eq(parameter_get(cx.request.form, "a"), "1");
    ck_assert_str_eq(cx.request.uploads->data, "2");
    source = (struct source){body, sizeof body - 1, 5, false};
    ck_assert(!request_read_body(&cx, source_read, &source, 50));
    ck_assert_failure(413, "body_too_large");
    ck_assert(!read_body("multipart/form-data", body, 1000));
    ck_assert_failure(400, "bad_multipart");
}
END_TEST

static Suite *request_suite(void)
{
    TCase *tests;
    Suite *suite = suite_of("request", &tests);
    tcase_add_test(tests, methods_are_told_by_name);
    tcase_add_test(tests, head_is_filled_from_the_variables);
    tcase_add_test(tests, nothing_is_null_when_the_head_is_refused);
    tcase_add_loop_test(tests, path_is_decoded_once, 0, COUNT(good_paths));
    tcase_add_loop_test(tests, path_that_could_be_read_in_two_ways_is_refused, 0, COUNT(bad_paths));
    tcase_add_test(tests, what_is_too_long_is_refused);
    tcase_add_test(tests, query_with_too_many_or_malformed_parameters_is_refused);
    tcase_add_test(tests, request_without_an_address_is_refused);
    tcase_add_loop_test(tests, host_is_lowered_and_loses_its_port, 0, COUNT(good_hosts));
    tcase_add_loop_test(tests, host_that_is_none_is_refused, 0, COUNT(bad_hosts));
    tcase_add_test(tests, host_longer_than_a_name_can_be_is_refused);
    tcase_add_test(tests, headers_are_found_by_their_usual_names);
    tcase_add_test(tests, cookies_are_read_and_bad_ones_refused);
    tcase_add_loop_test(tests, content_type_is_lowered_and_its_boundary_found, 0, COUNT(types));
    tcase_add_loop_test(tests, malformed_boundary_is_refused, 0, COUNT(bad_boundaries));
    tcase_add_test(tests, json_and_csv_are_kept_raw);
    tcase_add_test(tests, form_is_parsed);
    tcase_add_test(tests, empty_body_needs_no_type);
    tcase_add_loop_test(tests, body_of_another_type_is_refused, 0, COUNT(other_types));
    tcase_add_test(tests, body_may_be_as_large_as_the_limit_and_no_larger);
    tcase_add_test(tests, body_that_breaks_off_is_refused);
    tcase_add_test(tests, multipart_needs_a_boundary_and_fills_the_form);
    return suite;
}

UNIT_MAIN(request_suite)
