/* type: which files are taken, and what each is, by its content (libmagic) and by its name's
 * extension, which must agree. What is stored, shown and sent later is the type from here, never
 * the one that came with the upload.
 */
#ifndef FILE_TYPE_H
#define FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

/* A row of what is known: documents, pictures, sound, film. */
struct file_type {
    const char *extensions; /* " jpg jpeg " */
    const char *type;       /* what it is called from now on */
    const char *found;      /* what libmagic calls it: " text/plain text/csv "; "text/": any text */
};

/* By the name's extension; NULL: none of those that are taken. */
const struct file_type *file_type_of_name(const char *name);
/* Whether the content, of which `data` is the beginning, is of that type. Heavy: for a helper
 * thread (thread_call). */
bool file_type_fits(const struct file_type *type, const void *data, size_t len);
bool file_type_is_picture(const struct file_type *type); /* one that is made anew */

#endif
