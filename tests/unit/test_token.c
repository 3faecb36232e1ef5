/* Access tokens: only what we signed, for whom and for how long we said. */
#include <jwt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "access/token.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "unit.h"

#define USER "0193aaaa-0000-7000-8000-000000000001"
#define TENANT "0193aaaa-0000-7000-8000-000000000002"
#define SESSION "0193aaaa-0000-7000-8000-000000000003"

static struct arena *arena;
static const char *const grants[] = {"crm.*", "users.users:read"};

static void use_keys(const char *one, const char *two)
{
    const char *ids[] = {one, two};
    token_set_keys(ids, two ? 2 : 1);
}

static void set_up(void)
{
    static const unsigned char root[SECRET_BYTES] = {7};
    ck_assert_int_ge(sodium_init(), 0);
    secret_set_root(root);
    token_set_issuer("tulou");
    use_keys("k1", NULL);
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

static struct claims usual(void)
{
    int64_t now_us = clock_now_us();
    return (struct claims){.user_id = USER,
                           .email = "ana@club.test",
                           .name = "Ana \"A\" \xE2\x82\xAC",
                           .role = "owner",
                           .rank = 90,
                           .tenant_id = TENANT,
                           .session_id = SESSION,
                           .permissions = {grants, COUNT(grants)},
                           .issued_us = now_us,
                           .expires_at = now_us / 1000000 + 900};
}

static void refused(const char *token, const char *code)
{
    struct claims claims;
    const char *problem = token_verify(arena, token, &claims);
    ck_assert_msg(text_equal(problem, code), "%s instead of %s", problem ? problem : "accepted",
                  code);
}

static void accepted(const char *token)
{
    struct claims claims;
    const char *problem = token_verify(arena, token, &claims);
    ck_assert_msg(!problem, "%s", problem ? problem : "");
}

/* A token that says what the test wants, signed with the key of `kid`. */
static char *forge(jwt_alg_t alg, const char *kid, const char *json)
{
    unsigned char key[SECRET_BYTES];
    jwt_t *jwt;
    secret_derive(arena_printf(arena, "access token %s", kid ? kid : ""), key);
    ck_assert_int_eq(jwt_new(&jwt), 0);
    ck_assert_int_eq(jwt_add_grants_json(jwt, json), 0);
    bool none = alg == JWT_ALG_NONE;
    ck_assert_int_eq(jwt_set_alg(jwt, alg, none ? NULL : key, none ? 0 : SECRET_BYTES), 0);
    if (kid)
        ck_assert_int_eq(jwt_add_header(jwt, "kid", kid), 0);
    char *encoded = jwt_encode_str(jwt), *token = arena_text(arena, encoded);
    free(encoded);
    jwt_free(jwt);
    return token;
}

/* The usual claims as JSON, with others after them in the place of some. */
static char *claims_json(const char *sid, const char *type, const char *aud, const char *iss,
                         long long shift_s, const char *more)
{
    long long now = clock_now_us() / 1000000;
    return arena_printf(arena,
                        "{\"userId\":\"" USER "\",\"email\":\"a@b.test\",\"name\":\"A\","
                        "\"role\":\"owner\",\"rank\":90,\"tenantId\":\"" TENANT "\","
                        "\"sid\":\"%s\",\"type\":\"%s\",\"aud\":\"%s\",\"iss\":\"%s\","
                        "\"iat\":%lld,\"exp\":%lld,\"permissions\":[\"crm.*\"]%s}",
                        sid, type, aud, iss, now + shift_s, now + shift_s + 900, more);
}

static char *good_json(void)
{
    return claims_json(SESSION, "ADMIN_USER", "ADMIN_USER", "tulou", 0, "");
}

START_TEST(claims_come_back_as_they_were_signed)
{
    struct claims in = usual(), out;
    in.issued_us = in.issued_us / 1000000 * 1000000 + 123456;
    in.impersonator_id = SESSION;
    in.impersonator_name = "Sam";
    char *token = token_sign(arena, &in);
    for (int i = 0; i < 2; i++) { /* verified, then known */
        ck_assert_ptr_null(token_verify(arena, token, &out));
        ck_assert_str_eq(out.user_id, USER);
        ck_assert_str_eq(out.email, in.email);
        ck_assert_str_eq(out.name, in.name);
        ck_assert_str_eq(out.role, "owner");
        ck_assert_int_eq(out.rank, 90);
        ck_assert_str_eq(out.tenant_id, TENANT);
        ck_assert_str_eq(out.session_id, SESSION);
        ck_assert(!out.is_operator);
        ck_assert_str_eq(out.impersonator_id, SESSION);
        ck_assert_str_eq(out.impersonator_name, "Sam");
        ck_assert_int_eq(out.issued_us, in.issued_us);
        ck_assert_int_eq(out.expires_at, in.expires_at);
        ck_assert_uint_eq(out.permissions.count, 2);
        ck_assert_str_eq(out.permissions.grants[0], "crm.*");
        ck_assert_str_eq(out.permissions.grants[1], "users.users:read");
    }
}
END_TEST

START_TEST(what_a_request_got_outlives_the_memory_of_tokens)
{
    struct claims in = usual(), out;
    char *token = token_sign(arena, &in);
    ck_assert_ptr_null(token_verify(arena, token, &out));
    ck_assert_ptr_null(token_verify(arena, token, &out)); /* from the memory */
    use_keys("k2", NULL);                                 /* which is forgotten */
    ck_assert_str_eq(out.user_id, USER);
    ck_assert_str_eq(out.permissions.grants[1], "users.users:read");
}
END_TEST

START_TEST(operators_and_users_of_tenants_have_different_audiences)
{
    struct claims in = usual(), out;
    in.is_operator = true;
    ck_assert_ptr_null(token_verify(arena, token_sign(arena, &in), &out));
    ck_assert(out.is_operator);
    refused(forge(JWT_ALG_HS256, "k1",
                  claims_json(SESSION, "ADMIN_USER", "PLATFORM_USER", "tulou", 0, "")),
            "token_audience");
    refused(forge(JWT_ALG_HS256, "k1",
                  claims_json(SESSION, "PLATFORM_USER", "ADMIN_USER", "tulou", 0, "")),
            "token_audience");
    refused(forge(JWT_ALG_HS256, "k1", claims_json(SESSION, "ROOT", "ROOT", "tulou", 0, "")),
            "token_audience");
}
END_TEST

START_TEST(a_token_of_ours_by_other_hands_is_good_too)
{
    accepted(forge(JWT_ALG_HS256, "k1", good_json()));
}
END_TEST

START_TEST(other_algorithms_are_refused_whatever_the_key)
{
    refused(forge(JWT_ALG_NONE, "k1", good_json()), "token_algorithm");
    refused(forge(JWT_ALG_NONE, NULL, good_json()), "token_algorithm");
    refused(forge(JWT_ALG_HS384, "k1", good_json()), "token_algorithm");
    refused(forge(JWT_ALG_HS512, "k1", good_json()), "token_algorithm");
}
END_TEST

/* The header of one token before the rest of another. */
static char *with_header(const char *header, const char *token)
{
    char encoded[512];
    sodium_bin2base64(encoded, sizeof encoded, (const unsigned char *)header, strlen(header),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return arena_printf(arena, "%s%s", encoded, strchr(token, '.'));
}

START_TEST(a_swapped_header_is_refused)
{
    char *token = forge(JWT_ALG_HS256, "k1", good_json());
    refused(with_header("{\"alg\":\"none\",\"kid\":\"k1\"}", token), "token_algorithm");
    refused(with_header("{\"alg\":\"RS256\",\"kid\":\"k1\"}", token), "token_algorithm");
    refused(with_header("{\"alg\":\"hs256\",\"kid\":\"k1\"}", token), "token_algorithm");
    refused(with_header("{\"alg\":[\"HS256\"],\"kid\":\"k1\"}", token), "token_algorithm");
    refused(with_header("{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"k1\"}", token),
            "token_malformed");
    refused(with_header("{\"alg\":\"HS256\",\"kid\":\"../k1\"}", token), "token_key");
    refused(with_header("{\"alg\":\"HS256\",\"kid\":7}", token), "token_key");
    refused(with_header("{\"alg\":\"HS256\"}", token), "token_key");
    refused(with_header("[]", token), "token_malformed");
    refused(with_header("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\",\"x\":1}", token),
            "token_signature");
}
END_TEST

START_TEST(any_changed_byte_is_noticed)
{
    struct claims in = usual();
    char *token = token_sign(arena, &in);
    accepted(token);
    for (size_t i = 0; token[i]; i++) {
        struct claims out;
        char *other = arena_text(arena, token);
        other[i] = other[i] == 'A' ? 'Q' : 'A'; /* differ in the first bit of six */
        ck_assert_msg(token_verify(arena, other, &out) != NULL, "byte %zu", i);
    }
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
    static const char *const bad[] = {
        "", ".", "..", "...", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "=.=.=", "a b.c.d"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct claims out;
        ck_assert_ptr_nonnull(token_verify(arena, bad[i], &out));
    }
    char *huge = arena_alloc(arena, 100001);
    memset(huge, 'a', 100000);
    refused(huge, "token_malformed");
}
END_TEST

START_TEST(a_key_of_nobodys_is_refused)
{
    refused(forge(JWT_ALG_HS256, "k9", good_json()), "token_key");
    char *token = forge(JWT_ALG_HS256, "k1", good_json());
    static const unsigned char other[SECRET_BYTES] = {8};
    secret_set_root(other);
    use_keys("k0", NULL);
    use_keys("k1", NULL); /* the same id from another root */
    refused(token, "token_signature");
}
END_TEST

START_TEST(without_keys_nothing_is_signed_or_accepted)
{
    struct claims in = usual();
    char *token = token_sign(arena, &in);
    token_set_keys(NULL, 0);
    ck_assert(!token_ready());
    ck_assert_ptr_null(token_sign(arena, &in));
    refused(token, "token_key");
}
END_TEST

START_TEST(rotation_signs_nobody_out)
{
    struct claims in = usual();
    char *old = token_sign(arena, &in);
    accepted(old);
    use_keys("k1", "k2");
    accepted(old);
    char *fresh = token_sign(arena, &in);
    use_keys("k2", NULL);
    accepted(fresh);
    refused(old, "token_key"); /* k1 is retired, though the token was known */
}
END_TEST

START_TEST(times_are_checked)
{
    struct claims in = usual();
    in.expires_at = clock_now_us() / 1000000 - 1;
    refused(token_sign(arena, &in), "token_expired");
    in.expires_at = clock_now_us() / 1000000; /* "on or after", RFC 7519 4.1.4 */
    refused(token_sign(arena, &in), "token_expired");
    refused(forge(JWT_ALG_HS256, "k1",
                  claims_json(SESSION, "ADMIN_USER", "ADMIN_USER", "tulou", 600, "")),
            "token_expired");
    refused(
        forge(JWT_ALG_HS256, "k1",
              claims_json(SESSION, "ADMIN_USER", "ADMIN_USER", "tulou", 0, ",\"nbf\":4102444800")),
        "token_expired");
    accepted(forge(JWT_ALG_HS256, "k1",
                   claims_json(SESSION, "ADMIN_USER", "ADMIN_USER", "tulou", 0, ",\"nbf\":1000")));
}
END_TEST

START_TEST(claims_must_be_there_and_be_ids)
{
    refused(
        forge(JWT_ALG_HS256, "k1", claims_json("x", "ADMIN_USER", "ADMIN_USER", "tulou", 0, "")),
        "token_malformed");
    refused(forge(JWT_ALG_HS256, "k1",
                  claims_json(SESSION, "ADMIN_USER", "ADMIN_USER", "another", 0, "")),
            "token_issuer");
    refused(forge(JWT_ALG_HS256, "k1", "{}"), "token_issuer");
}
END_TEST

/* Many more tokens than are remembered, each verified twice: none is taken for another. */
START_TEST(many_tokens_are_not_mixed_up)
{
    enum { MANY = 1500 };
    static char *tokens[MANY];
    struct claims in = usual(), out;
    for (int i = 0; i < MANY; i++) {
        in.email = arena_printf(arena, "user%d@club.test", i);
        tokens[i] = token_sign(arena, &in);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            ck_assert_ptr_null(token_verify(arena, tokens[i], &out));
            ck_assert_str_eq(out.email, arena_printf(arena, "user%d@club.test", i));
        }
}
END_TEST

static Suite *token_suite(void)
{
    Suite *suite = suite_create("token");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, tear_down);
    tcase_add_test(core, claims_come_back_as_they_were_signed);
    tcase_add_test(core, what_a_request_got_outlives_the_memory_of_tokens);
    tcase_add_test(core, operators_and_users_of_tenants_have_different_audiences);
    tcase_add_test(core, a_token_of_ours_by_other_hands_is_good_too);
    tcase_add_test(core, other_algorithms_are_refused_whatever_the_key);
    tcase_add_test(core, a_swapped_header_is_refused);
    tcase_add_test(core, any_changed_byte_is_noticed);
    tcase_add_test(core, what_is_no_token_is_refused);
    tcase_add_test(core, a_key_of_nobodys_is_refused);
    tcase_add_test(core, without_keys_nothing_is_signed_or_accepted);
    tcase_add_test(core, rotation_signs_nobody_out);
    tcase_add_test(core, times_are_checked);
    tcase_add_test(core, claims_must_be_there_and_be_ids);
    tcase_add_test(core, many_tokens_are_not_mixed_up);
    suite_add_tcase(suite, core);
    return suite;
}

UNIT_MAIN(token_suite)
