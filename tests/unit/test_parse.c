/* parse: forms, cookies, multipart, routes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/cx.h"
#include "unit.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

START_TEST(forms_are_decoded_in_order)
{
    struct parameter *list;
    ck_assert(parse_urlencoded(arena, "a=1&b=x+y%21&a=2&c&&=e", 22, 10, &list));
    ck_assert_str_eq(parameter_get(list, "a"), "1");
    ck_assert_str_eq(parameter_get(list, "b"), "x y!");
    ck_assert_str_eq(parameter_get(list, "c"), "");
    ck_assert_ptr_null(parameter_get(list, "d"));
    ck_assert(!parse_urlencoded(arena, "a=%zz", 5, 10, &list));
    ck_assert(!parse_urlencoded(arena, "a=1&b=2&c=3", 11, 2, &list));
}
END_TEST

START_TEST(cookies_are_read_and_unquoted)
{
    struct parameter *list;
    ck_assert(parse_cookies(arena, "a=1; b=\"two\";c= 3 ;=x; d", &list));
    ck_assert_str_eq(parameter_get(list, "a"), "1");
    ck_assert_str_eq(parameter_get(list, "b"), "two");
    ck_assert_str_eq(parameter_get(list, "c"), "3");
    ck_assert(!parse_cookies(arena, "a=\xff", &list));
}
END_TEST

struct source {
    const char *data;
    size_t size, step;
};

static long read_some(void *arg, void *out, size_t size)
{
    struct source *source = arg;
    size_t len = source->step < size ? source->step : size;
    len = len < source->size ? len : source->size;
    memcpy(out, source->data, len);
    source->data += len;
    source->size -= len;
    return (long)len;
}

#define PART(head, data) "--b\r\nContent-Disposition: form-data; " head "\r\n\r\n" data "\r\n"

START_TEST(multipart_is_the_same_however_it_arrives)
{
    static const char body[] = "preamble\r\n" PART("name=\"a\"", "1\r\n--x")
        PART("name=\"f\"; filename=\"C:\\\\d\\\\x.csv\"", "data") "--b--\r\nepilogue";
    for (size_t step = 1; step < sizeof body; step++) {
        struct source source = {body, sizeof body - 1, step};
        struct multipart_result result;
        ck_assert_msg(
            parse_multipart(arena, "b", read_some, &source, 4096, "/nonexistent", &result),
            "step %zu: %s", step, result.problem);
        ck_assert_str_eq(parameter_get(result.fields, "a"), "1\r\n--x");
        ck_assert_str_eq(result.uploads->file_name, "x.csv");
        ck_assert_str_eq(result.uploads->data, "data");
    }
}
END_TEST

START_TEST(large_uploads_go_to_a_file_that_is_removed)
{
    char folder[] = "/tmp/tulou-upload-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    size_t size = 200000;
    struct buf body;
    buf_init(&body, arena);
    buf_puts(&body, "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n");
    for (size_t i = 0; i < size; i++)
        buf_putc(&body, (char)('a' + i % 26));
    buf_puts(&body, "\r\n--b--\r\n");
    struct source source = {body.data, body.len, 4096};
    struct multipart_result result;
    ck_assert(parse_multipart(arena, "b", read_some, &source, 1 << 20, folder, &result));
    ck_assert_ptr_null(result.uploads->data);
    ck_assert_uint_eq(result.uploads->size, size);
    ck_assert_int_eq(access(result.uploads->path, R_OK), 0);
    char path[128];
    snprintf(path, sizeof path, "%s", result.uploads->path);
    arena_reset(arena);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static const struct {
    const char *body, *problem;
} broken[] = {{"", "multipart_incomplete"},
              {"--b", "multipart_incomplete"},
              {"--bxy", "multipart_boundary"},
              {PART("name=\"a\"", "1"), "multipart_incomplete"},
              {"--b\r\nX: y\r\n\r\nz\r\n--b--", "multipart_header"},
              {PART("filename=\"a\"", "1") "--b--", "multipart_header"},
              {PART("name=\"a\"", "\xff") "--b--", "multipart_text"}};

START_TEST(broken_multipart_is_refused_by_code)
{
    struct source source = {broken[_i].body, strlen(broken[_i].body), 7};
    struct multipart_result result;
    ck_assert(!parse_multipart(arena, "b", read_some, &source, 4096, "/nonexistent", &result));
    ck_assert_str_eq(result.problem, broken[_i].problem);
}
END_TEST

static bool answer(struct cx *cx)
{
    return cx != NULL;
}

static const struct route routes[] = {
    {.method = HTTP_GET, .path = "/", .handle = answer},
    {.method = HTTP_GET, .path = "/api/x/:id", .handle = answer},
    {.method = HTTP_DELETE, .path = "/api/x/:id", .handle = answer},
    {.method = HTTP_GET, .path = "/api/x/export", .handle = answer},
    {.method = HTTP_POST, .path = "/api/x/:id/y/:other", .handle = answer},
    {.method = HTTP_GET, .path = "/page", .handle = answer}};

START_TEST(a_literal_wins_over_a_parameter_and_methods_are_told)
{
    const struct route *all[6];
    for (int i = 0; i < 6; i++)
        all[i] = &routes[i];
    struct router *router = router_new(all, 6);
    ck_assert_ptr_nonnull(router);
    ck_assert_ptr_eq(router_find(router, arena, HTTP_GET, "/api/x/export").route, &routes[3]);
    struct route_match match = router_find(router, arena, HTTP_POST, "/api/x/1/y/2");
    ck_assert_ptr_eq(match.route, &routes[4]);
    ck_assert_str_eq(match.values[0], "1");
    ck_assert_str_eq(match.values[1], "2");
    ck_assert_ptr_eq(router_find(router, arena, HTTP_HEAD, "/api/x/1").route, &routes[1]);
    match = router_find(router, arena, HTTP_PUT, "/api/x/1");
    ck_assert(match.route == NULL);
    ck_assert_str_eq(match.allow, "GET, HEAD, DELETE");
    ck_assert_ptr_null(router_find(router, arena, HTTP_GET, "/api/x/1/").route);
    ck_assert_ptr_eq(router_find(router, arena, HTTP_GET, "/page/").route, &routes[5]);
    ck_assert_ptr_eq(router_find(router, arena, HTTP_GET, "/").route, &routes[0]);
    router_free(router);
    all[1] = &routes[0];
    ck_assert_ptr_null(router_new(all, 2));
}
END_TEST

static Suite *parse_suite(void)
{
    Suite *suite = suite_create("parse");
    TCase *tests = tcase_create("parse");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, forms_are_decoded_in_order);
    tcase_add_test(tests, cookies_are_read_and_unquoted);
    tcase_add_test(tests, multipart_is_the_same_however_it_arrives);
    tcase_add_test(tests, large_uploads_go_to_a_file_that_is_removed);
    tcase_add_loop_test(tests, broken_multipart_is_refused_by_code, 0,
                        sizeof broken / sizeof broken[0]);
    tcase_add_test(tests, a_literal_wins_over_a_parameter_and_methods_are_told);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(parse_suite)
