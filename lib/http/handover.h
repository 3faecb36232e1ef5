/* handover: how a worker that ends gives its kept connections to the others.
 *
 * The web server may send a request on a kept connection in the moment in which
 * it is closed, and may not repeat one that changes something. So when workers
 * are replaced, connections are not closed: their descriptors go through a pair
 * of sockets (unix(7), SCM_RIGHTS) to whichever worker takes them.
 */
#ifndef HTTP_HANDOVER_H
#define HTTP_HANDOVER_H

#include <stdbool.h>

/* In the master, before the first worker. Without it nothing is handed over. */
bool handover_open(void);
/* In the master: from now on connections are closed, in all workers. */
void handover_stop(void);

/* In a worker. The caller still closes its own descriptor. false: not sent. */
bool handover_send(int fd);
/* Readable when connections wait to be taken; -1: none ever. */
int handover_descriptor(void);
/* The next one, for the caller to own; -1: none now. */
int handover_take(void);

#endif
