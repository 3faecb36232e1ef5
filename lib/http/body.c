/* body: reading a request's body by its content type. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"

enum { FORM_FIELDS_MAX = 500 };

/* nginx reads nothing of a body that is longer than its address takes, and lets us say so. */
static bool is_kept_back(const struct request *request)
{
    return request_variable(request, "BODY_TOO_LARGE") != NULL;
}

static bool is_too_long(const struct request *request, size_t limit)
{
    int64_t length = 0;
    const char *text = request_variable(request, "CONTENT_LENGTH");
    return is_kept_back(request) ||
           (text && text_to_int(text, 0, INT64_MAX, &length) && (uint64_t)length > limit);
}

static bool fail_too_long(struct cx *cx, size_t limit)
{
    return fail(cx, 413, "body_too_large", "The body is larger than %zu bytes.", limit);
}

static bool read_whole(struct cx *cx, body_reader *read, void *source, size_t limit)
{
    struct buf body;
    char chunk[16384];
    buf_init(&body, cx->arena);
    for (long len; (len = read(source, chunk, sizeof chunk)) != 0;) {
        if (len < 0)
            return fail(cx, 400, "body_incomplete", "The body ended too early.");
        if (body.len + (size_t)len > limit)
            return fail_too_long(cx, limit);
        buf_add(&body, chunk, (size_t)len);
    }
    cx->request.body = body.data;
    cx->request.body_len = body.len;
    return true;
}

static bool read_form(struct cx *cx)
{
    struct request *request = &cx->request;
    if (!parse_urlencoded(cx->arena, request->body, request->body_len, FORM_FIELDS_MAX,
                          &request->form))
        return fail(cx, 400, "bad_form", "The form is malformed.");
    return true;
}

static bool fail_multipart(struct cx *cx, const char *problem)
{
    if (strcmp(problem, "body_too_large") == 0 || strcmp(problem, "multipart_field_too_large") == 0)
        return fail(cx, 413, problem, "The body is too large.");
    if (strcmp(problem, "upload_failed") == 0) /* the disk's fault, not the client's */
        return fail(cx, 500, problem, "The upload could not be kept.");
    return fail(cx, 400, problem, "The multipart body is malformed.");
}

static bool read_multipart(struct cx *cx, body_reader *read, void *source, size_t limit)
{
    struct multipart_result result;
    char *folder = arena_printf(cx->arena, "%s/run", config_text(CONFIG_TULOU_VAR));
    if (!cx->request.boundary)
        return fail(cx, 400, "bad_multipart", "The multipart body names no boundary.");
    if (!parse_multipart(cx->arena, cx->request.boundary, read, source, limit, folder, &result))
        return fail_multipart(cx, result.problem);
    cx->request.form = result.fields;
    cx->request.uploads = result.uploads;
    return true;
}

/* ---- what a body says, whatever its boundary ---- */

/* With its length, so that no two sequences of texts are one. */
static void digest_add(crypto_hash_sha256_state *state, const char *data, size_t len)
{
    const uint64_t size = len;
    crypto_hash_sha256_update(state, (const unsigned char *)&size, sizeof size);
    crypto_hash_sha256_update(state, (const unsigned char *)data, len);
}

static bool digest_add_file(crypto_hash_sha256_state *state, const char *path)
{
    unsigned char chunk[16384];
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    for (size_t len; (len = fread(chunk, 1, sizeof chunk, file)) > 0;)
        crypto_hash_sha256_update(state, chunk, len);
    bool whole = !ferror(file);
    fclose(file);
    return whole;
}

static bool digest_parts(const struct request *request, crypto_hash_sha256_state *state)
{
    bool whole = true;
    for (const struct parameter *it = request->form; it; it = it->next) {
        digest_add(state, it->name, strlen(it->name));
        digest_add(state, it->value, strlen(it->value));
    }
    for (const struct upload *it = request->uploads; it && whole; it = it->next) {
        digest_add(state, it->name, strlen(it->name));
        digest_add(state, it->file_name, strlen(it->file_name));
        if (it->data)
            digest_add(state, it->data, it->size);
        else
            whole = digest_add_file(state, it->path);
    }
    return whole;
}

bool request_body_sha256(struct cx *cx, char out[static 65])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    const struct request *request = &cx->request;
    if (strcmp(request->content_type, "multipart/form-data") != 0) {
        text_sha256(request->body, request->body_len, out);
        return true;
    }
    crypto_hash_sha256_init(&state);
    if (!digest_parts(request, &state))
        return fail(cx, 500, "upload_failed", "The upload could not be kept.");
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(out, 65, digest, sizeof digest);
    return true;
}

static bool is_json(const char *type)
{
    return strcmp(type, "application/json") == 0 ||
           strcmp(type, "application/merge-patch+json") == 0;
}

bool request_read_body(struct cx *cx, body_reader *read, void *source, size_t limit)
{
    const char *type = cx->request.content_type;
    const char *coding = request_header(&cx->request, "Content-Encoding");
    if (coding && strcasecmp(coding, "identity") != 0) /* RFC 9110 8.4 */
        return fail(cx, 415, "unsupported_media_type", "Send the body without Content-Encoding.");
    if (is_too_long(&cx->request, limit))
        return fail_too_long(cx, limit);
    if (strcmp(type, "multipart/form-data") == 0)
        return read_multipart(cx, read, source, limit);
    if (!read_whole(cx, read, source, limit))
        return false;
    if (cx->request.body_len == 0)
        return true;
    if (strcmp(type, "application/x-www-form-urlencoded") == 0)
        return read_form(cx);
    if (is_json(type) || strcmp(type, "text/csv") == 0)
        return true;
    return fail(cx, 415, "unsupported_media_type", "Send application/json%s.",
                *type ? cx_printf(cx, ", not %s", type) : "");
}
