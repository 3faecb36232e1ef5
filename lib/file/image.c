#include "file/image.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop/loop.h"
#include "http/cx.h"

enum {
    AT_ONCE = 2, /* of a process: each may take half a gigabyte */
    TRY_AGAIN_US = 20000,
    TOO_LARGE = 3,
    UNREADABLE = 2
};

static int running;

static void close_fd(void *fd)
{
    close(*(int *)fd);
}

/* Beside this program's own folder: build/cgi-bin and build/helpers. */
static const char *helper_path(struct arena *arena)
{
    char own[4096];
    ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
    if (len <= 0)
        return NULL;
    own[len] = '\0';
    *strrchr(own, '/') = '\0';
    return arena_printf(arena, "%s/../helpers/image", own);
}

/* With the two descriptors and nothing else of ours: no other, no environment. */
static bool spawn_helper(struct cx *cx, int from, int to, int edge, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    const char *path = helper_path(cx->arena);
    char *argv[] = {"image", arena_printf(cx->arena, "%d", edge), NULL}, *nothing[] = {NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    int error = path ? posix_spawn(pid, path, &actions, NULL, argv, nothing) : ENOENT;
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        log_error("the program for images cannot be started", "path", path, "reason",
                  strerror(error));
    return error == 0;
}

/* It ends by itself, since its time is limited; with the request it ends at once. */
static int wait_for(pid_t pid)
{
    int status = -1, fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 || !wait_readable(fd))
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        close(fd);
    return status;
}

static bool explain(struct cx *cx, int status)
{
    bool ended = WIFEXITED(status);
    if (ended && WEXITSTATUS(status) == 0)
        return true;
    if (coroutine_cancelled())
        return fail(cx, 503, "deadline_exceeded", "This took too long and was stopped.");
    if (ended && WEXITSTATUS(status) == TOO_LARGE)
        return fail_field(cx, "file", "image_too_large", "An image has 40 megapixels at most.");
    if (ended && WEXITSTATUS(status) != UNREADABLE)
        return fail(cx, 500, "internal", "The image could not be looked into.");
    return fail_field(cx, "file", "invalid_image", "This image is damaged and cannot be read.");
}

static bool run_helper(struct cx *cx, int from, int to, int edge)
{
    pid_t pid;
    while (running >= AT_ONCE)
        if (!wait_us(TRY_AGAIN_US))
            return fail(cx, 503, "deadline_exceeded", "This took too long and was stopped.");
    running++;
    bool started = lseek(from, 0, SEEK_SET) == 0 && spawn_helper(cx, from, to, edge, &pid);
    int status = started ? wait_for(pid) : -1;
    running--;
    return started ? explain(cx, status)
                   : fail(cx, 500, "internal", "The image could not be looked into.");
}

bool image_make_anew(struct cx *cx, int from, int edge, int *out)
{
    int *fd = arena_alloc(cx->arena, sizeof *fd);
    *fd = memfd_create("image", MFD_CLOEXEC);
    if (*fd < 0)
        return fail(cx, 500, "internal", "There is no memory for the image.");
    arena_defer(cx->arena, close_fd, fd);
    *out = *fd;
    return run_helper(cx, from, *fd, edge);
}
