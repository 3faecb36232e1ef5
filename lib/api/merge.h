/* merge: PATCH (RFC 7396), and the page form, of what is a part of a tenant rather than a record:
 * settings, profile, branding. What the patch leaves out is read, and all of it is written as PUT
 * does, with the tenant's row locked, so that of two at once neither takes back what the other
 * changed. */
#ifndef API_MERGE_H
#define API_MERGE_H

#include <stdbool.h>

struct cx;
struct list_result;

typedef bool part_reader(struct cx *cx, struct list_result *out);

/* read() gives what there is of the tenant that cx->db points at, store() writes cx->input. false:
 * the failure is set. WAITS. */
bool merge_part(struct cx *cx, part_reader *read, bool (*store)(struct cx *cx));

/* The same by page, where the form has all of it: its hidden version, record_etag() of what read()
 * gave it ("version" of the page's data), must still be that; else 412. What was begun is rolled
 * back then. WAITS. */
bool save_part(struct cx *cx, part_reader *read, bool (*store)(struct cx *cx));
/* Whether people can put right themselves what failed: the form comes back filled in. */
bool part_can_be_corrected(const struct cx *cx);

#endif
