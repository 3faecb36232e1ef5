#include "access/common.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* An entry is the beginning of a digest: of 50,000 such 64 bits one password in
 * 370 million million is taken for another. */
enum { ENTRY = 8, LONGEST = 64, ADDED_MOST = 4 };

static struct {
    unsigned char *entries;
    size_t size;
} list;

static bool complain(const char *path, int number)
{
    log_error("the list of common passwords cannot be read", "path", path, "reason",
              number ? strerror(number) : "malformed");
    return false;
}

bool common_load(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return complain(path, errno);
    size_t size = fstat(fd, &info) == 0 && info.st_size > 0 ? (size_t)info.st_size : 0;
    void *map =
        size > 0 && size % ENTRY == 0 ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    close(fd);
    if (map == MAP_FAILED)
        return complain(path, 0);
    if (list.entries)
        munmap(list.entries, list.size);
    list.entries = map;
    list.size = size;
    return true;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, ENTRY);
}

static bool is_listed(const char *word, size_t len)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)word, len);
    return list.entries && bsearch(digest, list.entries, list.size / ENTRY, ENTRY, compare);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

bool common_password(const char *password)
{
    char lower[LONGEST];
    size_t len = strlen(password), from = 0, to = len;
    if (len == 0 || len > sizeof lower) /* longer than any in the list */
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = password[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
    }
    bool common = is_listed(lower, len);
    while (from < to && !is_letter(lower[from]))
        from++;
    while (to > from && !is_letter(lower[to - 1]))
        to--;
    if (!common && to - from < len && len - (to - from) <= ADDED_MOST)
        common = is_listed(lower + from, to - from);
    sodium_memzero(lower, sizeof lower);
    return common;
}
