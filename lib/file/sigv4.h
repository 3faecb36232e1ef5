/* sigv4: AWS Signature Version 4, as servers that speak S3 want requests signed: in a header, or
 * in the query of a link that works for a while. ("Authenticating Requests (AWS Signature
 * Version 4)" of the Amazon S3 API Reference; HMAC-SHA-256: RFC 2104.)
 */
#ifndef FILE_SIGV4_H
#define FILE_SIGV4_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct sigv4_keys {
    const char *key_id, *secret, *region, *service; /* service: "s3" */
};

struct sigv4_pair {
    const char *name, *value;
};

enum { SIGV4_PAIRS_MAX = 16 };

/* Nothing in it is encoded yet; headers have lower-case names, and "host" is one of them. */
struct sigv4_request {
    const char *method, *path;
    struct sigv4_pair query[SIGV4_PAIRS_MAX], headers[SIGV4_PAIRS_MAX]; /* closed by no name */
    const char *payload_sha256; /* hex, or "UNSIGNED-PAYLOAD" */
    int64_t at_us;              /* when it is signed, since 1970 */
};

/* "20130524T000000Z", as the header x-amz-date says it. */
char *sigv4_time(struct arena *arena, int64_t at_us);
/* The path as it stands in a URL: each byte but unreserved ones and "/" as %XX. */
char *sigv4_path(struct arena *arena, const char *path);
/* The query as it stands in a URL, sorted; "" when there is none. */
char *sigv4_query(struct arena *arena, const struct sigv4_pair *pairs);
/* The value of the header Authorization, which signs every header of the request. */
char *sigv4_authorization(struct arena *arena, const struct sigv4_keys *keys,
                          const struct sigv4_request *request);
/* The whole query of a link, good for `seconds` from at_us; of the headers "host" alone is to be
 * there. */
char *sigv4_presigned(struct arena *arena, const struct sigv4_keys *keys,
                      const struct sigv4_request *request, int64_t seconds);

#endif
