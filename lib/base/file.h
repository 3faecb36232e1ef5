/* file: what files that are mapped into memory need. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Gives the file behind `fd` its space on the disk, whole, `size` bytes from its start;
 * what it holds stays. A file that was only made longer is a hole, and whoever touches
 * one that is mapped dies of SIGBUS once the disk is full (posix_fallocate(3), mmap(2)).
 * false: errno says why, ENOSPC above all. */
bool file_reserve(int fd, size_t size);

#endif
