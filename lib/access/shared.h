/* shared: a small memory that all areas of one machine share (a file in
 * TULOU_VAR/run, mapped): rate-limit buckets, revoked sessions, generations of
 * tenants. Lock-free; a torn entry costs at most one needless look-up or one
 * token more. Losing it loses nothing: revocations are read again from the
 * database at start. Under a megabyte; the layout is in shared.c, and a file of
 * another layout is replaced, not changed, since other processes may have it
 * mapped.
 */
#ifndef ACCESS_SHARED_H
#define ACCESS_SHARED_H

#include <stdbool.h>
#include <stdint.h>

bool shared_open(const char *path); /* NULL: shared with children only, for tests */
void shared_close(void);

/* Generic cell rate algorithm: true when one more may pass now. key is any
 * text; per_minute the rate, burst how many at once. remaining and reset_s
 * (until full) and retry_s are for the headers. */
struct limit_state {
    int64_t limit, remaining, reset_s, retry_s;
};
bool shared_limit(const char *key, int64_t per_minute, int64_t burst, struct limit_state *state);

/* Tokens of `id` (session, user or tenant) issued until `until_us`, that
 * microsecond included, are void; kept for `keep_s` seconds. An earlier time
 * than the one known changes nothing. */
void shared_revoke(const char *id, int64_t until_us, int64_t keep_s);
bool shared_revoked(const char *id, int64_t issued_us);
/* The same by the id's SHA-256 in hex, which is how the database tells of it
 * (house.id_hash). */
void shared_revoke_hash(const char *hash, int64_t until_us, int64_t keep_s);
bool shared_revoked_hash(const char *hash, int64_t issued_us);

/* A counter that changes whenever `id` (a tenant) changes. */
uint32_t shared_generation(const char *id);
void shared_generation_bump(const char *id);
/* A counter that changes whenever any of them does. */
uint32_t shared_changes(void);

#endif
