/* cursor: base64url of JSON [sort, value, …, id]. It holds nothing secret, and
 * is checked like any input when it comes back. */
#include <json-c/json.h>
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "resource/internal.h"

char *cursor_write(struct arena *arena, const char *sort, const char *const *values, int count)
{
    struct buf text;
    struct json json;
    buf_init(&text, arena);
    json_start(&json, &text);
    json_open_array(&json);
    json_put_text(&json, sort);
    for (int i = 0; i < count; i++)
        json_put_text(&json, values[i]);
    json_close_array(&json);
    size_t room = sodium_base64_encoded_len(text.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(arena, room);
    return sodium_bin2base64(out, room, (unsigned char *)text.data, text.len,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static json_object *decode(struct arena *arena, const char *cursor)
{
    size_t len = strlen(cursor), size;
    unsigned char *text = arena_alloc(arena, len + 1);
    struct json_problem problem;
    bool is_null;
    if (sodium_base642bin(text, len, cursor, len, NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return NULL;
    return json_read(arena, (char *)text, size, NULL, &is_null, &problem);
}

bool cursor_read(struct arena *arena, const char *cursor, const char *sort, const char **values,
                 int count)
{
    json_object *list = decode(arena, cursor);
    if (!json_object_is_type(list, json_type_array) ||
        json_object_array_length(list) != (size_t)count + 1)
        return false;
    for (size_t i = 0; i <= (size_t)count; i++) {
        json_object *it = json_object_array_get_idx(list, i);
        if (it && !json_object_is_type(it, json_type_string))
            return false;
        const char *text = it ? json_object_get_string(it) : NULL;
        if (i > 0)
            values[i - 1] = arena_text(arena, text);
        else if (!text_equal(text, sort))
            return false;
    }
    return true;
}
