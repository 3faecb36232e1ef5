/* precondition: ETag of whatever a single address shows, and If-Match and If-None-Match of
 * whatever changes it (RFC 9110 13.1, 13.2), decided once for all routes. Records of the engine
 * have a tag of their own and look at If-Match in the statement that writes (resource/record.h);
 * any other answer has one of its bytes. */
#ifndef API_PRECONDITION_H
#define API_PRECONDITION_H

#include "http/route.h"

struct cx;

/* If-Match where nothing has a version is 400 if_match_not_supported, never ignored.
 * Calls handle(cx) unless what the request demands does not hold: then 412 (or 304 for a read).
 * A write with If-Match is done in one transaction with the look at what it would replace, with
 * the rows of its tenant and its user locked. false: the failure is set. WAITS. */
bool precondition_run(struct cx *cx, const struct router *router, handler *handle);

#endif
