/* retire: what tells clients that a route will go. Its table row says since when
 * it is deprecated and when it may go; every answer then says so in Deprecation
 * (RFC 9745) and Sunset (RFC 8594), and OpenAPI marks the operation. */
#ifndef HTTP_RETIRE_H
#define HTTP_RETIRE_H

struct cx;

/* Nothing for a route that stays, or when no route was found. */
void retire_announce(struct cx *cx);

#endif
