/* tasks: what an area does again and again (sealing the audit chain, clearing
 * what has expired), in one worker of one machine at a time. */
#ifndef API_TASKS_H
#define API_TASKS_H

struct area;

/* Starts one coroutine for each task; in the first worker only. */
void tasks_start(const struct area *area);

#endif
