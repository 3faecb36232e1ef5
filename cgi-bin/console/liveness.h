/* liveness: whether the database and each area, the worker among them, answer now.
 *
 * A process that hangs still has a socket that accepts: the kernel does that for it. So
 * each area is asked for an answer (SERVER_ASK_ALIVE), all at the same time, and what has
 * not come by a common moment counts as none.
 */
#ifndef CONSOLE_LIVENESS_H
#define CONSOLE_LIVENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resource/areas.h"

struct cx;

struct liveness {
    const char *area;
    int fd; /* between begin and end */
    bool alive;
};

/* Asks every area; how many there are. */
size_t liveness_begin(struct cx *cx, struct liveness all[static AREAS_MAX]);
/* Takes their answers. WAITS until the moment (monotonic) at most. */
void liveness_end(struct liveness *all, size_t count, int64_t until_us);
/* WAITS likewise. */
bool liveness_of_database(int64_t until_us);

#endif
