/* merge: PATCH (RFC 7396) of what is a part of a tenant rather than a record: settings, profile,
 * branding. What the patch leaves out is read, and all of it is written as PUT does, with the
 * tenant's row locked, so that of two at once neither takes back what the other changed. */
#ifndef API_MERGE_H
#define API_MERGE_H

#include <stdbool.h>

struct cx;
struct list_result;

/* read() gives what there is of the tenant that cx->db points at, store() writes cx->input. false:
 * the failure is set. WAITS. */
bool merge_part(struct cx *cx, bool (*read)(struct cx *cx, struct list_result *out),
                bool (*store)(struct cx *cx));

#endif
