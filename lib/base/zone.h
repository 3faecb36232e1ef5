/* zone: how far the clocks of an IANA time zone are from UTC, at any instant.
 * Zones are read from the system's TZif files (RFC 9636) and kept for the life of
 * the process, so two zones side by side cost nothing and the environment, which
 * other threads read, is left alone. A new tzdata counts from the next process on.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

struct zone;

/* The zone of that name ("Europe/Madrid"), NULL when the system has none. Belongs to
 * the process; may be called by any thread. */
const struct zone *zone_find(const char *name);

/* Seconds that its clocks are ahead of UTC at that instant (seconds since 1970). */
int zone_offset_s(const struct zone *zone, int64_t seconds);

/* Reads the bytes of a TZif file; NULL when they are none that we understand. Freed by
 * zone_free(); zone_find() does both itself. */
struct zone *zone_read(const unsigned char *bytes, size_t len);
void zone_free(struct zone *zone);

#endif
