#include "file/picture.h"

#include <stdint.h>
#include <string.h>

struct bytes {
    const unsigned char *at;
    size_t len;
    bool little; /* the order of Exif's numbers */
};

const char *picture_type(enum picture_kind kind)
{
    static const char *const types[] = {NULL, "image/png", "image/jpeg", "image/webp"};
    return types[kind];
}

/* 0 beyond the end. */
static uint32_t number_big(const struct bytes *bytes, size_t at, size_t size)
{
    uint32_t number = 0;
    for (size_t i = 0; at + i < bytes->len && i < size; i++)
        number = number << 8 | bytes->at[at + i];
    return at + size <= bytes->len ? number : 0;
}

static uint32_t number_little(const struct bytes *bytes, size_t at, size_t size)
{
    uint32_t number = 0;
    for (size_t i = size; i > 0 && at + size <= bytes->len; i--)
        number = number << 8 | bytes->at[at + i - 1];
    return number;
}

static uint32_t number_exif(const struct bytes *bytes, size_t at, size_t size)
{
    return bytes->little ? number_little(bytes, at, size) : number_big(bytes, at, size);
}

static bool starts_with(const struct bytes *bytes, size_t at, const void *word, size_t len)
{
    return at + len <= bytes->len && memcmp(bytes->at + at, word, len) == 0;
}

static bool picture_set(struct picture *out, enum picture_kind kind, uint32_t width,
                        uint32_t height)
{
    if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX)
        return false;
    out->kind = kind;
    out->width = (int)width;
    out->height = (int)height;
    return true;
}

static bool png_read(const struct bytes *bytes, struct picture *out)
{
    return starts_with(bytes, 12, "IHDR", 4) &&
           picture_set(out, PICTURE_PNG, number_big(bytes, 16, 4), number_big(bytes, 20, 4));
}

/* The size of what one chunk holds: of a lossy picture, of a lossless one, or the canvas. */
static bool webp_read(const struct bytes *bytes, struct picture *out)
{
    uint32_t packed = number_little(bytes, 21, 4);
    if (bytes->len < 30)
        return false;
    if (starts_with(bytes, 12, "VP8 ", 4))
        return starts_with(bytes, 23, "\x9d\x01\x2a", 3) &&
               picture_set(out, PICTURE_WEBP, number_little(bytes, 26, 2) & 0x3fff,
                           number_little(bytes, 28, 2) & 0x3fff);
    if (starts_with(bytes, 12, "VP8L", 4))
        return bytes->at[20] == 0x2f &&
               picture_set(out, PICTURE_WEBP, (packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1);
    return starts_with(bytes, 12, "VP8X", 4) &&
           picture_set(out, PICTURE_WEBP, number_little(bytes, 24, 3) + 1,
                       number_little(bytes, 27, 3) + 1);
}

/* The orientation in a TIFF header with its first directory. */
static int exif_orientation(struct bytes tiff)
{
    tiff.little = starts_with(&tiff, 0, "II\x2a\0", 4);
    if (!tiff.little && !starts_with(&tiff, 0, "MM\0\x2a", 4))
        return 1;
    size_t at = number_exif(&tiff, 4, 4);
    if (at > tiff.len)
        return 1;
    size_t count = number_exif(&tiff, at, 2);
    for (size_t i = 0; i < count && at + 2 + (i + 1) * 12 <= tiff.len; i++) {
        size_t entry = at + 2 + i * 12;
        uint32_t value = number_exif(&tiff, entry + 8, 2);
        if (number_exif(&tiff, entry, 2) == 0x0112)
            return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Start of frame, whatever the coding: SOF0 to SOF15 but DHT, JPG and DAC. */
static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool jpeg_read(const struct bytes *bytes, struct picture *out)
{
    for (size_t at = 2; at + 4 <= bytes->len;) {
        unsigned marker = bytes->at[at + 1];
        size_t len = number_big(bytes, at + 2, 2);
        if (bytes->at[at] != 0xff)
            return false;
        if (marker == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        if (len < 2 || marker == 0xd9 || marker == 0xda)
            return false;
        if (is_frame(marker))
            return picture_set(out, PICTURE_JPEG, number_big(bytes, at + 7, 2),
                               number_big(bytes, at + 5, 2));
        if (marker == 0xe1 && starts_with(bytes, at + 4, "Exif\0\0", 6) &&
            at + 2 + len <= bytes->len)
            out->orientation = exif_orientation(
                (struct bytes){.at = bytes->at + at + 10, .len = len < 8 ? 0 : len - 8});
        at += 2 + len;
    }
    return false;
}

bool picture_read(const void *data, size_t len, struct picture *out)
{
    const struct bytes bytes = {.at = data, .len = len};
    *out = (struct picture){.kind = PICTURE_NONE, .orientation = 1};
    if (starts_with(&bytes, 0, "\x89PNG\r\n\x1a\n", 8))
        return png_read(&bytes, out);
    if (starts_with(&bytes, 0, "\xff\xd8\xff", 3))
        return jpeg_read(&bytes, out);
    if (starts_with(&bytes, 0, "RIFF", 4) && starts_with(&bytes, 8, "WEBP", 4))
        return webp_read(&bytes, out);
    return false;
}
