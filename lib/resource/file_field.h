/* file_field: fields of a record that hold one file each, such as the photo of a contact:
 *
 *     {"photo", FILE_FIELD, READ_ONLY | NULLABLE, .file = &(const struct file_rules){…}}
 *
 * In JSON it is {"id", "name", "type", "size", "width", "height", "url"} or null, and nothing that
 * a body sets:
 *
 *     GET    {api}/:id/photo     the content
 *     POST   {api}/:id/photo     another one in its place, as multipart/form-data; the record
 *     DELETE {api}/:id/photo     none any more; the record
 *
 * The generated form has it as a file to choose and a tick that removes it. Without .file it is
 * shown alone: who may put it there is another's business. Whoever may read the record may read
 * it, whoever may change that writes it, and it goes with the record (house.has_files). What is
 * taken, and how it is kept: file/file.h.
 */
#ifndef RESOURCE_FILE_FIELD_H
#define RESOURCE_FILE_FIELD_H

#include "file/file.h"
#include "resource/resource.h"

enum { FILE_FIELDS_MAX = 4 /* of one resource */, FILE_FIELD_ROUTES = 3 * FILE_FIELDS_MAX };

/* What the JSON of one has. */
extern const struct field file_field_members[];

/* Before any statement on the resource: whose its file fields are. */
void file_field_know(const struct resource *resource);
/* The JSON of one as an expression on its resource's table. For the process's life. */
const char *file_field_select(const struct field *field);
/* Whether the resource has one that is written here. */
bool file_field_is_written(const struct resource *resource);
/* Makes the routes above in `routes`, which has FILE_FIELD_ROUTES places. */
size_t file_field_routes(const struct resource *resource, struct route *routes);

/* What a form brought: taken before the record's transaction, put there within it. */
struct file_form {
    struct file files[FILE_FIELDS_MAX];
    const struct field *fields[FILE_FIELDS_MAX]; /* of which they are; NULL behind the last */
};
/* record_id NULL: of a new one. No transaction may be open. Failures stand at the fields. WAITS. */
bool file_form_take(struct cx *cx, const struct resource *resource, const char *record_id,
                    struct file_form *out);
/* And what was ticked goes. WAITS. */
bool file_form_put(struct cx *cx, const struct resource *resource, const char *record_id,
                   const struct file_form *form);

#endif
