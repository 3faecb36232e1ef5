/* json: the writer. */
#include "base/json.h"

#include <assert.h>
#include <string.h>

void json_start(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out};
}

/* A comma before every value but the first of its level; none after a key. */
static void separate(struct json *json)
{
    uint64_t bit = 1ULL << json->depth;
    if (json->comma & bit)
        buf_putc(json->out, ',');
    json->comma |= bit;
}

static void open_level(struct json *json, char bracket)
{
    separate(json);
    buf_putc(json->out, bracket);
    assert(json->depth < 63);
    json->depth++;
    json->comma &= ~(1ULL << json->depth);
}

static void close_level(struct json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    buf_putc(json->out, bracket);
}

void json_open_object(struct json *json)
{
    open_level(json, '{');
}

void json_close_object(struct json *json)
{
    close_level(json, '}');
}

void json_open_array(struct json *json)
{
    open_level(json, '[');
}

void json_close_array(struct json *json)
{
    close_level(json, ']');
}

static void put_escaped(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char named[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    const char *at = c ? strchr(named, c) : NULL;
    buf_putc(out, '\\');
    if (at) {
        buf_putc(out, letters[at - named]);
        return;
    }
    const char code[5] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buf_add(out, code, sizeof code);
}

static void put_string(struct buf *out, const char *text, size_t len)
{
    size_t clean = 0;
    buf_reserve(out, len + 2);
    buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, text + clean, i - clean);
        put_escaped(out, c);
        clean = i + 1;
    }
    buf_add(out, text + clean, len - clean);
    buf_putc(out, '"');
}

void json_key(struct json *json, const char *key)
{
    separate(json);
    put_string(json->out, key, strlen(key));
    buf_putc(json->out, ':');
    json->comma &= ~(1ULL << json->depth); /* the value that follows takes no comma */
}

void json_put_text_len(struct json *json, const char *text, size_t len)
{
    separate(json);
    put_string(json->out, text, len);
}

void json_put_text(struct json *json, const char *text)
{
    if (text)
        json_put_text_len(json, text, strlen(text));
    else
        json_put_null(json);
}

void json_put_int(struct json *json, int64_t value)
{
    separate(json);
    buf_int(json->out, value);
}

void json_put_bool(struct json *json, bool value)
{
    json_put_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void json_put_null(struct json *json)
{
    json_put_raw(json, "null", 4);
}

void json_put_raw(struct json *json, const char *text, size_t len)
{
    separate(json);
    buf_add(json->out, text, len);
}

void json_pair(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_put_text(json, text);
}

void json_pair_int(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_put_int(json, value);
}

void json_pair_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_put_bool(json, value);
}
