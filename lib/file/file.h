/* file: from an upload to a stored content, and back to whoever asks for it.
 *
 * Taking one: it is of a type that is allowed and what its content says (file/type.h), pictures
 * are made anew (file/image.h), the tenant's storage has room, and it is stored (file/store.h).
 * Then it has an hour to become a row of `files`, which the caller inserts with what it belongs
 * to; else a job removes it (house.file_claim).
 */
#ifndef FILE_FILE_H
#define FILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct arena;
struct cx;
struct upload;

/* What a place for files takes. */
struct file_rules {
    int64_t bytes_max; /* 0: FILE_BYTES_MAX */
    bool pictures;     /* nothing else */
    int edge;          /* the longest side that a picture keeps; 0: as it is */
    int64_t replaces;  /* bytes of what goes when it comes: they are free again */
};
enum {
    FILE_BYTES_MAX = 25 << 20,
    FILE_BODY_MAX = FILE_BYTES_MAX + 65536 /* with the form around it */
};

struct file {
    char id[UUID_SIZE], sha256[65];
    const char *name, *type, *store;
    int64_t bytes;
    int width, height; /* of pictures, else 0 */
};

/* Takes the request's one upload for the tenant that cx->db is set to. No transaction may be open.
 * 422 on the field "file" (required, file_empty, file_name, file_type, file_type_differs,
 * invalid_image, image_too_large), 413, 403 quota_exceeded, 500, 503. WAITS. */
bool file_take(struct cx *cx, const struct file_rules *rules, struct file *out);
/* Answers with the content, as a file to save; `shown`: pictures may be seen in a page. */
bool file_answer(struct cx *cx, const struct file *file, const char *tenant_id, bool shown);
/* "1.4 MB", for people. */
const char *file_size_show(struct arena *arena, int64_t bytes);

#endif
