/* worker: what the files of this area share. */
#ifndef WORKER_H
#define WORKER_H

#include "api/area.h"

/* Gathers the kinds and schedules of every area that is linked, and does them. */
void worker_begin(void);
void worker_end(void);

#endif
