/* What an OpenID provider answers: read, verified, and refused for each thing that
 * can be wrong with it. The tokens were signed by jose; providers that run are tried
 * in tests/api/sso.test.mjs and tests/security/sso.test.mjs. */
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "oidc/oidc.h"
#include "unit.h"

static const char keys_text[] =
    "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"qpLreizlyh4_XaIr4bFEJIZmdUsopzP44I1ywfalRoVKLFO3WMlNrPA-J"
    "S_rkoOaRrjqw-OyK1wvdHVt5UvsOhu0p6zcbd_8gNmTfs-kAc_hH5nO1iK_5nIC5-C2wmTZwoXlYuMXBtpEC"
    "i6-Z1EbkVdRUFTpsWPBNB_pS4DA68GPVMWaTwO1FX61mNbrJAEEV837dn-6DtTjzLa6BlRCYdHS_S6zfGXSC"
    "cYh4X3Xzv3SllTGVuiE7nL5VEDTuac6--PLDWpcuLO8ybfQzPH1Cl7mEy9L_yPLmQleh4lqHqrAREbnCMXTZ"
    "HCpz1tQDaWkyk_edsPKcqB_LFA6zVjAMw\",\"e\":\"AQAB\",\"kid\":\"RS256\"},{\"kty\":\"RSA\",\"n\":"
    "\"px38P"
    "Dw1kMPhjgGkUm7SVd5S0mkUPg3_sd579nZm5Bfitf4BIsuSflwbc_vwDb0r2x5P9QEXM9bNO2w35ri45ZifI"
    "xMsjxTWMAcaq45TvToiAw5iTQWgld4oBKY2-B19oRG2HoChkpZulnSu5PQIe1MkPKxMAVjwC-HE8CGa8OqE-"
    "dIjmQHvKZvNf2s0o45KGs-vlvtbHOGXWpFlT4lUZtJnTwJ9wdASADGYdYLqW-k3rlkLO7t9X9K7icFYRd-d7"
    "VFxBiUmJVNc1cZ0nXddJshHLqg1DfAZzIA3am_fiKzG1ZxJQ2qFIWMC7c7HXmGVVXxtArPBqz8djFXXwOiOK"
    "Q\",\"e\":\"AQAB\",\"kid\":\"PS256\"},{\"kty\":\"EC\",\"x\":\"-kep4qbXHJbdHufIkNnKnMvX5vCxgVh-"
    "ecksDZ"
    "Rzs78\",\"y\":\"ht_cvNW85KbLOx_84ylAGIuMl8PHdCLCbBDi9zoPA8A\",\"crv\":\"P-256\",\"kid\":"
    "\"ES256\""
    "},{\"crv\":\"Ed25519\",\"x\":\"QAQH8vADeAWjHWfts8nlqmfTDGUwsvQHbCH5asIBVnk\",\"kty\":\"OKP\","
    "\"ki"
    "d\":\"EdDSA\"}]}";

static const char rs256[] =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6IlJTMjU2In0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwi"
    "YXVkIjpbInR1bG91Il0sInN1YiI6InBlcnNvbiIsIm5vbmNlIjoibiIsImlhdCI6MTAwMCwiZXhwIjoxMzAw"
    "LCJhdF9oYXNoIjoiRlBsY00tMVVYaWl2T1lvenBVcnA3USJ9.nUobAFyY2ZFQFpeFk6fdYMfiBY5TUKJV3RD"
    "rmpKIaDja2gEKZG0UxPRbEx8nHchUe80Zw4SXecwkhv0Zw546qEIAODkXux_hTzhk1iDmYM542cjU2m2bFgu"
    "T4Vkh2pCCc0j-0kR1IOEHkXE7w33ricXCrw7MT68Gz_oglsdaHHDLTm_EqhWfZSI7P_ZeomuissNj9Oksy_T"
    "sJn9jdTGOqXuf7KOItoEVhDe2edjK9oICnPSpZkYN4iV3cYOwCAa2bI3HBiyCaHh17az30D28nS4vQChNb8w"
    "o5LWOb4v16LDMzipgypjWq-PJN3sreyztzRlrE_L9A8bWcKVP5bZC1w";

static const char ps256[] =
    "eyJhbGciOiJQUzI1NiIsImtpZCI6IlBTMjU2In0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwi"
    "YXVkIjpbInR1bG91Il0sInN1YiI6InBlcnNvbiIsIm5vbmNlIjoibiIsImlhdCI6MTAwMCwiZXhwIjoxMzAw"
    "LCJhdF9oYXNoIjoiRlBsY00tMVVYaWl2T1lvenBVcnA3USJ9.FZ8QSgPuRCDmj1pOk2Pdw1WxHvE7fWPUWO5"
    "MKzL9vcHNboHKhl6eaWsuFnkeNP-CvfxjbLBvKB0lwmPoRZsulsF409T7ZBcMqSvX-mN50qba_kxfq-sJA5_"
    "9Os-dCbAflDym1TeLQFqX89z6WZtOs0OCqutoZU_GUvdYdobDdpUAG1tKh6IZqQpPyOWwqpoUGUPFZnRJD-w"
    "U9xDNJoJ9zy4JcXamT2oYMfdtzFmB9_udVfNnFFA-FBQkl9w-MF0sjKmYWhhLae8FD7-VOkVUYdGRn8jyxA2"
    "C-C5j6Mhm5paofRxVCt_AFTFnRvKZzIRRDcTB8VokbM08flhjebS8GQ";

static const char es256[] =
    "eyJhbGciOiJFUzI1NiIsImtpZCI6IkVTMjU2In0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwi"
    "YXVkIjpbInR1bG91Il0sInN1YiI6InBlcnNvbiIsIm5vbmNlIjoibiIsImlhdCI6MTAwMCwiZXhwIjoxMzAw"
    "LCJhdF9oYXNoIjoiRlBsY00tMVVYaWl2T1lvenBVcnA3USJ9.bzwtVXQxFV6abfmCNwdA5fEQefGSZCFMezM"
    "1_3vo2KbcowSN6LCnZ-TXWhNf4zLZDyeiAg_zJH-lxCRco2fD0A";

static const char eddsa[] =
    "eyJhbGciOiJFZERTQSIsImtpZCI6IkVkRFNBIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwi"
    "YXVkIjpbInR1bG91Il0sInN1YiI6InBlcnNvbiIsIm5vbmNlIjoibiIsImlhdCI6MTAwMCwiZXhwIjoxMzAw"
    "LCJhdF9oYXNoIjoiOVVMOEJ4Nm83NFgzX0E2WFc1aUs0LUxtTUhXMGlKTUxaMllOTmQyejFrYyJ9.UqGfyJC"
    "l-diYM6QKU8O2TQOKTA9z2I9tMf31JZaKuaqsU8EC4-TkRJsZSxc1tstO4lrSDyWbyTkJqXtSee-OCQ";

static const struct {
    const char *name, *token;
} tokens[] = {{"RS256", rs256}, {"PS256", ps256}, {"ES256", es256}, {"EdDSA", eddsa}};

static struct arena *arena;
static json_object *keys;

static json_object *read(const char *text)
{
    struct json_problem problem;
    bool is_null;
    return json_read(arena, text, strlen(text), NULL, &is_null, &problem);
}

static void set_up(void)
{
    arena = arena_new();
    keys = read(keys_text);
    ck_assert_ptr_nonnull(keys);
}

static void tear_down(void)
{
    arena_free(arena);
}

static const struct oidc_expected right = {.issuer = "https://id.example.com",
                                           .client_id = "tulou",
                                           .nonce = "n",
                                           .access_token = "an access token",
                                           .now_s = 1100};

static enum oidc_verdict verify(const char *token, const struct oidc_expected *expected)
{
    json_object *claims;
    const char *problem;
    enum oidc_verdict verdict = oidc_token_verify(arena, token, keys, expected, &claims, &problem);
    ck_assert((verdict == OIDC_GOOD) == (claims != NULL));
    ck_assert((verdict == OIDC_GOOD) == (problem == NULL));
    return verdict;
}

START_TEST(each_algorithm_is_verified_by_its_own_key)
{
    for (size_t i = 0; i < COUNT(tokens); i++)
        ck_assert_msg(verify(tokens[i].token, &right) == OIDC_GOOD, "%s", tokens[i].name);
}
END_TEST

START_TEST(no_bit_of_a_token_may_change)
{
    for (size_t i = 0; i < COUNT(tokens); i++) {
        char *copy = arena_text(arena, tokens[i].token);
        size_t len = strlen(copy);
        for (size_t at = 0; at < len; at++) {
            char before = copy[at];
            /* The last letter of a part may hold bits that mean nothing, which are refused too. */
            copy[at] = before == 'A' ? 'B' : 'A';
            ck_assert_msg(verify(copy, &right) != OIDC_GOOD, "%s at %zu", tokens[i].name, at);
            copy[at] = before;
        }
        for (size_t cut = 0; cut < len; cut += 7)
            ck_assert(verify(arena_copy(arena, copy, cut), &right) != OIDC_GOOD);
    }
}
END_TEST

START_TEST(what_a_token_must_say_it_must_say_exactly)
{
    const struct oidc_expected wrong[] = {
        {"https://id.example.com/", "tulou", "n", "an access token", 1100},
        {"https://id.example.org", "tulou", "n", "an access token", 1100},
        {"https://id.example.com", "other", "n", "an access token", 1100},
        {"https://id.example.com", "tulou", "m", "an access token", 1100},
        {"https://id.example.com", "tulou", "n", "another access token", 1100},
        {"https://id.example.com", "tulou", "n", NULL, 1100},
        {"https://id.example.com", "tulou", "n", "an access token", 1360},
        {"https://id.example.com", "tulou", "n", "an access token", 939},
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        ck_assert_msg(verify(rs256, &wrong[i]) == OIDC_BAD, "%zu", i);
    struct oidc_expected last = right;
    last.now_s = 1359;
    ck_assert(verify(rs256, &last) == OIDC_GOOD);
}
END_TEST

START_TEST(a_key_that_is_not_there_is_told_apart_from_a_wrong_signature)
{
    keys = read("{\"keys\":[]}");
    ck_assert(verify(rs256, &right) == OIDC_NO_KEY);
    keys = read("{}");
    ck_assert(verify(rs256, &right) == OIDC_NO_KEY);
}
END_TEST

START_TEST(neither_no_signature_nor_a_shared_secret_is_accepted)
{
    const char *payload = strchr(rs256, '.') + 1;
    const char *claims = arena_copy(arena, payload, strcspn(payload, "."));
    static const char *const headers[] = {"eyJhbGciOiJub25lIn0" /* none */,
                                          "eyJhbGciOiJIUzI1NiIsImtpZCI6IlJTMjU2In0" /* HS256 */,
                                          "eyJhbGciOiJSUzUxMiIsImtpZCI6IlJTMjU2In0" /* RS512 */};
    for (size_t i = 0; i < COUNT(headers); i++) {
        ck_assert(verify(arena_printf(arena, "%s.%s.", headers[i], claims), &right) == OIDC_BAD);
        ck_assert(verify(arena_printf(arena, "%s.%s.AAAA", headers[i], claims), &right) ==
                  OIDC_BAD);
    }
}
END_TEST

/* ---- metadata ---- */

#define METADATA(more)                                                                             \
    "{\"issuer\":\"https://id.example.com\",\"authorization_endpoint\":\"https://id.example.com/"  \
    "a?x=1\","                                                                                     \
    "\"token_endpoint\":\"https://id.example.com/t\",\"jwks_uri\":\"https://id.example.com/"       \
    "k\"" more "}"

static bool metadata(const char *text, struct oidc_metadata *out)
{
    const char *problem = NULL;
    bool good =
        oidc_metadata_read(arena, "https://id.example.com", text, strlen(text), out, &problem);
    ck_assert(good == (problem == NULL));
    return good;
}

START_TEST(metadata_is_of_the_issuer_and_of_the_code_flow)
{
    struct oidc_metadata out;
    ck_assert(metadata(METADATA(""), &out));
    ck_assert_int_eq(out.auth, OIDC_AUTH_BASIC);
    ck_assert(!out.sends_issuer && !out.userinfo_endpoint);
    ck_assert(
        metadata(METADATA(",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"
                          "\"authorization_response_iss_parameter_supported\":true"),
                 &out));
    ck_assert_int_eq(out.auth, OIDC_AUTH_POST);
    ck_assert(out.sends_issuer);
    ck_assert(!metadata(METADATA(",\"code_challenge_methods_supported\":[\"plain\"]"), &out));
    ck_assert(!metadata(METADATA(",\"response_types_supported\":[\"id_token\"]"), &out));
    ck_assert(!metadata(METADATA(",\"userinfo_endpoint\":\"http://id.example.com/u\""), &out));
    ck_assert(!metadata("{\"issuer\":\"https://id.example.com/\"}", &out));
    ck_assert(!metadata("[]", &out));
    ck_assert(!metadata("", &out));
}
END_TEST

START_TEST(an_issuer_is_an_https_address_and_no_more)
{
    static const char *const good[] = {"https://id.example.com", "https://id.example.com/realms/x/",
                                       "https://id.example.com:8443"};
    static const char *const bad[] = {"http://id.example.com",
                                      "https://",
                                      "https:///x",
                                      "https://id.example.com?x",
                                      "https://id.example.com#",
                                      "https://u@id.example.com",
                                      "https://id example.com",
                                      "ftp://id.example.com",
                                      "javascript:alert(1)",
                                      ""};
    for (size_t i = 0; i < COUNT(good); i++)
        ck_assert_msg(oidc_issuer_is(good[i]), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert_msg(!oidc_issuer_is(bad[i]), "%s", bad[i]);
}
END_TEST

/* ---- the browser's way ---- */

/* Verifier and challenge are those of RFC 7636 appendix B. */
START_TEST(the_browser_is_sent_with_a_challenge_and_without_a_secret)
{
    struct oidc_metadata out;
    ck_assert(metadata(METADATA(""), &out));
    const struct oidc_client client = {"https://id.example.com", "tu lou", "hush", "openid email"};
    const struct oidc_request request = {"https://a.example/cb", "s&t", "n",
                                         "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"};
    ck_assert_str_eq(
        oidc_authorization_url(arena, &out, &client, &request),
        "https://id.example.com/a?x=1&response_type=code&client_id=tu%20lou&redirect_uri="
        "https%3A%2F%2Fa.example%2Fcb&scope=openid%20email&state=s%26t&nonce=n&code_challenge="
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
}
END_TEST

/* ---- claims ---- */

START_TEST(a_claim_is_a_value_a_list_or_deep_inside)
{
    json_object *claims =
        read("{\"groups\":[\"a\",\"b\"],\"one\":\"c\",\"n\":7,\"yes\":true,\"said\":\"true\","
             "\"x\":{\"y\":{\"roles\":[\"d\"]}},\"x.y\":\"e\",\"https://z.example/"
             "r\":[\"f\"],\"o\":[{}]}");
    static const char *const there[][2] = {
        {"groups", "a"}, {"groups", "b"},    {"one", "c"}, {"n", "7"},
        {"yes", "true"}, {"x.y.roles", "d"}, {"x.y", "e"}, {"https://z.example/r", "f"}};
    static const char *const absent[][2] = {
        {"groups", "c"}, {"groups", "a,b"}, {"one", ""}, {"x", "y"},   {"x.y.roles.d", "d"},
        {"x..y", "d"},   {"", "a"},         {".", "a"},  {"o", "{ }"}, {"z", ""}};
    for (size_t i = 0; i < COUNT(there); i++)
        ck_assert_msg(oidc_claim_has(claims, there[i][0], there[i][1]), "%s", there[i][0]);
    for (size_t i = 0; i < COUNT(absent); i++)
        ck_assert_msg(!oidc_claim_has(claims, absent[i][0], absent[i][1]), "%s", absent[i][0]);
    ck_assert(oidc_claim_true(claims, "yes"));
    ck_assert(!oidc_claim_true(claims, "said")); /* a text is no boolean (Core 5.1) */
    ck_assert(!oidc_claim_true(claims, "n") && !oidc_claim_true(claims, "nowhere"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("oidc");
    TCase *all = tcase_create("oidc");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, each_algorithm_is_verified_by_its_own_key);
    tcase_add_test(all, no_bit_of_a_token_may_change);
    tcase_add_test(all, what_a_token_must_say_it_must_say_exactly);
    tcase_add_test(all, a_key_that_is_not_there_is_told_apart_from_a_wrong_signature);
    tcase_add_test(all, neither_no_signature_nor_a_shared_secret_is_accepted);
    tcase_add_test(all, metadata_is_of_the_issuer_and_of_the_code_flow);
    tcase_add_test(all, an_issuer_is_an_https_address_and_no_more);
    tcase_add_test(all, the_browser_is_sent_with_a_challenge_and_without_a_secret);
    tcase_add_test(all, a_claim_is_a_value_a_list_or_deep_inside);
    suite_add_tcase(suite, all);
    return suite;
}

UNIT_MAIN(make_suite)
