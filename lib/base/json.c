/* json: the writer. */
#include "base/json.h"

#include <assert.h>
#include <string.h>

#define EVERY_BYTE 0x0101010101010101ULL

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

static bool must_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* The high bit of a byte is set where the byte of `word` is below `bound` (at most 0x80);
 * behind the first such byte others may be set too. */
static uint64_t bytes_below(uint64_t word, uint64_t bound)
{
    return (word - EVERY_BYTE * bound) & ~word & EVERY_BYTE * 0x80;
}

/* How many bytes need no escape before the first that does, eight at a time: most
 * texts need none at all. */
static size_t clean_prefix(const char *text, size_t len)
{
    size_t at = 0;
    for (uint64_t word; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if (bytes_below(word, 0x20) | bytes_below(word ^ EVERY_BYTE * '"', 1) |
            bytes_below(word ^ EVERY_BYTE * '\\', 1))
            break;
    }
    while (at < len && !must_escape((unsigned char)text[at]))
        at++;
    return at;
}

static void put_with_escapes(struct buf *out, const char *text, size_t len)
{
    for (size_t clean; (clean = clean_prefix(text, len)) < len; len -= clean + 1) {
        buf_add(out, text, clean);
        put_escaped(out, (unsigned char)text[clean]);
        text += clean + 1;
    }
    buf_add(out, text, len);
}

/* The value, or the key with its colon: in one piece where nothing is to be escaped,
 * since this is the largest part of what an answer costs. */
static void put_string(struct json *json, const char *text, size_t len, bool is_key)
{
    struct buf *out = json->out;
    uint64_t bit = 1ULL << json->depth;
    buf_reserve(out, len + 4);
    if (json->comma & bit)
        out->data[out->len++] = ',';
    out->data[out->len++] = '"';
    if (clean_prefix(text, len) == len) {
        if (len > 0)
            memcpy(out->data + out->len, text, len);
        out->len += len;
    } else {
        put_with_escapes(out, text, len);
        buf_reserve(out, 2);
    }
    out->data[out->len++] = '"';
    if (is_key)
        out->data[out->len++] = ':';
    out->data[out->len] = '\0';
    json->comma = is_key ? json->comma & ~bit : json->comma | bit; /* a key's value takes none */
}

void json_key(struct json *json, const char *key)
{
    put_string(json, key, strlen(key), true);
}

void json_put_text_len(struct json *json, const char *text, size_t len)
{
    put_string(json, text, len, false);
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
