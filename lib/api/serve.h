/* serve: the way of one request through an area, from the head that nginx sent
 * to the answer and the log line. One direction, and no step that a route can
 * forget.
 */
#ifndef API_SERVE_H
#define API_SERVE_H

#include <stdbool.h>

struct area;
struct cx;

/* Builds the router of the area's routes; before the workers fork. */
bool serve_prepare(const struct area *area);

/* The serve_function of http/server.h. WAITS. */
void serve_request(struct cx *cx);

#endif
