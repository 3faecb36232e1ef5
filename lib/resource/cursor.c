/* cursor: base64url of JSON [sort, value, id]. It holds nothing secret, and is
 * checked like any input when it comes back. */
#include <json-c/json.h>
#include <sodium.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/uuid.h"
#include "resource/internal.h"

char *cursor_write(struct arena *arena, const char *sort, const char *value, const char *id)
{
    struct buf text;
    struct json json;
    buf_init(&text, arena);
    json_start(&json, &text);
    json_open_array(&json);
    json_put_text(&json, sort);
    json_put_text(&json, value);
    json_put_text(&json, id);
    json_close_array(&json);
    size_t room = sodium_base64_encoded_len(text.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(arena, room);
    return sodium_bin2base64(out, room, (unsigned char *)text.data, text.len,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool cursor_read(struct arena *arena, const char *cursor, const char *sort, const char **value,
                 const char **id)
{
    size_t len = strlen(cursor), size;
    char *text = arena_alloc(arena, len + 1);
    struct json_problem problem;
    bool is_null;
    if (sodium_base642bin((unsigned char *)text, len, cursor, len, NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    json_object *list = json_read(arena, text, size, NULL, &is_null, &problem);
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != 3)
        return false;
    json_object *at = json_object_array_get_idx(list, 1);
    const char *cursor_sort = json_object_get_string(json_object_array_get_idx(list, 0));
    *value = at ? arena_text(arena, json_object_get_string(at)) : NULL;
    *id = arena_text(arena, json_object_get_string(json_object_array_get_idx(list, 2)));
    return text_equal(cursor_sort, sort) && uuid_is(*id);
}
