#include "mail/seal.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"

static const char purpose[] = "mail";

static const struct {
    const char *key;
    size_t offset;
} members[] = {
    {"language", offsetof(struct letter, language)},  {"from", offsetof(struct letter, from)},
    {"fromName", offsetof(struct letter, from_name)}, {"to", offsetof(struct letter, to)},
    {"toName", offsetof(struct letter, to_name)},     {"subject", offsetof(struct letter, subject)},
    {"text", offsetof(struct letter, text)},          {"html", offsetof(struct letter, html)},
};

static const char **member_of(struct letter *letter, size_t i)
{
    return (const char **)((char *)letter + members[i].offset);
}

void letter_put_texts(struct json *json, const struct letter *letter)
{
    struct letter copy = *letter;
    for (size_t i = 0; i < COUNT(members); i++)
        json_pair(json, members[i].key, *member_of(&copy, i));
}

char *letter_seal(struct arena *arena, const struct letter *letter)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_object(&json);
    json_pair_int(&json, "date", letter->date_us);
    letter_put_texts(&json, letter);
    json_close_object(&json);
    return secret_seal(arena, purpose, out.data);
}

bool letter_open(struct arena *arena, const char *sealed, struct letter *letter)
{
    bool is_null;
    struct json_problem problem;
    json_object *value = NULL;
    char *text = sealed ? secret_open(arena, purpose, sealed) : NULL;
    json_object *object =
        text ? json_read(arena, text, strlen(text), NULL, &is_null, &problem) : NULL;
    if (!json_object_is_type(object, json_type_object))
        return false;
    *letter = (struct letter){0};
    if (json_object_object_get_ex(object, "date", &value))
        letter->date_us = json_object_get_int64(value);
    for (size_t i = 0; i < COUNT(members); i++)
        if (json_object_object_get_ex(object, members[i].key, &value) && value)
            *member_of(letter, i) = json_object_get_string(value);
    return letter->from && letter->to && letter->subject && letter->text && letter->html;
}
