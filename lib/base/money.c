#include "base/money.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* ISO 4217's active currencies, amendment 180 included, without its codes of
 * funds, metals and units of account, which nobody pays with; by the digits
 * behind the point; a space before each code, so that a search finds whole
 * codes only. */
static const struct {
    int digits;
    const char *codes;
} groups[] = {
    {2,
     " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD"
     " CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ"
     " GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL"
     " MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR"
     " PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT"
     " TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"},
    {0, " BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"},
    {3, " BHD IQD JOD KWD LYD OMR TND"},
};

int money_digits(const char *currency)
{
    if (!currency || strlen(currency) != 3)
        return -1;
    const char needle[] = {' ', currency[0], currency[1], currency[2], '\0'};
    for (size_t i = 0; i < COUNT(groups); i++)
        if (!strchr(currency, ' ') && strstr(groups[i].codes, needle))
            return groups[i].digits;
    return -1;
}

const char *money_codes(int digits)
{
    for (size_t i = 0; i < COUNT(groups); i++)
        if (groups[i].digits == digits)
            return groups[i].codes;
    return NULL;
}

bool money_is_currency(const char *code)
{
    return money_digits(code) >= 0;
}

static uint64_t power(int digits)
{
    uint64_t unit = 1;
    while (digits-- > 0)
        unit *= 10;
    return unit;
}

char *money_show(struct arena *arena, int64_t amount, const char *currency)
{
    int digits = money_digits(currency) < 0 ? 0 : money_digits(currency);
    uint64_t size = amount < 0 ? -(uint64_t)amount : (uint64_t)amount, unit = power(digits);
    char whole[32], grouped[48], *to = grouped;
    int len = snprintf(whole, sizeof whole, "%llu", (unsigned long long)(size / unit));
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = whole[i];
    }
    *to = '\0';
    const char *sign = amount < 0 ? "-" : "";
    if (digits == 0)
        return arena_printf(arena, "%s%s %s", sign, grouped, currency);
    return arena_printf(arena, "%s%s.%0*llu %s", sign, grouped, digits,
                        (unsigned long long)(size % unit), currency);
}

bool money_parse(const char *text, const char *currency, int64_t *amount)
{
    int digits = money_digits(currency), after = -1;
    bool negative = text && *text == '-';
    int64_t value = 0; /* has the sign from the start: INT64_MIN has no positive */
    if (!text || digits < 0 || !isdigit((unsigned char)text[negative]))
        return false;
    for (const char *c = text + negative; *c; c++) {
        if (*c == '.' && after < 0 && digits > 0) {
            after = 0;
            continue;
        }
        if (!isdigit((unsigned char)*c) || after == digits ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? '0' - *c : *c - '0', &value))
            return false;
        after += after >= 0;
    }
    if (after == 0)
        return false;
    for (int i = after < 0 ? 0 : after; i < digits; i++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    *amount = value;
    return true;
}

bool money_share(int64_t amount, int64_t basis_points, int64_t *out)
{
    __int128 product = (__int128)amount * basis_points, quotient = product / 10000;
    __int128 rest = product % 10000, twice = (rest < 0 ? -rest : rest) * 2;
    if (twice > 10000 || (twice == 10000 && quotient % 2 != 0))
        quotient += product < 0 ? -1 : 1;
    if (quotient > INT64_MAX || quotient < INT64_MIN)
        return false;
    *out = (int64_t)quotient;
    return true;
}
