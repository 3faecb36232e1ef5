#include "file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "base/unicode.h"
#include "file/image.h"
#include "file/picture.h"
#include "file/store.h"
#include "file/type.h"
#include "http/cx.h"

/* How much of a content says what it is. */
enum { HEAD = 1 << 18, CHUNK = 1 << 16, NAME_MAX_CHARS = 200 };

STATEMENT(file_claim, "select house.file_claim($1::uuid, $2, $3::bigint)", DB_WRITES);

/* ---- the content ---- */

static void close_fd(void *fd)
{
    close(*(int *)fd);
}

/* What was small enough to stay in memory becomes a file without a name. */
static bool open_upload(struct cx *cx, const struct upload *upload, int *out)
{
    int *fd = arena_alloc(cx->arena, sizeof *fd);
    *fd = upload->path ? open(upload->path, O_RDONLY | O_CLOEXEC)
                       : memfd_create("upload", MFD_CLOEXEC);
    bool good = *fd >= 0 &&
                (upload->path || write(*fd, upload->data, upload->size) == (ssize_t)upload->size);
    if (*fd >= 0)
        arena_defer(cx->arena, close_fd, fd);
    *out = *fd;
    return good || fail(cx, 500, "upload_failed", "The upload could not be kept.");
}

/* What is found out about a content on a helper thread. */
struct inspection {
    int fd;
    const struct file_type *type; /* NULL: only measured */
    bool fits, is_picture;
    struct picture picture;
    struct file *out;
    int error;
};

static void inspect_head(struct inspection *it)
{
    char *head = malloc(HEAD);
    ssize_t len = head ? pread(it->fd, head, HEAD, 0) : -1;
    if (len < 0)
        it->error = errno;
    else {
        it->fits = !it->type || file_type_fits(it->type, head, (size_t)len);
        it->is_picture = picture_read(head, (size_t)len, &it->picture);
    }
    free(head);
}

static void inspect_all(struct inspection *it)
{
    unsigned char chunk[CHUNK], digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    it->out->bytes = 0;
    for (ssize_t got; (got = pread(it->fd, chunk, sizeof chunk, it->out->bytes)) != 0;) {
        if (got < 0) {
            it->error = errno;
            return;
        }
        crypto_hash_sha256_update(&state, chunk, (size_t)got);
        it->out->bytes += got;
    }
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(it->out->sha256, sizeof it->out->sha256, digest, sizeof digest);
}

static void inspect_in_thread(void *arg)
{
    struct inspection *it = arg;
    inspect_head(it);
    if (!it->error)
        inspect_all(it);
}

static bool inspect(struct cx *cx, struct inspection *it)
{
    thread_call(inspect_in_thread, it);
    if (!it->error)
        return true;
    log_error("an upload could not be read", "reason", strerror(it->error));
    return fail(cx, 500, "upload_failed", "The upload could not be kept.");
}

/* ---- what is refused ---- */

static bool check_name(struct cx *cx, const char *name)
{
    if (!unicode_is_visible(name) || unicode_has_control(name, false) ||
        unicode_has_override(name) || text_count(name) > NAME_MAX_CHARS)
        return fail_field(cx, "file", "file_name",
                          "The file needs a name of at most 200 characters.");
    return true;
}

static bool check_type(struct cx *cx, const struct file_rules *rules, const struct file_type *type)
{
    if (type && (!rules->pictures || file_type_is_picture(type)))
        return true;
    return fail_field(cx, "file", "file_type",
                      rules->pictures ? "Choose a PNG, JPEG or WebP image."
                                      : "Files of this kind are not taken: choose a document, a "
                                        "picture, a text, a ZIP archive, sound or film.");
}

static bool check_size(struct cx *cx, const struct file_rules *rules, size_t size)
{
    int64_t most = rules->bytes_max ? rules->bytes_max : FILE_BYTES_MAX;
    if (size == 0)
        return fail_field(cx, "file", "file_empty", "This file is empty.");
    return (int64_t)size <= most || fail(cx, 413, "body_too_large", "A file has %s here at most.",
                                         file_size_show(cx->arena, most));
}

static bool check_picture(struct cx *cx, const struct inspection *it)
{
    if (!it->is_picture)
        return fail_field(cx, "file", "invalid_image", "This image is damaged and cannot be read.");
    if ((int64_t)it->picture.width * it->picture.height > PICTURE_PIXELS_MAX)
        return fail_field(cx, "file", "image_too_large", "An image has 40 megapixels at most.");
    return true;
}

/* ---- taking ---- */

static bool store_content(struct cx *cx, const struct file *file, int64_t replaces, int fd)
{
    const char *problem;
    if (!db_get(&cx->db, &file_claim, file->id, file->store,
                arena_printf(cx->arena, "%lld", (long long)(file->bytes - replaces))))
        return fail_db(cx);
    const struct stored content = {.tenant_id = cx->db.tenant_id,
                                   .id = file->id,
                                   .type = file->type,
                                   .bytes = file->bytes,
                                   .sha256 = file->sha256};
    if (store_put(cx->arena, &content, fd, &problem))
        return true;
    log_error("a file could not be stored", "store", file->store, "reason", problem);
    return fail(cx, 503, "storage_unavailable", "The file could not be stored; try again shortly.");
}

static bool remake_picture(struct cx *cx, const struct file_rules *rules, struct inspection *it)
{
    if (!check_picture(cx, it) || !image_make_anew(cx, it->fd, rules->edge, &it->fd))
        return false;
    it->type = NULL;
    if (!inspect(cx, it))
        return false;
    it->out->width = it->picture.width;
    it->out->height = it->picture.height;
    return true;
}

static bool look_into(struct cx *cx, const struct file_rules *rules, struct inspection *it)
{
    const struct file_type *type = it->type;
    if (!inspect(cx, it))
        return false;
    if (!it->fits)
        return fail_field(cx, "file", "file_type_differs",
                          "The file's content is not what its name says.");
    return !file_type_is_picture(type) || remake_picture(cx, rules, it);
}

bool file_take(struct cx *cx, const struct file_rules *rules, struct file *out)
{
    const struct upload *upload = cx->request.uploads;
    *out = (struct file){.store = store_chosen()};
    if (!upload || strcmp(upload->name, "file") != 0 || !*upload->file_name)
        return fail_field(cx, "file", "required", "Choose a file.");
    struct inspection it = {.type = file_type_of_name(upload->file_name), .out = out};
    if (!check_name(cx, upload->file_name) || !check_type(cx, rules, it.type) ||
        !check_size(cx, rules, upload->size))
        return false;
    out->name = text_trim(cx->arena, upload->file_name);
    out->type = it.type->type;
    uuid_new(out->id);
    return open_upload(cx, upload, &it.fd) && look_into(cx, rules, &it) &&
           store_content(cx, out, rules->replaces, it.fd);
}

/* ---- answering ---- */

bool file_answer(struct cx *cx, const struct file *file, const char *tenant_id, bool shown)
{
    const struct stored content = {.tenant_id = tenant_id,
                                   .id = file->id,
                                   .type = file->type,
                                   .bytes = file->bytes,
                                   .sha256 = file->sha256};
    buf_clear(&cx->response.body);
    respond_file(cx, file->type, file->name);
    if (shown && text_starts(file->type, "image/"))
        response_header_set(cx, "Content-Disposition", "inline");
    response_header_set(cx, "Cache-Control", "private, no-cache");
    return store_answer(cx, file->store, &content);
}

const char *file_size_show(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB"};
    double size = (double)bytes / 1000;
    size_t unit = 0;
    if (bytes < 1000)
        return arena_printf(arena, "%lld bytes", (long long)bytes);
    for (; size >= 999.5 && unit + 1 < COUNT(units); unit++)
        size /= 1000;
    return arena_printf(arena, size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}
