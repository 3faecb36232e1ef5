/* image: makes a picture anew, so that nothing of what somebody sent is kept but what is seen:
 * no Exif, no comments, no second file behind the first.
 *
 *     image EDGE < picture > picture
 *
 * EDGE is the longest side of the result, smaller pictures stay as large as they are; 0: as it
 * is. The result has the kind of what came. It is a program of its own because decoders of
 * pictures are where faults are found: it has 512 MiB and five seconds, may open nothing, and
 * may do hardly more than read and write what it was given.
 *
 * Exit status: 0 done, 2 no picture that can be read, 3 too large, 4 it could not be confined.
 */
#include <gd.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file/picture.h"

enum {
    DONE = 0,
    UNREADABLE = 2,
    TOO_LARGE = 3,
    UNCONFINED = 4,
    SIZE_MAX_IN = 64 << 20,
    MEMORY_MAX = 512 << 20,
    CPU_SECONDS = 5,
    WALL_SECONDS = 20,
    JPEG_QUALITY = 88,
    WEBP_QUALITY = 88
};

static bool limit(__rlimit_resource_t resource, rlim_t most)
{
    const struct rlimit both = {most, most};
    return setrlimit(resource, &both) == 0;
}

#if defined(__SANITIZE_ADDRESS__)
/* The look for leaks at the end needs calls that are not allowed here. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

/* What the sanitizers' allocator reserves is no memory, but counts. */
static bool limit_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return limit(RLIMIT_AS, MEMORY_MAX);
#endif
}

static bool allow_calls(void)
{
    static const int calls[] = {
        SCMP_SYS(read),         SCMP_SYS(write),        SCMP_SYS(close),
        SCMP_SYS(fstat),        SCMP_SYS(newfstatat),   SCMP_SYS(lseek),
        SCMP_SYS(brk),          SCMP_SYS(mmap),         SCMP_SYS(munmap),
        SCMP_SYS(mremap),       SCMP_SYS(mprotect),     SCMP_SYS(madvise),
        SCMP_SYS(futex),        SCMP_SYS(exit),         SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(sigaltstack),  SCMP_SYS(getrandom),    SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday), SCMP_SYS(sched_yield),  SCMP_SYS(getpid),
        SCMP_SYS(gettid),       SCMP_SYS(tgkill)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool good = filter != NULL;
    for (size_t i = 0; good && i < sizeof calls / sizeof calls[0]; i++)
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    good = good && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return good;
}

static bool confine(void)
{
    alarm(WALL_SECONDS);
    return limit(RLIMIT_CPU, CPU_SECONDS) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) &&
           limit(RLIMIT_FSIZE, SIZE_MAX_IN) && limit_memory() && allow_calls();
}

static unsigned char *read_all(size_t *len)
{
    unsigned char *data = NULL;
    size_t room = 0;
    *len = 0;
    for (;;) {
        if (*len == room) {
            room = room ? room * 2 : 1 << 20;
            unsigned char *more = room <= SIZE_MAX_IN ? realloc(data, room) : NULL;
            if (!more)
                break;
            data = more;
        }
        ssize_t got = read(STDIN_FILENO, data + *len, room - *len);
        if (got == 0)
            return data;
        if (got < 0)
            break;
        *len += (size_t)got;
    }
    free(data);
    return NULL;
}

static gdImagePtr decode(enum picture_kind kind, unsigned char *data, int len)
{
    switch (kind) {
    case PICTURE_PNG:
        return gdImageCreateFromPngPtr(len, data);
    case PICTURE_JPEG:
        return gdImageCreateFromJpegPtr(len, data);
    case PICTURE_WEBP:
        return gdImageCreateFromWebpPtr(len, data);
    default:
        return NULL;
    }
}

static void *encode(enum picture_kind kind, gdImagePtr image, int *len)
{
    switch (kind) {
    case PICTURE_PNG:
        return gdImagePngPtr(image, len);
    case PICTURE_JPEG:
        return gdImageJpegPtr(image, len, JPEG_QUALITY);
    default:
        return gdImageWebpPtrEx(image, len, WEBP_QUALITY);
    }
}

/* Takes the place of `image`, if it could be made. */
static gdImagePtr replaced(gdImagePtr image, gdImagePtr by)
{
    gdImageDestroy(image);
    return by;
}

static gdImagePtr shrink(gdImagePtr image, int edge)
{
    int width = gdImageSX(image), height = gdImageSY(image),
        longest = width > height ? width : height;
    if (edge <= 0 || longest <= edge)
        return image;
    int to_width = (int)((long)width * edge / longest),
        to_height = (int)((long)height * edge / longest);
    to_width = to_width ? to_width : 1;
    to_height = to_height ? to_height : 1;
    gdImagePtr small = gdImageCreateTrueColor(to_width, to_height);
    if (small) {
        gdImageAlphaBlending(small, 0);
        gdImageCopyResampled(small, image, 0, 0, 0, 0, to_width, to_height, width, height);
    }
    return replaced(image, small);
}

/* As the camera was held (Exif 2.32, tag 274): turned first, then mirrored. */
static gdImagePtr turn(gdImagePtr image, int orientation)
{
    static const float degrees[] = {0, 0, 0, 180, 180, 270, 270, 90, 90};
    gdImagePtr turned = image;
    if (degrees[orientation] > 0)
        turned = replaced(image, gdImageRotateInterpolated(image, degrees[orientation], 0));
    bool mirrored = orientation == 2 || orientation == 4 || orientation == 5 || orientation == 7;
    if (turned && mirrored)
        gdImageFlipHorizontal(turned);
    return turned;
}

static bool write_all(const unsigned char *data, size_t len)
{
    for (ssize_t written; len > 0; data += written, len -= (size_t)written)
        if ((written = write(STDOUT_FILENO, data, len)) <= 0)
            return false;
    return true;
}

static int make_anew(int edge)
{
    size_t size;
    struct picture picture;
    unsigned char *data = read_all(&size);
    if (!data || !picture_read(data, size, &picture))
        return UNREADABLE;
    if ((long long)picture.width * picture.height > PICTURE_PIXELS_MAX)
        return TOO_LARGE;
    gdImagePtr image = decode(picture.kind, data, (int)size);
    free(data);
    if (!image)
        return UNREADABLE;
    image = shrink(image, edge);
    image = image ? turn(image, picture.orientation) : NULL;
    if (!image)
        return TOO_LARGE;
    int len = 0;
    gdImageSaveAlpha(image, picture.kind != PICTURE_JPEG);
    if (picture.kind == PICTURE_WEBP && !gdImageTrueColor(image))
        gdImagePaletteToTrueColor(image);
    void *out = encode(picture.kind, image, &len);
    return out && len > 0 && write_all(out, (size_t)len) ? DONE : UNREADABLE;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return UNREADABLE;
    int edge = atoi(argv[1]);
    return confine() ? make_anew(edge) : UNCONFINED;
}
