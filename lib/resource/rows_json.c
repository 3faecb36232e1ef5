#include "resource/rows_json.h"

#include "base/json.h"
#include "http/cx.h"
#include "resource/resource.h"

void row_write_members(struct json *json, const struct field *fields, const struct rows *rows,
                       size_t row)
{
    for (int i = 0; i < rows_width(rows) && fields[i].type != FIELD_END; i++) {
        json_key(json, field_json_name(&fields[i]));
        field_write_json(json, &fields[i], rows_text(rows, row, i), rows_length(rows, row, i));
    }
}

void row_write_json(struct json *json, const struct field *fields, const struct rows *rows,
                    size_t row)
{
    json_open_object(json);
    row_write_members(json, fields, rows, row);
    json_close_object(json);
}

bool respond_rows(struct cx *cx, const struct field *fields, const struct rows *rows, size_t count,
                  const struct list_meta *meta)
{
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < count; i++)
        row_write_json(json, fields, rows, i);
    json_close_array(json);
    return meta ? respond_end_list(cx, meta) : respond_end(cx);
}

bool respond_all_rows(struct cx *cx, const struct field *fields, const struct rows *rows)
{
    return rows ? respond_rows(cx, fields, rows, rows_count(rows), NULL) : fail_db(cx);
}
