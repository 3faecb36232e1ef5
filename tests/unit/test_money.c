/* money: whole minor units, exact at every edge. */
#include <string.h>

#include "base/arena.h"
#include "base/money.h"
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

static const struct {
    const char *code;
    int digits;
} currencies[] = {{"EUR", 2},  {"USD", 2},   {"ZWG", 2},  {"AED", 2},  {"XCG", 2},  {"JPY", 0},
                  {"XPF", 0},  {"BIF", 0},   {"KWD", 3},  {"BHD", 3},  {"TND", 3},  {"eur", -1},
                  {"EU", -1},  {"EURO", -1}, {"", -1},    {NULL, -1},  {"XXA", -1}, {"HRK", -1},
                  {"R U", -1}, {" EU", -1},  {"UR ", -1}, {"   ", -1}, {"ANG", -1}, {"E\tR", -1},
                  {"DAF", -1}, {"BGN", -1}};

START_TEST(currencies_are_those_of_iso_4217)
{
    ck_assert_int_eq(money_digits(currencies[_i].code), currencies[_i].digits);
    ck_assert_int_eq(money_is_currency(currencies[_i].code), currencies[_i].digits >= 0);
}
END_TEST

static const struct {
    int64_t amount;
    const char *currency, *text;
} shown[] = {
    {0, "EUR", "0.00 EUR"},
    {5, "EUR", "0.05 EUR"},
    {-5, "EUR", "-0.05 EUR"},
    {99999, "EUR", "999.99 EUR"},
    {100000, "EUR", "1,000.00 EUR"},
    {123456789, "EUR", "1,234,567.89 EUR"},
    {100, "JPY", "100 JPY"},
    {1000, "JPY", "1,000 JPY"},
    {1, "KWD", "0.001 KWD"},
    {-1234567, "KWD", "-1,234.567 KWD"},
    {INT64_MAX, "EUR", "92,233,720,368,547,758.07 EUR"},
    {INT64_MIN, "EUR", "-92,233,720,368,547,758.08 EUR"},
    {INT64_MIN, "JPY", "-9,223,372,036,854,775,808 JPY"},
};

START_TEST(amounts_are_shown_grouped)
{
    ck_assert_str_eq(money_show(arena, shown[_i].amount, shown[_i].currency), shown[_i].text);
}
END_TEST

static const struct {
    const char *text, *currency;
    int64_t amount;
} read_well[] = {
    {"0", "EUR", 0},
    {"-0", "EUR", 0},
    {"1234.50", "EUR", 123450},
    {"1234.5", "EUR", 123450},
    {"1234", "EUR", 123400},
    {"-0.01", "EUR", -1},
    {"007.10", "EUR", 710},
    {"7", "JPY", 7},
    {"1.2", "KWD", 1200},
    {"1.234", "KWD", 1234},
    {"92233720368547758.07", "EUR", INT64_MAX},
    {"-92233720368547758.08", "EUR", INT64_MIN},
    {"9223372036854775807", "JPY", INT64_MAX},
    {"-9223372036854775808", "JPY", INT64_MIN},
};

START_TEST(amounts_are_read_exactly)
{
    int64_t amount = 77;
    ck_assert(money_parse(read_well[_i].text, read_well[_i].currency, &amount));
    ck_assert_int_eq(amount, read_well[_i].amount);
}
END_TEST

static const struct {
    const char *text, *currency;
} refused[] = {
    {NULL, "EUR"},
    {"", "EUR"},
    {"-", "EUR"},
    {".", "EUR"},
    {".5", "EUR"},
    {"5.", "EUR"},
    {"-.5", "EUR"},
    {"+5", "EUR"},
    {"--5", "EUR"},
    {" 5", "EUR"},
    {"5 ", "EUR"},
    {"1,5", "EUR"},
    {"1,000.00", "EUR"},
    {"1.234", "EUR"},
    {"1.2.3", "EUR"},
    {"1e3", "EUR"},
    {"0x10", "EUR"},
    {"NaN", "EUR"},
    {"7.", "JPY"},
    {"7.0", "JPY"},
    {"1.2345", "KWD"},
    {"1", "XXA"},
    {"1", NULL},
    {"5 EUR", "EUR"},
    {"92233720368547758.08", "EUR"},
    {"-92233720368547758.09", "EUR"},
    {"92233720368547759", "EUR"},
    {"9223372036854775808", "JPY"},
    {"-9223372036854775809", "JPY"},
    {"99999999999999999999999999", "EUR"},
};

START_TEST(what_is_no_amount_is_refused)
{
    int64_t amount = 77;
    ck_assert_msg(!money_parse(refused[_i].text, refused[_i].currency, &amount), "%s",
                  refused[_i].text);
    ck_assert_int_eq(amount, 77);
}
END_TEST

START_TEST(shares_round_half_to_even)
{
    static const struct {
        int64_t amount, points, share;
    } shares[] = {
        {10000, 10000, 10000},
        {100, 1, 0},
        {5000, 1, 0},
        {5001, 1, 1},
        {15000, 1, 2},
        {25000, 1, 2},
        {-5000, 1, 0},
        {-5001, 1, -1},
        {-15000, 1, -2},
        {-25000, 1, -2},
        {15000, -1, -2},
        {-15000, -1, 2},
        {0, INT64_MAX, 0},
        {1999, 2100, 420},
        {INT64_MAX, 10000, INT64_MAX},
        {INT64_MIN, 10000, INT64_MIN},
        {INT64_MAX, -10000, -INT64_MAX},
    };
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        int64_t share;
        ck_assert(money_share(shares[i].amount, shares[i].points, &share));
        ck_assert_int_eq(share, shares[i].share);
    }
}
END_TEST

START_TEST(shares_beyond_the_range_are_refused)
{
    int64_t share = 77;
    ck_assert(!money_share(INT64_MAX, 10001, &share));
    ck_assert(!money_share(INT64_MIN, -10000, &share));
    ck_assert(!money_share(INT64_MAX, INT64_MAX, &share));
    ck_assert(!money_share(INT64_MIN, INT64_MIN, &share));
    ck_assert_int_eq(share, 77);
}
END_TEST

static Suite *money_suite(void)
{
    Suite *suite = suite_create("money");
    TCase *tests = tcase_create("money");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, currencies_are_those_of_iso_4217, 0,
                        sizeof currencies / sizeof currencies[0]);
    tcase_add_loop_test(tests, amounts_are_shown_grouped, 0, sizeof shown / sizeof shown[0]);
    tcase_add_loop_test(tests, amounts_are_read_exactly, 0, sizeof read_well / sizeof read_well[0]);
    tcase_add_loop_test(tests, what_is_no_amount_is_refused, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(tests, shares_round_half_to_even);
    tcase_add_test(tests, shares_beyond_the_range_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(money_suite)
