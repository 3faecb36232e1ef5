/* money: whole numbers of a currency's minor unit; never floating point. */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* An active ISO 4217 code, upper case. */
bool money_is_currency(const char *code);
/* Digits after the point in ISO 4217 (JPY 0, EUR 2, KWD 3); -1 when unknown. */
int money_digits(const char *currency);
/* The codes with so many digits, a space before each; NULL: there are none. */
const char *money_codes(int digits);
/* "1,234.50 EUR" */
char *money_show(struct arena *arena, int64_t amount, const char *currency);
/* "1234.50" or "1234.5" -> 123450; false on anything else, on more digits than
 * the currency has, and on overflow. */
bool money_parse(const char *text, const char *currency, int64_t *amount);
/* amount * basis_points / 10000, half to even; false on overflow. */
bool money_share(int64_t amount, int64_t basis_points, int64_t *out);

#endif
