/* server: FastCGI connections of one worker, each request a coroutine.
 *
 * The descriptor is accepted by us (blocking descriptor, non-blocking
 * listener) and handed to libfcgi; connections are kept. nginx has buffered
 * the request, so reading it does not wait.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct cx;

/* serve(cx): the whole way of one request, in a coroutine with cx->arena,
 * cx->request.environment, cx->request_id and cx->started_us set. It reads the
 * body through server_read_body(), and leaves cx->response to be sent. */
typedef void serve_function(struct cx *cx);

/* A request with this FastCGI parameter is answered by the server itself, 204, without
 * `serve`: whether a process of the area still turns its loop. nginx never sends it, and
 * no client can, whose headers all begin with HTTP_. */
#define SERVER_ASK_ALIVE "TULOU_ASK"

struct server;
/* Starts to accept on `listener` (a Unix or loopback socket). */
struct server *server_new(int listener, serve_function *serve);
/* Stops accepting, hands idle connections to other workers (http/handover.h)
 * or closes them; requests in hand go on. */
void server_drain(struct server *server);
void server_free(struct server *server);
unsigned server_in_hand(const struct server *server);

/* Reads the request's body into cx->request by its route's limits (see request_read_body). */
bool server_read_body(struct cx *cx, size_t limit);
/* Sends what is in cx->response.body while the handler goes on, and empties it: for answers that
 * are longer than memory should hold. The first call sends the head before it (status, type and
 * headers are set, all that can be refused was), so GET and HEAD alone have such answers. The
 * handler's return ends it; a failure then breaks it off, visibly for the client. WAITS until
 * there is room, each call for as long as a request may last, and gives what comes next as much
 * time again; false: the client is gone, and the failure is set. */
bool stream_write(struct cx *cx);
/* Whether nginx has closed the connection (the client is gone). */
bool server_client_gone(struct cx *cx);

#endif
