/* attachment: files of a record, for every resource that says `.attachments = true`:
 *
 *     GET    {api}/:id/attachments                 what there is
 *     POST   {api}/:id/attachments                 one more, as multipart/form-data
 *     GET    {api}/:id/attachments/:file           one
 *     GET    {api}/:id/attachments/:file/content   its content
 *     DELETE {api}/:id/attachments/:file
 *
 * Whoever may read the record may read them, whoever may change it adds and deletes them. They go
 * with the record.
 */
#ifndef RESOURCE_ATTACHMENT_H
#define RESOURCE_ATTACHMENT_H

#include "file/file.h"
#include "resource/resource.h"

enum { ATTACHMENT_ROUTES = 5, ATTACHMENTS_MAX = 100 /* of one record */ };

struct attachment {
    struct file file;
    const char *created_at;                   /* as PostgreSQL writes it */
    const char *created_by, *created_by_name; /* NULL: nobody who is still there */
};

/* All of the record, oldest first, as many as `count` says. The record itself was read before.
 * WAITS; false: the failure is set. */
bool attachment_list(struct cx *cx, const struct resource *resource, const char *record_id,
                     struct attachment **all, size_t *count);
/* 404 when the record, which the caller may see, has no such file. WAITS. */
bool attachment_get(struct cx *cx, const struct resource *resource, const char *record_id,
                    const char *id, struct attachment *out);
/* Takes the request's upload (file_take) for a record that the caller may see. 404 when that has
 * gone meanwhile, 409 too_many_attachments. WAITS. */
bool attachment_add(struct cx *cx, const struct resource *resource, const char *record_id,
                    struct attachment *out);
bool attachment_delete(struct cx *cx, const struct resource *resource, const char *record_id,
                       const char *id);
bool attachment_answer(struct cx *cx, const struct attachment *attachment);

/* Makes the routes above in `routes`, which has ATTACHMENT_ROUTES places. */
size_t attachment_routes(const struct resource *resource, struct route *routes);
#endif
