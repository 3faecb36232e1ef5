#include "http/retire.h"

#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "http/cx.h"

/* Midnight UTC of YYYY-MM-DD; -1: no date. */
static int64_t midnight_s(struct cx *cx, const char *date)
{
    int64_t us;
    return clock_parse(arena_printf(cx->arena, "%sT00:00:00Z", date), &us) ? us / 1000000 : -1;
}

/* IMF-fixdate (RFC 9110 5.6.7), whatever the locale. */
static char *http_date(struct cx *cx, int64_t at_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    time_t at = (time_t)at_s;
    gmtime_r(&at, &tm);
    return arena_printf(cx->arena, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
                        tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
                        tm.tm_min, tm.tm_sec);
}

void retire_announce(struct cx *cx)
{
    const struct route *route = cx->route;
    if (!route || !route->deprecated)
        return;
    response_header_set(
        cx, "Deprecation",
        arena_printf(cx->arena, "@%lld", (long long)midnight_s(cx, route->deprecated)));
    if (route->sunset)
        response_header_set(cx, "Sunset", http_date(cx, midnight_s(cx, route->sunset)));
}
