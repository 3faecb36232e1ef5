/* store: where the contents of files are, each under its tenant's id and its own: on the local
 * disk, below TULOU_VAR/tenants/<tenant>/files, or at a server that speaks S3 (TULOU_STORAGE).
 * A content is written once and never changed. What is known of it stands in the table `files`.
 *
 * A row says in which of the two its content is, so that the variable may be changed while there
 * are files.
 */
#ifndef FILE_STORE_H
#define FILE_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cx;

/* A content about to be stored, or one to be sent. */
struct stored {
    const char *tenant_id, *id; /* UUIDs */
    const char *type;
    int64_t bytes;
    const char *sha256; /* lower-case hex */
};

/* Where new contents go: "local" or "s3". */
const char *store_chosen(void);
/* What is wrong with the variables that say so, in a sentence; NULL: nothing. */
const char *store_problem(void);
/* Writes the content of `fd`, from its beginning, to the chosen one; whole or not at all, and
 * kept when this returns true. false: *problem says why, for the log. WAITS. */
bool store_put(struct arena *arena, const struct stored *content, int fd, const char **problem);
/* Removes it from the one named; true too when it was not there. WAITS. */
bool store_remove(struct arena *arena, const char *store, const char *tenant_id, const char *id,
                  const char **problem);
/* Has nginx answer with the content: with Range, ETag, nosniff and a sandbox (nginx/tulou.conf).
 * Type and Content-Disposition are cx->response's. */
bool store_answer(struct cx *cx, const char *store, const struct stored *content);

/* ---- local.c ---- */
bool local_put(struct arena *arena, const struct stored *content, int fd, const char **problem);
bool local_remove(struct arena *arena, const char *tenant_id, const char *id, const char **problem);
bool local_answer(struct cx *cx, const struct stored *content);

/* ---- s3.c ---- */
const char *s3_problem(void);
bool s3_put(struct arena *arena, const struct stored *content, int fd, const char **problem);
bool s3_remove(struct arena *arena, const char *tenant_id, const char *id, const char **problem);
bool s3_answer(struct cx *cx, const struct stored *content);

#endif
