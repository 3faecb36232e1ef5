/* list_faces: the pictures of the records that a list refers to, such as the photo of an owner,
 * beside their names. One look-up for each column. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/list_page.h"
#include "resource/reference.h"

STATEMENT(list_faces,
          "select record_id, id\n"
          "from files\n"
          "where tenant_id = $1::uuid and resource = $2 and record_id = any ($3::uuid[])\n"
          "and field = $4",
          0);

bool list_is_face(const struct field *field)
{
    return field->type == FILE_FIELD && (field->flags & LISTED);
}

static const struct field *face_of(const struct resource *resource)
{
    for (const struct field *it = resource->fields; it->type != FIELD_END; it++)
        if (list_is_face(it))
            return it;
    return NULL;
}

/* "{id,id}" of those that may be seen; NULL: none. */
static const char *ids_of(struct cx *cx, const struct list_result *result, int column)
{
    struct buf out;
    buf_init(&out, cx->arena);
    for (size_t i = 0; i < rows_count(result->rows); i++)
        if (reference_label(result, i, result->fields[column]))
            buf_printf(&out, "%s%s", out.len ? "," : "{", rows_text(result->rows, i, column));
    buf_puts(&out, "}");
    return out.len > 1 ? out.data : NULL;
}

bool list_read_faces(struct cx *cx, struct list_page *page)
{
    for (const int *at = page->order; *at >= 0; at++) {
        const struct field *field = page->result.fields[*at];
        const struct resource *target = reference_target(field);
        const struct field *face = target ? face_of(target) : NULL;
        if (!face || *at >= LIST_COLUMNS_MAX || !cx->db.tenant_id[0] ||
            !reference_may_read(cx, field))
            continue;
        const char *ids = ids_of(cx, &page->result, *at);
        if (!ids)
            continue;
        page->faces[*at] =
            db_get(&cx->db, &list_faces, cx->db.tenant_id, target->table, ids, face->name);
        if (!page->faces[*at])
            return fail_db(cx);
    }
    return true;
}

const char *list_face(struct cx *cx, const struct list_page *page, size_t row, int column)
{
    const struct rows *faces = column < LIST_COLUMNS_MAX ? page->faces[column] : NULL;
    const char *id = rows_text(page->result.rows, row, column);
    for (size_t i = 0; faces && i < rows_count(faces); i++)
        if (text_equal(rows_text(faces, i, 0), id)) {
            const struct resource *target = reference_target(page->result.fields[column]);
            return arena_printf(cx->arena, "%s/%s/%s?v=%.8s", target->api, id,
                                field_json_name(face_of(target)), rows_text(faces, i, 1) + 24);
        }
    return NULL;
}
