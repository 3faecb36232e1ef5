/* fuzz_zone: a TZif file that is taken answers at every instant, within a week of UTC. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "base/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as_rule(const uint8_t *data, size_t size)
{
    struct zone_rule rule;
    char text[129] = "";
    memcpy(text, data, size < sizeof text ? size : sizeof text - 1);
    if (!zone_rule_read(text, &rule))
        return;
    for (int64_t year = -1; year < 4; year++)
        if (abs(zone_rule_offset_s(&rule, year * 31556952 * 50)) > 169 * 3600)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone = zone_read(data, size);
    for (int64_t at = -4000000000; zone && at < 8000000000; at += 400000000)
        zone_offset_s(zone, at);
    zone_free(zone);
    read_as_rule(data, size);
    return 0;
}
