/* sigv4: the examples of the Amazon S3 API Reference ("Examples: Signature Calculations", and
 * the one of a presigned link), and some of AWS's test suite of the signature. */
#include <string.h>

#include "base/arena.h"
#include "file/sigv4.h"
#include "unit.h"

#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define S3_TIME                                                                                    \
    {                                                                                              \
        "x-amz-date", "20130524T000000Z"                                                           \
    }
#define S3_HOST                                                                                    \
    {                                                                                              \
        "host", "examplebucket.s3.amazonaws.com"                                                   \
    }
static const struct sigv4_keys s3 = {"AKIAIOSFODNN7EXAMPLE",
                                     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3"};
static const struct sigv4_keys suite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                        "us-east-1", "service"};
static const int64_t s3_at = 1369353600000000, suite_at = 1440938160000000;

static const struct {
    const struct sigv4_keys *keys;
    struct sigv4_request request;
    const char *names, *signature;
} vectors[] = {
    {&s3,
     {"GET", "/test.txt",
      .headers = {S3_TIME, S3_HOST, {"range", "bytes=0-9"}, {"x-amz-content-sha256", NOTHING}},
      .payload_sha256 = NOTHING},
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {&s3,
     {"PUT", "/test$file.text",
      .headers = {S3_TIME,
                  S3_HOST,
                  {"date", "Fri, 24 May 2013 00:00:00 GMT"},
                  {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                  {"x-amz-content-sha256",
                   "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
      .payload_sha256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {&s3,
     {"GET", "/", .query = {{"lifecycle", ""}},
      .headers = {S3_HOST, S3_TIME, {"x-amz-content-sha256", NOTHING}}, .payload_sha256 = NOTHING},
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {&s3,
     {"GET", "/", .query = {{"prefix", "J"}, {"max-keys", "2"}},
      .headers = {S3_HOST, S3_TIME, {"x-amz-content-sha256", NOTHING}}, .payload_sha256 = NOTHING},
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {&suite,
     {"GET", "", .headers = {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}},
      .payload_sha256 = NOTHING},
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {&suite,
     {"GET", "/", .query = {{"Param2", "value2"}, {"Param1", "value1"}},
      .headers = {{"host", "example.amazonaws.com"}, {"x-amz-date", " 20150830T123600Z  "}},
      .payload_sha256 = NOTHING},
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {&suite,
     {"POST", "/",
      .headers = {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}},
      .payload_sha256 = NOTHING},
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
};

START_TEST(published_requests_are_signed_as_published)
{
    struct arena *arena = arena_new();
    struct sigv4_request request = vectors[_i].request;
    const struct sigv4_keys *keys = vectors[_i].keys;
    request.at_us = keys == &s3 ? s3_at : suite_at;
    char *wanted = arena_printf(arena,
                                "AWS4-HMAC-SHA256 Credential=%s/%.8s/us-east-1/%s/aws4_request, "
                                "SignedHeaders=%s, Signature=%s",
                                keys->key_id, sigv4_time(arena, request.at_us), keys->service,
                                vectors[_i].names, vectors[_i].signature);
    ck_assert_str_eq(sigv4_authorization(arena, keys, &request), wanted);
    arena_free(arena);
}
END_TEST

START_TEST(a_published_link_is_signed_as_published)
{
    struct arena *arena = arena_new();
    const struct sigv4_request request = {"GET", "/test.txt", .headers = {S3_HOST},
                                          .payload_sha256 = "UNSIGNED-PAYLOAD", .at_us = s3_at};
    ck_assert_str_eq(
        sigv4_presigned(arena, &s3, &request, 86400),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-"
        "east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-"
        "SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    arena_free(arena);
}
END_TEST

START_TEST(what_means_something_in_an_address_is_encoded)
{
    struct arena *arena = arena_new();
    const struct sigv4_pair query[SIGV4_PAIRS_MAX] = {
        {"b", "ü/&="}, {"a b", "~"}, {"a", "2"}, {"a", "1"}};
    ck_assert_str_eq(sigv4_path(arena, "/a b/ü$~"), "/a%20b/%C3%BC%24~");
    ck_assert_str_eq(sigv4_query(arena, query), "a=1&a=2&a%20b=~&b=%C3%BC%2F%26%3D");
    arena_free(arena);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *all = suite_create("sigv4");
    TCase *tests = tcase_create("sigv4");
    tcase_add_loop_test(tests, published_requests_are_signed_as_published, 0,
                        (int)(sizeof vectors / sizeof vectors[0]));
    tcase_add_test(tests, a_published_link_is_signed_as_published);
    tcase_add_test(tests, what_means_something_in_an_address_is_encoded);
    suite_add_tcase(all, tests);
    return all;
}

UNIT_MAIN(make_suite)
