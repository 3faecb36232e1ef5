/* fuzz_picture: whatever a file begins with, its size is that of a picture or it is none, and the
 * same head says the same again with more behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture picture, again;
    bool is_one = picture_read(data, size, &picture);
    require(is_one == (picture.kind != PICTURE_NONE));
    require(is_one == (picture_type(picture.kind) != NULL));
    require(!is_one || (picture.width > 0 && picture.height > 0));
    require(picture.orientation >= 1 && picture.orientation <= 8);
    uint8_t *more = malloc(size + 16);
    require(more != NULL);
    if (size > 0)
        memcpy(more, data, size);
    memset(more + size, 0xff, 16);
    require(!is_one || (picture_read(more, size + 16, &again) &&
                        memcmp(&picture, &again, sizeof picture) == 0));
    free(more);
    return 0;
}
