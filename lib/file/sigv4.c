#include "file/sigv4.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"

static const char algorithm[] = "AWS4-HMAC-SHA256";

enum { HASH = crypto_auth_hmacsha256_BYTES, HEX = HASH * 2 + 1 };

/* ---- how things are written ---- */

char *sigv4_time(struct arena *arena, int64_t at_us)
{
    time_t at = (time_t)(at_us / 1000000);
    struct tm utc;
    char text[32];
    gmtime_r(&at, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    return arena_text(arena, text);
}

static void encode(struct buf *out, const char *text, bool keep_slash)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (isalnum(*c) || strchr("-._~", *c) || (keep_slash && *c == '/'))
            buf_putc(out, (char)*c);
        else
            buf_printf(out, "%%%02X", *c);
}

char *sigv4_path(struct arena *arena, const char *path)
{
    struct buf out;
    buf_init(&out, arena);
    encode(&out, *path ? path : "/", true);
    return out.data;
}

static int by_name(const void *a, const void *b)
{
    const struct sigv4_pair *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->value, other->value);
}

/* A sorted copy; their count in *count. */
static struct sigv4_pair *sorted(struct arena *arena, const struct sigv4_pair *pairs, size_t *count)
{
    struct sigv4_pair *all = arena_alloc(arena, SIGV4_PAIRS_MAX * sizeof *all);
    for (*count = 0; *count < SIGV4_PAIRS_MAX && pairs[*count].name; (*count)++)
        all[*count] = pairs[*count];
    qsort(all, *count, sizeof *all, by_name);
    return all;
}

static const char *encoded(struct arena *arena, const char *text)
{
    struct buf out;
    buf_init(&out, arena);
    encode(&out, text, false);
    return out.data;
}

char *sigv4_query(struct arena *arena, const struct sigv4_pair *pairs)
{
    struct buf out;
    struct sigv4_pair coded[SIGV4_PAIRS_MAX] = {{NULL, NULL}};
    size_t count;
    for (size_t i = 0; i < SIGV4_PAIRS_MAX && pairs[i].name; i++)
        coded[i] =
            (struct sigv4_pair){encoded(arena, pairs[i].name), encoded(arena, pairs[i].value)};
    const struct sigv4_pair *all = sorted(arena, coded, &count);
    buf_init(&out, arena);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s%s=%s", i ? "&" : "", all[i].name, all[i].value);
    return out.data;
}

/* Without blanks at its ends, and one for many within. */
static void add_header_value(struct buf *out, const char *value)
{
    bool blank = false;
    for (value += strspn(value, " "); *value; value++) {
        if (*value != ' ' && blank)
            buf_putc(out, ' ');
        blank = *value == ' ';
        if (!blank)
            buf_putc(out, *value);
    }
}

/* ---- the signature ---- */

static char *signed_names(struct arena *arena, const struct sigv4_pair *headers)
{
    struct buf out;
    size_t count;
    const struct sigv4_pair *all = sorted(arena, headers, &count);
    buf_init(&out, arena);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s%s", i ? ";" : "", all[i].name);
    return out.data;
}

/* What is signed of a request, with a query that is encoded already. */
static char *canonical(struct arena *arena, const struct sigv4_request *request, const char *query)
{
    struct buf out;
    size_t count;
    const struct sigv4_pair *headers = sorted(arena, request->headers, &count);
    buf_init(&out, arena);
    buf_printf(&out, "%s\n%s\n%s\n", request->method, sigv4_path(arena, request->path), query);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, "%s:", headers[i].name);
        add_header_value(&out, headers[i].value);
        buf_putc(&out, '\n');
    }
    buf_printf(&out, "\n%s\n%s", signed_names(arena, request->headers), request->payload_sha256);
    return out.data;
}

/* "20130524/us-east-1/s3/aws4_request" */
static char *scope_of(struct arena *arena, const struct sigv4_keys *keys, int64_t at_us)
{
    return arena_printf(arena, "%.8s/%s/%s/aws4_request", sigv4_time(arena, at_us), keys->region,
                        keys->service);
}

static void hmac(unsigned char out[static HASH], const void *key, size_t len, const char *text)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&state, out);
}

static char *signature(struct arena *arena, const struct sigv4_keys *keys,
                       const struct sigv4_request *request, const char *query)
{
    unsigned char key[HASH], next[HASH];
    char digest[65], *hex = arena_alloc(arena, HEX);
    const char *what = canonical(arena, request, query), *at = sigv4_time(arena, request->at_us);
    const char *first = arena_printf(arena, "AWS4%s", keys->secret);
    text_sha256(what, strlen(what), digest);
    hmac(key, first, strlen(first), arena_printf(arena, "%.8s", at));
    hmac(next, key, HASH, keys->region);
    hmac(key, next, HASH, keys->service);
    hmac(next, key, HASH, "aws4_request");
    hmac(key, next, HASH,
         arena_printf(arena, "%s\n%s\n%s\n%s", algorithm, at, scope_of(arena, keys, request->at_us),
                      digest));
    return sodium_bin2hex(hex, HEX, key, HASH);
}

char *sigv4_authorization(struct arena *arena, const struct sigv4_keys *keys,
                          const struct sigv4_request *request)
{
    return arena_printf(arena, "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", algorithm,
                        keys->key_id, scope_of(arena, keys, request->at_us),
                        signed_names(arena, request->headers),
                        signature(arena, keys, request, sigv4_query(arena, request->query)));
}

char *sigv4_presigned(struct arena *arena, const struct sigv4_keys *keys,
                      const struct sigv4_request *request, int64_t seconds)
{
    const struct sigv4_pair own[] = {
        {"X-Amz-Algorithm", algorithm},
        {"X-Amz-Credential",
         arena_printf(arena, "%s/%s", keys->key_id, scope_of(arena, keys, request->at_us))},
        {"X-Amz-Date", sigv4_time(arena, request->at_us)},
        {"X-Amz-Expires", arena_printf(arena, "%lld", (long long)seconds)},
        {"X-Amz-SignedHeaders", signed_names(arena, request->headers)}};
    struct sigv4_pair all[SIGV4_PAIRS_MAX] = {{NULL, NULL}};
    size_t count = 0;
    memcpy(all, own, sizeof own);
    for (count = COUNT(own); count < SIGV4_PAIRS_MAX && request->query[count - COUNT(own)].name;
         count++)
        all[count] = request->query[count - COUNT(own)];
    const char *query = sigv4_query(arena, all);
    return arena_printf(arena, "%s&X-Amz-Signature=%s", query,
                        signature(arena, keys, request, query));
}
