/* migrate: applies migrations/YYYYMMDDHHMM_<area>_<what>.sql, forward only, each in a
 * transaction, once, in order, with its checksum kept in public.migrations. Runs as
 * the owner role, synchronously (no loop).
 *
 * All of it happens under one advisory lock of the database: the files, the secret
 * key's fingerprint, the logins of the application. So any number of programs may
 * start at once.
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stdbool.h>
#include <stdio.h>

struct migration {
    const char *conninfo; /* of the owner role */
    const char *folder;   /* of the files */
    FILE *out;            /* one line for each file that was applied */
    /* Loads the secret key (secret_load); may make one when the database is `empty`.
     * NULL: no key has to do with it. */
    bool (*load_key)(void *arg, bool empty, const char **problem);
    void *arg;
    bool adopt;  /* take this key, though the database was made with another */
    bool logins; /* the server asks for passwords: see db/installation.h */
};

/* false: one line in *problem (static memory), nothing of the failing file remains. A
 * key that is not the database's is refused before anything is changed. */
bool migrate_install(const struct migration *wanted, const char **problem);
/* The files alone. */
bool migrate_run(const char *conninfo, const char *folder, FILE *out, const char **problem);
/* How many files are not applied yet; -1 when that cannot be told. */
int migrate_pending(const char *conninfo, const char *folder);

#endif
