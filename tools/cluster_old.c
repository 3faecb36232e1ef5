/* cluster_old: processes of an embedded PostgreSQL that ran here before. One that was
 * killed leaves backends behind, which end once they notice; as long as they hold the
 * shared memory no other server may be started on the same files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "tool.h"

static const int64_t patience_us = 90000000;

/* What postmaster.pid says in its first and its seventh line (PostgreSQL's
 * utils/pidfile.h): the process, and its shared memory. */
struct old {
    long pid, key, id;
};

static bool read_old(struct old *old)
{
    enum { SHARED_MEMORY = 7 };
    char line[1024], *path = var_path("pg/postmaster.pid"), *end;
    FILE *file = fopen(path, "re");
    *old = (struct old){.id = -1};
    for (int number = 1; file && number <= SHARED_MEMORY && fgets(line, sizeof line, file);
         number++) {
        if (number == 1)
            old->pid = strtol(line, NULL, 10);
        if (number == SHARED_MEMORY) {
            old->key = strtol(line, &end, 10);
            old->id = strtol(end, NULL, 10);
        }
    }
    if (file)
        fclose(file);
    free(path);
    return old->id >= 0;
}

/* Since the machine was started the number may have become somebody else's, and then it
 * has another key. */
static bool is_held(const struct old *old)
{
    struct shmid_ds about;
    return shmctl((int)old->id, IPC_STAT, &about) == 0 && about.shm_perm.__key == (key_t)old->key &&
           about.shm_nattch > 0;
}

/* One that was killed is a process until its new parent has seen to it; as long as it is
 * one of its account, the next server takes it for another that runs. */
static bool is_there(const struct old *old)
{
    struct stat process, cluster;
    char path[64], line[256] = "", *folder = var_path("pg");
    snprintf(path, sizeof path, "/proc/%ld", old->pid);
    bool same = stat(path, &process) == 0 && stat(folder, &cluster) == 0 &&
                process.st_uid == cluster.st_uid;
    snprintf(path, sizeof path, "/proc/%ld/stat", old->pid);
    FILE *file = same ? fopen(path, "re") : NULL;
    bool there = file && fgets(line, sizeof line, file) && strstr(line, "(postgres)");
    if (file)
        fclose(file);
    free(folder);
    return there;
}

bool cluster_await_old(void)
{
    struct old old;
    int64_t until = clock_monotonic_us() + patience_us;
    for (bool told = false; read_old(&old) && (is_held(&old) || is_there(&old)); told = true) {
        if (!told)
            complain("processes of the database that ran here before (%ld) still end: waiting for "
                     "them",
                     old.pid);
        if (!children_turn(50))
            return complain("stopped before the database was up");
        if (clock_monotonic_us() > until)
            return complain("the database does not start: processes of the one that ran here "
                            "before (%ld) do not end; end them, then start again",
                            old.pid);
    }
    return true;
}
