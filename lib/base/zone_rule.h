/* zone_rule: the rule by which a zone goes on behind its last recorded change, which
 * stands in a TZif file's footer as a TZ string of POSIX with the longer hours of
 * RFC 9636 3.3.1: "CET-1CEST,M3.5.0,M10.5.0/3". */
#ifndef BASE_ZONE_RULE_H
#define BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum zone_day {
    ZONE_DAY_JULIAN,  /* Jn: 1 to 365, the leap day is never counted */
    ZONE_DAY_OF_YEAR, /* n: 0 to 365, it is */
    ZONE_DAY_WEEKDAY, /* Mm.w.d: the w-th weekday d of month m, 5 is the last */
};

/* When in each year the clocks change, by the clocks of before. */
struct zone_change {
    enum zone_day kind;
    int day, month, week;
    int time_s;
};

struct zone_rule {
    int standard_s, summer_s; /* ahead of UTC */
    bool has_summer;
    struct zone_change to_summer, to_standard;
};

/* false: the text is no rule. */
bool zone_rule_read(const char *text, struct zone_rule *rule);
/* Seconds ahead of UTC at that instant (seconds since 1970). */
int zone_rule_offset_s(const struct zone_rule *rule, int64_t seconds);

#endif
