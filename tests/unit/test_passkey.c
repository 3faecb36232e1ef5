/* What browsers answer of passkeys, as far as no device is needed; devices are
 * tried in tests/pages/passkeys.test.mjs. */
#include <string.h>

#include "access/passkey.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "unit.h"

static const char made[] =
    "{\"id\":\"r256aeFRtNRPxtsRSLXdPQ\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":"
    "\"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQndjSEJ3Y0hCd2NIQndjSEJ3Y0h"
    "Cd2NIQndjSEJ3Y0hCd2NIQndjSEJ3YyIsIm9yaWdpbiI6Imh0dHA6Ly9hLmxvY2FsaG9zdDo4MDgwIiw"
    "iY3Jvc3NPcmlnaW4iOmZhbHNlfQ\",\"authenticatorData\":\"ectbat7ghQ4Qh09SMDeo1p4BJ7cNmw"
    "W79-LTnqc_WHlFAAAAAQAAAAAAAAAAAAAAAAAAAAAAEK9uemnhUbTUT8bbEUi13T2lAQIDJiABIVggSE"
    "HhIL-sZmqDf9naSTA6DmSPh2ljZ-ZddgPxbZcISCoiWCBylVCy2grgyYc5LcgqPR0wIxHEJR_0sq2iop"
    "xSVTej1w\"}}";
static const char signed_by_nobody[] =
    "{\"id\":\"r256aeFRtNRPxtsRSLXdPQ\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":"
    "\"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2N"
    "IQndjSEJ3Y0hCd2NIQndjSEJ3YyIsIm9yaWdpbiI6Imh0dHA6Ly9hLmxvY2FsaG9zdDo4MDgwIiwiY3J"
    "vc3NPcmlnaW4iOmZhbHNlfQ\",\"authenticatorData\":\"ectbat7ghQ4Qh09SMDeo1p4BJ7cNmwW79-"
    "LTnqc_WHkFAAAAAg\",\"signature\":\"XhUgvkWgo4Bem13LDJ2kt6WOwS7OO19g7nby2JEZ7iVhgiUW6"
    "f4e_8nX5uIDmwLgBrogFzfP3-h5Jyv6EoDNuB_SDCRfXA\"}}";

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static bool read(const char *text, struct passkey_answer *out)
{
    bool is_null;
    struct json_problem problem;
    json_object *credential = json_read(arena, text, strlen(text), NULL, &is_null, &problem);
    return credential && passkey_read(arena, credential, out);
}

START_TEST(a_new_passkey_is_of_its_host_alone)
{
    struct passkey_answer answer;
    struct passkey key;
    ck_assert(read(made, &answer));
    ck_assert_str_eq(answer.type, "webauthn.create");
    ck_assert_str_eq(answer.origin, "http://a.localhost:8080");
    ck_assert(passkey_made(arena, &answer, "a.localhost", &key));
    ck_assert_int_eq(key.algorithm, -7);
    ck_assert_int_eq(key.sign_count, 1);
    ck_assert_str_eq(key.id, answer.id);
    ck_assert(!passkey_made(arena, &answer, "b.localhost", &key));
}
END_TEST

START_TEST(a_new_passkey_has_the_name_that_it_says)
{
    struct passkey_answer answer;
    struct passkey key;
    ck_assert(read(made, &answer));
    answer.id = "AAAA";
    ck_assert(!passkey_made(arena, &answer, "a.localhost", &key));
}
END_TEST

START_TEST(one_kind_of_answer_is_not_taken_for_the_other)
{
    struct passkey_answer creation, signature;
    struct passkey key;
    ck_assert(read(made, &creation) && read(signed_by_nobody, &signature));
    ck_assert(passkey_made(arena, &creation, "a.localhost", &key));
    ck_assert(!passkey_signed(arena, &creation, &key, false));
    ck_assert(!passkey_made(arena, &signature, "a.localhost", &key));
}
END_TEST

START_TEST(what_the_key_did_not_sign_is_refused)
{
    struct passkey_answer creation, signature;
    struct passkey key;
    ck_assert(read(made, &creation) && read(signed_by_nobody, &signature));
    ck_assert(passkey_made(arena, &creation, "a.localhost", &key));
    ck_assert(!passkey_signed(arena, &signature, &key, false));
    ck_assert_int_eq(key.sign_count, 1);
}
END_TEST

START_TEST(half_an_answer_is_none)
{
    static const char *const halves[] = {
        "{}",
        "[]",
        "{\"id\": 5}",
        "{\"id\": \"AAAA\"}",
        "{\"id\": \"AAAA\", \"response\": []}",
        "{\"id\": \"AAAA\", \"response\": {\"clientDataJSON\": \"e30\", \"authenticatorData\": "
        "\"AAAA\"}}",
        "{\"id\": \"A A\", \"response\": {\"clientDataJSON\": \"!\"}}"};
    struct passkey_answer answer;
    for (size_t i = 0; i < COUNT(halves); i++)
        ck_assert(!read(halves[i], &answer));
}
END_TEST

/* Extensions in the signed answer's authenticator data: 37 bytes, flag ED (128) set. */
START_TEST(what_announces_more_than_it_brings_is_no_answer)
{
    struct passkey_answer answer;
    ck_assert(read("{\"id\": \"AAAA\", \"response\": {\"clientDataJSON\": "
                   "\"eyJ0eXBlIjoiYSIsImNoYWxsZW5nZSI6ImIiLCJvcmlnaW4iOiJjIn0\", "
                   "\"authenticatorData\": "
                   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAIAA\"}}",
                   &answer));
    /* The same with an array of 2^28 elements that are not there. */
    ck_assert(!read("{\"id\": \"AAAA\", \"response\": {\"clientDataJSON\": "
                    "\"eyJ0eXBlIjoiYSIsImNoYWxsZW5nZSI6ImIiLCJvcmlnaW4iOiJjIn0\", "
                    "\"authenticatorData\": "
                    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAJoQAAAA\"}}",
                    &answer));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("passkey");
    TCase *cases = tcase_create("passkey");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_new_passkey_is_of_its_host_alone);
    tcase_add_test(cases, a_new_passkey_has_the_name_that_it_says);
    tcase_add_test(cases, one_kind_of_answer_is_not_taken_for_the_other);
    tcase_add_test(cases, what_the_key_did_not_sign_is_refused);
    tcase_add_test(cases, half_an_answer_is_none);
    tcase_add_test(cases, what_announces_more_than_it_brings_is_no_answer);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN(make_suite)
