/* exchange_rates: what money of other currencies is worth in the tenant's own. A rate holds from
 * its day until the next one; sums of several currencies are made with these alone. */
#include "crm.h"

const struct resource exchange_rates = {
    .name = "exchange-rates",
    .one = "exchange rate",
    .title = "Exchange rates",
    .about = "What other currencies are worth in your own, each from its day until the next one.",
    .permission = "crm.rates",
    .table = "exchange_rates",
    .api = "/api/crm/exchange-rates",
    .page = "/admin/crm/exchange-rates",
    .icon = "coins",
    .scope = SCOPE_TENANT,
    .operations = OP_ALL,
    .sort = "-day",
    .label = "currency",
    .errors = "409 day_taken",
    .imports = IMPORTS(exchange_rates, "id"),
    .fields = FIELDS({"currency", CURRENCY, REQUIRED | SEARCHED | FILTERED | LISTED,
                      .example = "USD", .help = "The one that is worth something."},
                     {"day", DATE, REQUIRED | SORTED | FILTERED | LISTED, .example = "2026-11-30",
                      .help = "The first day on which the rate holds."},
                     {"rate", DECIMAL, REQUIRED | LISTED, .example = "0.92", .least = "0.000000001",
                      .help = "What one unit of it is worth: of USD 0.92, if that many EUR are "
                              "given for one."},
                     {"to_currency", CURRENCY, FILTERED | LISTED, .label = "In currency",
                      .initial = "EUR", .initial_of = "currency", .example = "EUR",
                      .help = "The currency that the rate is given in: your own."}),
};
