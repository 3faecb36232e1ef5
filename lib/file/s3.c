/* s3: contents at a server that speaks S3, as tenants/<tenant>/files/<id> in one bucket
 * (TULOU_S3_URL). Written in one PUT with its length and its digest, which the server checks;
 * asked for by nginx with a link that is good for minutes, so that Range, ETag and what protects
 * readers are the same as on the local disk. */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "client/client.h"
#include "file/sigv4.h"
#include "file/store.h"
#include "http/cx.h"

/* A request of a client may last longer where it waits for the server: less than nginx waits. */
enum { ATTEMPTS = 3, PAUSE_US = 200000, PUT_S = 25, OTHER_S = 10, LINK_S = 300 };
static const int64_t all_attempts_us = 55000000;

static const char nothing_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* "https://host:9000/bucket" in its parts. */
struct bucket {
    const char *scheme, *host, *path; /* path: "/bucket", or "" */
};

static bool bucket_read(struct arena *arena, struct bucket *out)
{
    const char *url = config_text(CONFIG_TULOU_S3_URL);
    const char *host = strstr(url, "://");
    if (!host || (!text_starts(url, "https://") && !text_starts(url, "http://")))
        return false;
    out->scheme = arena_copy(arena, url, (size_t)(host - url));
    host += 3;
    const char *path = strchrnul(host, '/'), *end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    out->host = arena_copy(arena, host, (size_t)(path - host));
    out->path = arena_copy(arena, path, (size_t)(end - path));
    return *out->host != '\0' && !strpbrk(url, "?#@ \"'\\;{}$");
}

const char *s3_problem(void)
{
    struct arena *arena = arena_new();
    struct bucket bucket;
    const char *problem = NULL;
    if (!bucket_read(arena, &bucket))
        problem = "TULOU_S3_URL must be like https://HOST/BUCKET";
    else if (!*config_text(CONFIG_TULOU_S3_KEY_ID) || !*config_text(CONFIG_TULOU_S3_SECRET))
        problem = "TULOU_S3_KEY_ID and TULOU_S3_SECRET must be set for TULOU_S3_URL";
    else if (!*config_text(CONFIG_TULOU_S3_REGION))
        problem = "TULOU_S3_REGION must be set for TULOU_S3_URL";
    arena_free(arena);
    return problem;
}

static struct sigv4_keys keys_configured(void)
{
    return (struct sigv4_keys){.key_id = config_text(CONFIG_TULOU_S3_KEY_ID),
                               .secret = config_text(CONFIG_TULOU_S3_SECRET),
                               .region = config_text(CONFIG_TULOU_S3_REGION),
                               .service = "s3"};
}

static const char *object_path(struct arena *arena, const struct bucket *bucket,
                               const char *tenant_id, const char *id)
{
    return arena_printf(arena, "%s/tenants/%s/files/%s", bucket->path, tenant_id, id);
}

/* ---- asking ---- */

/* One attempt, signed for its own moment. */
struct asking {
    const char *method, *path, *type, *sha256; /* type: NULL without a body */
    int fd;
    int64_t bytes;
    int timeout_s;
};

static void ask_once(struct arena *arena, const struct bucket *bucket, const struct asking *asking,
                     struct client_answer *answer)
{
    const struct sigv4_keys keys = keys_configured();
    struct sigv4_request request = {.method = asking->method,
                                    .path = asking->path,
                                    .payload_sha256 = asking->sha256,
                                    .at_us = clock_now_us()};
    const char *time = sigv4_time(arena, request.at_us);
    request.headers[0] = (struct sigv4_pair){"host", bucket->host};
    request.headers[1] = (struct sigv4_pair){"x-amz-content-sha256", asking->sha256};
    request.headers[2] = (struct sigv4_pair){"x-amz-date", time};
    if (asking->type)
        request.headers[3] = (struct sigv4_pair){"content-type", asking->type};
    const char *headers[] = {
        arena_printf(arena, "x-amz-content-sha256: %s", asking->sha256),
        arena_printf(arena, "x-amz-date: %s", time),
        arena_printf(arena, "Authorization: %s", sigv4_authorization(arena, &keys, &request)),
        asking->type ? arena_printf(arena, "Content-Type: %s", asking->type) : NULL, NULL};
    client_fetch(
        arena,
        &(struct client_request){.method = asking->method,
                                 .url = arena_printf(arena, "%s://%s%s", bucket->scheme,
                                                     bucket->host, sigv4_path(arena, asking->path)),
                                 .headers = headers,
                                 .body_fd = asking->fd,
                                 .body_fd_len = asking->bytes,
                                 .timeout_s = asking->timeout_s},
        answer);
}

/* What may be another time: nothing came, the server has a fault, or too much to do. */
static bool is_passing(const struct client_answer *answer)
{
    return answer->status == 0 || answer->status >= 500 || answer->status == 429;
}

/* What stands between <name> and </name> in the XML of a refusal; "" when nothing does. */
static const char *member_of(struct arena *arena, const char *xml, const char *name)
{
    const char *open = arena_printf(arena, "<%s>", name), *at = strstr(xml, open);
    size_t len = at ? strcspn(at + strlen(open), "<") : 0;
    return at ? arena_copy(arena, at + strlen(open), len < 200 ? len : 200) : "";
}

static const char *explain(struct arena *arena, const struct bucket *bucket,
                           const struct client_answer *answer)
{
    if (answer->problem)
        return arena_printf(arena, "%s: %s", bucket->host, answer->problem);
    return arena_printf(arena, "%s answered %d %s: %s", bucket->host, answer->status,
                        member_of(arena, answer->body, "Code"),
                        member_of(arena, answer->body, "Message"));
}

/* As often as it is worth it. true: it was done, or (`absent`) there was nothing to do. */
static bool ask(struct arena *arena, const struct bucket *bucket, const struct asking *asking,
                bool absent, const char **problem)
{
    struct client_answer answer = {.status = 0};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt > 0 && !wait_us(PAUSE_US << attempt))
            break;
        ask_once(arena, bucket, asking, &answer);
        if (!is_passing(&answer))
            break;
    }
    bool done = answer.status / 100 == 2 || (absent && answer.status == 404);
    *problem = done ? NULL : explain(arena, bucket, &answer);
    return done;
}

bool s3_put(struct arena *arena, const struct stored *content, int fd, const char **problem)
{
    struct bucket bucket;
    *problem = s3_problem();
    if (*problem || !bucket_read(arena, &bucket))
        return false;
    const struct asking asking = {.method = "PUT",
                                  .path =
                                      object_path(arena, &bucket, content->tenant_id, content->id),
                                  .type = content->type,
                                  .sha256 = content->sha256,
                                  .fd = fd,
                                  .bytes = content->bytes,
                                  .timeout_s = PUT_S};
    coroutine_set_deadline(clock_monotonic_us() + all_attempts_us);
    return ask(arena, &bucket, &asking, false, problem);
}

bool s3_remove(struct arena *arena, const char *tenant_id, const char *id, const char **problem)
{
    struct bucket bucket;
    *problem = s3_problem();
    if (*problem || !bucket_read(arena, &bucket))
        return false;
    const struct asking asking = {.method = "DELETE",
                                  .path = object_path(arena, &bucket, tenant_id, id),
                                  .sha256 = nothing_sha256,
                                  .timeout_s = OTHER_S};
    return ask(arena, &bucket, &asking, true, problem);
}

/* ---- answering ---- */

/* The link is for nginx alone: it stays between us. Name and Cache-Control are of our answer, the
 * type is that with which the content was stored. */
bool s3_answer(struct cx *cx, const struct stored *content)
{
    struct bucket bucket;
    const struct sigv4_keys keys = keys_configured();
    if (s3_problem() || !bucket_read(cx->arena, &bucket))
        return fail(cx, 503, "storage_unavailable", "The file cannot be fetched now.");
    const struct sigv4_request request = {
        .method = method_name(cx->request.method),
        .path = object_path(cx->arena, &bucket, content->tenant_id, content->id),
        .headers = {{"host", bucket.host}},
        .payload_sha256 = "UNSIGNED-PAYLOAD",
        .at_us = clock_now_us()};
    response_header_set(cx, "X-Accel-Redirect", "/.object");
    response_header_set(cx, "X-Tulou-Object",
                        arena_printf(cx->arena, "%s://%s%s?%s", bucket.scheme, bucket.host,
                                     sigv4_path(cx->arena, request.path),
                                     sigv4_presigned(cx->arena, &keys, &request, LINK_S)));
    return true;
}
