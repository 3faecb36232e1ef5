/* held: the one file that a field of a record holds: a tenant's logo, a user's photo. Another one
 * takes its place, and its content goes.
 */
#ifndef FILE_HELD_H
#define FILE_HELD_H

#include "file/file.h"

struct held {
    const char *table, *record_id, *field; /* of the tenant that cx->db is set to */
};

/* The file; out->bytes is 0 when the field holds none. WAITS; false: the failure is set. */
bool held_find(struct cx *cx, const struct held *held, struct file *out);
/* Takes the request's upload (file_take, with its failures) to put it there next: what the field
 * holds now makes room for it. No transaction may be open. WAITS. */
bool held_take(struct cx *cx, const struct held *held, const struct file_rules *rules,
               struct file *out);
/* Puts it there, in the transaction that the caller began. WAITS. */
bool held_put(struct cx *cx, const struct held *held, const struct file *file);
/* Empties the field; true too when it held none. WAITS. */
bool held_remove(struct cx *cx, const struct held *held);

#endif
