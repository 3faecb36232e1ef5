/* response: the envelope, headers, cookies, and what goes to nginx. */
#include "base/text.h"
#include "exchange.h"
#include "http/retire.h"

START_TEST(success_wears_the_envelope)
{
    json_put_int(respond_begin(&cx, 201), 7);
    ck_assert(respond_end(&cx));
    ck_assert_str_eq(exchange_sent(), "Status: 201 Created\r\nContent-Type: application/json\r\n"
                                      "Content-Length: 25\r\n\r\n{\"success\":true,\"data\":7}");
}
END_TEST

START_TEST(an_answer_begun_again_forgets_the_first)
{
    json_open_array(respond_begin(&cx, 200));
    json_put_text(respond_begin(&cx, 200), "b");
    respond_end(&cx);
    ck_assert_str_eq(cx.response.body.data, "{\"success\":true,\"data\":\"b\"}");
}
END_TEST

START_TEST(list_tells_what_was_counted_and_no_more)
{
    json_put_null(respond_begin(&cx, 200));
    respond_end_list(&cx, &(struct list_meta){.page = 2, .limit = 20, .total = 41});
    ck_assert_str_eq(cx.response.body.data,
                     "{\"success\":true,\"data\":null,\"meta\":{\"page\":2,\"limit\":20,"
                     "\"total\":41,\"totalPages\":3,\"nextCursor\":null}}");
    json_put_null(respond_begin(&cx, 200));
    respond_end_list(&cx, &(struct list_meta){-1, 20, -1, "c"});
    ck_assert_str_eq(
        cx.response.body.data,
        "{\"success\":true,\"data\":null,\"meta\":{\"limit\":20,\"nextCursor\":\"c\"}}");
}
END_TEST

START_TEST(failure_replaces_a_half_written_answer)
{
    json_open_object(respond_begin(&cx, 200));
    memcpy(cx.request_id, "r-1", 4);
    fail_field(&cx, "email", "required", "Say \"who\".");
    fail_field(&cx, "name", "too_long", "Shorter.");
    response_write_failure(&cx);
    ck_assert_int_eq(cx.response.status, 422);
    ck_assert_str_eq(
        cx.response.body.data,
        "{\"success\":false,\"error\":{\"message\":\"Some fields are not valid.\","
        "\"code\":\"validation_failed\","
        "\"documentationUrl\":\"/api/docs/errors#validation_failed\",\"details\":[{\"in\":\"body\","
        "\"field\":\"email\",\"code\":\"required\","
        "\"message\":\"Say "
        "\\\"who\\\".\"},{\"in\":\"body\",\"field\":\"name\",\"code\":\"too_long\","
        "\"message\":\"Shorter.\"}],\"statusCode\":422,\"requestId\":\"r-1\"}}");
}
END_TEST

START_TEST(failure_after_an_answer_without_body_has_a_body)
{
    respond_nothing(&cx);
    fail(&cx, 409, "late", "Late.");
    response_write_failure(&cx);
    ck_assert_ptr_nonnull(strstr(exchange_sent(), "\r\n\r\n{\"success\":false"));
}
END_TEST

START_TEST(head_and_bodiless_statuses_send_no_body)
{
    respond_nothing(&cx);
    ck_assert_str_eq(exchange_sent(), "Status: 204 No Content\r\n\r\n");
    exchange_again();
    json_put_int(respond_begin(&cx, 304), 1);
    respond_end(&cx);
    ck_assert_str_eq(exchange_sent(), "Status: 304 Not Modified\r\n\r\n");
    exchange_again();
    cx.request.method = HTTP_HEAD;
    json_put_int(respond_begin(&cx, 200), 1);
    respond_end(&cx);
    ck_assert_str_eq(exchange_sent(), "Status: 200 OK\r\nContent-Type: application/json\r\n"
                                      "Content-Length: 25\r\n\r\n");
}
END_TEST

START_TEST(page_is_sent_as_html)
{
    buf_puts(&cx.response.body, "<p>");
    ck_assert(respond_html(&cx, 404));
    ck_assert_str_eq(exchange_sent(),
                     "Status: 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n"
                     "Content-Length: 3\r\n\r\n<p>");
}
END_TEST

static const char *const dirty[] = {"a\r\nSet-Cookie: b=1", "a\nb", "a\rb", "a\x01", "a\x7f", NULL};

START_TEST(header_with_a_line_end_is_left_out)
{
    response_header(&cx, "X-A", dirty[_i]);
    ck_assert_ptr_null(cx.response.headers);
    response_header(&cx, "X-A", "kept");
    response_header_set(&cx, "x-a", dirty[_i]);
    ck_assert_str_eq(exchange_header("X-A"), "kept");
}
END_TEST

START_TEST(headers_add_up_unless_set)
{
    response_header(&cx, "Vary", "Origin");
    response_header(&cx, "Vary", "Cookie");
    response_header_set(&cx, "ETag", "\"1\"");
    response_header_set(&cx, "etag", "\"2\"");
    respond_nothing(&cx);
    ck_assert_str_eq(
        exchange_sent(),
        "Status: 204 No Content\r\nVary: Origin\r\nVary: Cookie\r\nETag: \"2\"\r\n\r\n");
}
END_TEST

static const char *const local[] = {"/", "/x", "/x?next=//y", "/x//y", "/x\\y", "/%5Cx", "/ x"};
static const char *const foreign[] = {
    "",      "x",       "//evil.test", "/\\evil.test", "\\\\x", "https://x", "/\t/x", "/\t\\x",
    "\t//x", "/\r\n/x", "/\n/x",       "javascript:x", " //x",  "/a\x7f",    "/a\tb", "http:/x"};

START_TEST(redirect_stays_here)
{
    ck_assert(respond_redirect(&cx, local[_i]));
    ck_assert_int_eq(cx.response.status, 303);
    ck_assert_str_eq(exchange_header("Location"), local[_i]);
}
END_TEST

START_TEST(redirect_elsewhere_goes_to_the_start)
{
    ck_assert(respond_redirect(&cx, foreign[_i]));
    ck_assert_str_eq(exchange_header("Location"), "/");
}
END_TEST

START_TEST(file_name_is_safe_in_both_forms)
{
    respond_file(&cx, "text/csv", "a\"\r\n/\\;\xc3\xa9.csv");
    ck_assert_str_eq(exchange_header("Content-Disposition"),
                     "attachment; filename=\"a_____;__.csv\"; "
                     "filename*=UTF-8''a%22%0D%0A%2F%5C%3B%C3%A9.csv");
    ck_assert_str_eq(cx.response.type, "text/csv");
    ck_assert_int_eq(cx.response.status, 200);
}
END_TEST

START_TEST(cookie_is_closed_to_scripts_and_other_sites)
{
    cx.request.scheme = "http";
    ck_assert_str_eq(cookie_name(&cx, "s"), "s");
    response_cookie(&cx, cookie_name(&cx, "s"), "v", 60);
    ck_assert_str_eq(exchange_header("Set-Cookie"),
                     "s=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
}
END_TEST

START_TEST(cookie_is_bound_to_the_host_under_https)
{
    cx.request.scheme = "https";
    response_cookie(&cx, cookie_name(&cx, "s"), "", 0);
    ck_assert_str_eq(exchange_header("Set-Cookie"),
                     "__Host-s=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
}
END_TEST

static const char *const bad_values[] = {
    "a; Domain=evil.test", "a b", "a,b", "\"a\"", "a\\b", "\xc3\xa9", "a\tb"};

START_TEST(cookie_value_cannot_add_attributes)
{
    cx.request.scheme = "http";
    response_cookie(&cx, "s", bad_values[_i], 60);
    ck_assert_ptr_null(exchange_header("Set-Cookie"));
}
END_TEST

/* Takes as many writes as `sink` counts. */
static bool take_some(void *sink, const void *data, size_t len)
{
    int *left = sink;
    return data && len > 0 && (*left)-- > 0;
}

START_TEST(sending_tells_when_the_sink_refuses)
{
    json_put_int(respond_begin(&cx, 200), 1);
    respond_end(&cx);
    for (int takes = 0; takes < 3; takes++) {
        int left = takes;
        ck_assert_int_eq(response_send(&cx, take_some, &left), takes == 2);
    }
}
END_TEST

START_TEST(statuses_have_their_reasons)
{
    ck_assert_str_eq(http_reason(503), "Service Unavailable");
    ck_assert_str_eq(http_reason(599), "Status");
}
END_TEST

START_TEST(route_that_will_go_says_so)
{
    const struct route stays = {.path = "/"};
    const struct route goes = {.path = "/", .deprecated = "2026-01-31", .sunset = "2027-02-01"};
    retire_announce(&cx);
    cx.route = &stays;
    retire_announce(&cx);
    ck_assert_ptr_null(cx.response.headers);
    cx.route = &goes;
    retire_announce(&cx);
    respond_nothing(&cx);
    ck_assert_str_eq(exchange_sent(), "Status: 204 No Content\r\nDeprecation: @1769817600\r\n"
                                      "Sunset: Mon, 01 Feb 2027 00:00:00 GMT\r\n\r\n");
}
END_TEST

static Suite *response_suite(void)
{
    TCase *tests;
    Suite *suite = suite_of("response", &tests);
    tcase_add_test(tests, success_wears_the_envelope);
    tcase_add_test(tests, an_answer_begun_again_forgets_the_first);
    tcase_add_test(tests, list_tells_what_was_counted_and_no_more);
    tcase_add_test(tests, failure_replaces_a_half_written_answer);
    tcase_add_test(tests, failure_after_an_answer_without_body_has_a_body);
    tcase_add_test(tests, head_and_bodiless_statuses_send_no_body);
    tcase_add_test(tests, page_is_sent_as_html);
    tcase_add_loop_test(tests, header_with_a_line_end_is_left_out, 0, COUNT(dirty));
    tcase_add_test(tests, headers_add_up_unless_set);
    tcase_add_loop_test(tests, redirect_stays_here, 0, COUNT(local));
    tcase_add_loop_test(tests, redirect_elsewhere_goes_to_the_start, 0, COUNT(foreign));
    tcase_add_test(tests, file_name_is_safe_in_both_forms);
    tcase_add_test(tests, cookie_is_closed_to_scripts_and_other_sites);
    tcase_add_test(tests, cookie_is_bound_to_the_host_under_https);
    tcase_add_loop_test(tests, cookie_value_cannot_add_attributes, 0, COUNT(bad_values));
    tcase_add_test(tests, sending_tells_when_the_sink_refuses);
    tcase_add_test(tests, statuses_have_their_reasons);
    tcase_add_test(tests, route_that_will_go_says_so);
    return suite;
}

UNIT_MAIN(response_suite)
