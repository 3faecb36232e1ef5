/* fuzz_signature: whatever a path or a value holds, what is written of it is an address: unreserved
 * characters and %XX alone, in which each byte can be found again; and the same is signed alike. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "file/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_address(const char *text, const char *besides)
{
    for (; *text; text++) {
        require(isalnum((unsigned char)*text) || strchr("-._~%", *text) || strchr(besides, *text));
        require(*text != '%' ||
                (isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])));
    }
}

static size_t decoded_len(const char *text)
{
    size_t len = 0;
    for (; *text; text += *text == '%' ? 3 : 1)
        len++;
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sigv4_keys keys = {"KEY", "secret", "us-east-1", "s3"};
    struct arena *arena = arena_new();
    const char *text = arena_copy(arena, data, size);
    const struct sigv4_request request = {"GET",
                                          text,
                                          .query = {{text, text}, {"a", text}, {text, "b"}},
                                          .headers = {{"host", "example.com"}},
                                          .payload_sha256 = "UNSIGNED-PAYLOAD",
                                          .at_us = 1369353600000000};
    const char *path = sigv4_path(arena, text);
    require_address(path, "/");
    require(!*text || decoded_len(path) == strlen(text));
    require_address(sigv4_query(arena, request.query), "=&");
    const char *link = sigv4_presigned(arena, &keys, &request, 60);
    require_address(link, "=&");
    require(strcmp(link, sigv4_presigned(arena, &keys, &request, 60)) == 0);
    require(strstr(sigv4_authorization(arena, &keys, &request), "Signature=") != NULL);
    arena_free(arena);
    return 0;
}
