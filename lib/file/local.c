/* local: contents on this machine's disk: tenants/<tenant>/files/<id>, for the account of the
 * areas alone (0700, 0600). A content is written beside its place, forced to the disk and then
 * named, so that none is ever there in part. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/storage.h"
#include "base/arena.h"
#include "base/loop/loop.h"
#include "base/text.h"
#include "base/uuid.h"
#include "file/store.h"
#include "http/cx.h"

enum { CHUNK = 1 << 16 };

/* What a helper thread does; it has no arena. */
struct writing {
    const char *folders[3]; /* outermost first */
    const char *path, *beside;
    int from, error;
    int64_t bytes;
};

static const char *files_folder(struct arena *arena, const char *tenant_id)
{
    return arena_printf(arena, "%s/files", storage_folder(arena, tenant_id));
}

static const char *content_path(struct arena *arena, const char *tenant_id, const char *id)
{
    return arena_printf(arena, "%s/%s", files_folder(arena, tenant_id), id);
}

static const char *above(struct arena *arena, const char *path)
{
    return arena_copy(arena, path, (size_t)(strrchr(path, '/') - path));
}

static bool write_whole(int fd, const char *data, size_t len)
{
    for (ssize_t written; len > 0; data += written, len -= (size_t)written)
        if ((written = write(fd, data, len)) < 0)
            return false;
    return true;
}

static bool copy_content(const struct writing *it, int to)
{
    char chunk[CHUNK];
    int64_t at = 0;
    for (ssize_t got; (got = pread(it->from, chunk, sizeof chunk, at)) != 0; at += got)
        if (got < 0 || !write_whole(to, chunk, (size_t)got))
            return false;
    errno = at == it->bytes ? 0 : EIO;
    return at == it->bytes;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool kept = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return kept;
}

static bool make_folders(const struct writing *it)
{
    bool made = false;
    for (size_t i = 0; i < COUNT(it->folders); i++) {
        if (mkdir(it->folders[i], 0700) == 0)
            made = true;
        else if (errno != EEXIST)
            return false;
    }
    return !made || (sync_folder(it->folders[0]) && sync_folder(it->folders[1]));
}

static bool write_content(struct writing *it)
{
    if (!make_folders(it))
        return false;
    int to = open(it->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0)
        return false;
    bool written = copy_content(it, to) && fsync(to) == 0;
    int error = errno;
    close(to);
    if (written && rename(it->beside, it->path) == 0)
        return sync_folder(it->folders[COUNT(it->folders) - 1]);
    error = written ? errno : error;
    unlink(it->beside);
    errno = error;
    return false;
}

static void put_in_thread(void *arg)
{
    struct writing *it = arg;
    it->error = write_content(it) ? 0 : errno ? errno : EIO;
}

bool local_put(struct arena *arena, const struct stored *content, int fd, const char **problem)
{
    struct writing it = {.path = content_path(arena, content->tenant_id, content->id),
                         .from = fd,
                         .bytes = content->bytes};
    it.beside = arena_printf(arena, "%s.new", it.path);
    it.folders[2] = files_folder(arena, content->tenant_id);
    it.folders[1] = above(arena, it.folders[2]);
    it.folders[0] = above(arena, it.folders[1]);
    thread_call(put_in_thread, &it);
    *problem = it.error ? arena_text(arena, strerror(it.error)) : NULL;
    return it.error == 0;
}

/* What a writer that ended amid its work left beside the place goes too. */
bool local_remove(struct arena *arena, const char *tenant_id, const char *id, const char **problem)
{
    const char *path = content_path(arena, tenant_id, id);
    *problem = "the ids are none";
    if (!uuid_is(tenant_id) || !uuid_is(id))
        return false;
    unlink(arena_printf(arena, "%s.new", path));
    bool gone = unlink(path) == 0 || errno == ENOENT;
    *problem = gone ? NULL : arena_text(arena, strerror(errno));
    return gone;
}

bool local_answer(struct cx *cx, const struct stored *content)
{
    response_header_set(
        cx, "X-Accel-Redirect",
        arena_printf(cx->arena, "/.files/%s/files/%s", content->tenant_id, content->id));
    return true;
}
