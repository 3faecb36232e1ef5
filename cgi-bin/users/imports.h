/* imports: users of a file, made row by row. A short file is done with in the
 * request that brought it, a long one by jobs of a hundred rows each: each row
 * once, whoever is killed, and it can be seen how far it is. */
#ifndef USERS_IMPORTS_H
#define USERS_IMPORTS_H

#include "base/uuid.h"
#include "users.h"

struct db;

/* Of the file's rows, as JSON: [{"line", "email", "name", "phone", "kind", "role_key",
 * "password_hash"}], those refused already with "field", "code" and "message". */
struct new_import {
    const char *tenant_id;
    const char *rows;
    int64_t total, refused; /* lines */
};

struct import_state {
    char id[UUID_SIZE];
    bool done;
    int64_t total, handled, created;
    const struct rows *refused; /* line, field, code, message */
};

/* Begins one in the tenant; a long one is left to a job.
 * false with the failure set. WAITS. */
bool user_import_begin(struct cx *cx, const struct new_import *import, struct import_state *out);

/* What of an import was refused, at most `most` of it: line, field, code, message;
 * NULL with the failure set. WAITS. */
const struct rows *user_import_refused(struct cx *cx, const char *id, int most);

#endif
