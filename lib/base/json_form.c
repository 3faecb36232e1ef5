/* json_form: texts and numbers of JSON in their one form. */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unicode.h"

void json_in_one_form(struct arena *arena, json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            json_in_one_form(arena, member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            json_in_one_form(arena, json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_string)) {
        const char *text = json_object_get_string(value), *form = unicode_nfc(arena, text);
        if (form != text)
            json_object_set_string(value, form);
    }
}

/* A number as its digits without the dot, and the power of ten that they stand for. */
struct decimal {
    const char *digits;
    size_t count;
    int64_t power;
};

static bool decimal_read(struct arena *arena, const char *text, struct decimal *out)
{
    size_t whole = strspn(text, "0123456789"), mark = strcspn(text, "eE");
    char *digits = arena_copy(arena, text, whole);
    *out = (struct decimal){.digits = digits, .count = whole};
    if (text[whole] == '.') {
        digits = arena_printf(arena, "%s%.*s", digits, (int)(mark - whole - 1), text + whole + 1);
        *out = (struct decimal){digits, strlen(digits), -(int64_t)(mark - whole - 1)};
    }
    const char *exponent = text[mark] ? text + mark + 1 : "0";
    int64_t power;
    if (!text_to_int(exponent + (*exponent == '+'), -100000, 100000, &power))
        return false;
    out->power += power;
    while (out->count > 1 && *out->digits == '0')
        out->digits++, out->count--;
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->count--, out->power++;
    return true;
}

bool json_whole_number(struct arena *arena, json_object *value, int64_t *out)
{
    struct decimal decimal;
    if (json_object_is_type(value, json_type_int)) {
        *out = json_object_get_int64(value);
        return true;
    }
    if (!json_object_is_type(value, json_type_double))
        return false;
    const char *text = json_object_get_string(value); /* as it was written */
    bool minus = *text == '-';
    if (!isdigit((unsigned char)text[minus]) || !decimal_read(arena, text + minus, &decimal))
        return false;
    if (*decimal.digits == '0')
        decimal.power = 0;
    if (decimal.power < 0 || decimal.power > 18 || decimal.count > 19)
        return false;
    const char *plain = arena_printf(arena, "%s%.*s%.*s", minus ? "-" : "", (int)decimal.count,
                                     decimal.digits, (int)decimal.power, "000000000000000000");
    return text_to_int(plain, INT64_MIN, INT64_MAX, out);
}
