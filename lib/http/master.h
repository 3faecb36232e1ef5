/* master: one process that keeps N workers alive.
 *
 * TERM and INT: workers finish what is in hand (at most 25 s), then all end.
 * HUP: workers are replaced one by one; their kept connections pass to others.
 * USR1 is ignored (logs go to stderr). A worker that dies is started again, with
 * a delay that doubles from 0.1 s to 5 s while they die young. The socket is made
 * by us (mode given), or handed over by systemd (LISTEN_FDS, LISTEN_PID;
 * sd_listen_fds(3)).
 */
#ifndef HTTP_MASTER_H
#define HTTP_MASTER_H

#include <stdbool.h>
#include <stdint.h>

struct master_options {
    const char *socket;   /* path of the Unix socket; made again if a dead one is there */
    unsigned socket_mode; /* 0660 */
    int workers;
    /* Runs in each worker until its loop has stopped; index 0 … workers-1. */
    int (*work)(int listener, int index, void *arg);
    void *arg;
};
/* Returns the exit status of the program. */
int master_run(const struct master_options *options);

#endif
