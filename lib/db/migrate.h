/* migrate: applies migrations/YYYYMMDDHHMM_<area>_<what>.sql, forward only, each in a
 * transaction, once, in order, under an advisory lock, with its checksum kept
 * in public.migrations. Runs as the owner role, synchronously (no loop).
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stdbool.h>
#include <stdio.h>

/* Creates roles and schemas as needed (migrations/0000 does) and applies what
 * is missing; prints one line a file to `out`. false: one line in *problem
 * (static memory), nothing of the failing file remains. */
bool migrate_run(const char *conninfo, const char *folder, FILE *out, const char **problem);
/* How many files are not applied yet; -1 when that cannot be told. */
int migrate_pending(const char *conninfo, const char *folder);
/* Gives the application's roles the passwords that db_open_configured() offers;
 * call secret_load() first. The server only ever sees their SCRAM verifiers. */
bool migrate_set_passwords(const char *conninfo, const char **problem);

#endif
