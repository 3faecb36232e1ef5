#include "access/cbor.h"

#include <stdint.h>

enum { NESTED_MAX = 4, LEN_IN_HEAD = 24, LEN_8_BYTES = 27 };
enum { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE }; /* section 3.1 */

struct reader {
    const unsigned char *at, *end;
};

static uint64_t left(const struct reader *reader)
{
    return (uint64_t)(reader->end - reader->at);
}

/* The initial byte and the argument (section 3); lengths without end are refused. */
static bool read_head(struct reader *reader, int *type, uint64_t *value)
{
    if (left(reader) == 0)
        return false;
    unsigned head = *reader->at++;
    *type = (int)(head >> 5);
    *value = head & 31;
    if (*value < LEN_IN_HEAD)
        return true;
    if (*value > LEN_8_BYTES || left(reader) < UINT64_C(1) << (*value - LEN_IN_HEAD))
        return false;
    const unsigned char *after = reader->at + (UINT64_C(1) << (*value - LEN_IN_HEAD));
    for (*value = 0; reader->at < after; reader->at++)
        *value = *value << 8 | *reader->at;
    return true;
}

static bool read_items(struct reader *reader, uint64_t count, int depth);

static bool read_item(struct reader *reader, int depth)
{
    int type;
    uint64_t value;
    if (!read_head(reader, &type, &value))
        return false;
    switch (type) {
    case BYTES:
    case TEXT:
        if (value > left(reader))
            return false;
        reader->at += value;
        return true;
    case ARRAY:
        return read_items(reader, value, depth + 1);
    case MAP:
        return value <= left(reader) / 2 && read_items(reader, 2 * value, depth + 1);
    case TAG:
        return read_items(reader, 1, depth + 1);
    default: /* numbers and simple values are their heads */
        return true;
    }
}

/* Each item has a byte at least. */
static bool read_items(struct reader *reader, uint64_t count, int depth)
{
    bool whole = depth <= NESTED_MAX && count <= left(reader);
    while (whole && count-- > 0)
        whole = read_item(reader, depth);
    return whole;
}

bool cbor_is_bounded(const unsigned char *data, size_t len)
{
    struct reader reader = {data, data + len};
    bool whole = true;
    while (whole && reader.at < reader.end)
        whole = read_item(&reader, 0);
    return whole;
}
