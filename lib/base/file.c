#include "base/file.h"

#include <errno.h>
#include <fcntl.h>

bool file_reserve(int fd, size_t size)
{
    int problem;
    while ((problem = posix_fallocate(fd, 0, (off_t)size)) == EINTR)
        ;
    errno = problem;
    return problem == 0;
}
