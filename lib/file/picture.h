/* picture: what the head of a PNG, JPEG or WebP says of it, read without decoding it: its kind
 * by its first bytes, how large it is, and which way a camera was held. For what others sent:
 * every length is checked, nothing is allocated.
 *
 * PNG: ISO/IEC 15948 5.2, 11.2.2. JPEG: ITU T.81 B.1, B.2.2. WebP: RFC 9649 2. Exif 2.32 4.6.
 */
#ifndef FILE_PICTURE_H
#define FILE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_JPEG, PICTURE_WEBP };

/* Above it none is decoded: a small file may claim a large picture. */
#define PICTURE_PIXELS_MAX 40000000LL

struct picture {
    enum picture_kind kind;
    int width, height;
    int orientation; /* Exif's, 1 to 8; 1 when it says none */
};

/* false: it is none of the three, or its head is not whole within `len`. */
bool picture_read(const void *data, size_t len, struct picture *out);
const char *picture_type(enum picture_kind kind); /* "image/png"; NULL for none */

#endif
