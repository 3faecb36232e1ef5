#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/config.h"

enum { HEX = 2 * SECRET_BYTES };

static unsigned char root_key[SECRET_BYTES];

static bool read_hex(const char *hex, const char **problem)
{
    size_t len;
    if (strlen(hex) == HEX &&
        sodium_hex2bin(root_key, sizeof root_key, hex, HEX, NULL, &len, NULL) == 0 &&
        len == sizeof root_key)
        return true;
    *problem = "TULOU_SECRET_KEY (or secret.key) must be 64 hexadecimal digits";
    return false;
}

static bool read_file(const char *path, const char **problem)
{
    char hex[HEX + 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, hex, HEX) : -1;
    if (fd >= 0)
        close(fd);
    if (len == HEX)
        return read_hex(hex, problem);
    *problem = "the key file secret.key in TULOU_VAR cannot be read";
    return false;
}

/* Written beside and linked into place, so that of two that start at once one
 * wins and nobody reads half a key. */
static bool make_file(const char *path, const char **problem)
{
    char fresh[4096], hex[HEX + 1];
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    randombytes_buf(root_key, sizeof root_key);
    sodium_bin2hex(hex, sizeof hex, root_key, sizeof root_key);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool made = fd >= 0 && write(fd, hex, HEX) == HEX && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (made && link(fresh, path) != 0 && access(path, F_OK) != 0)
        made = false;
    unlink(fresh);
    sodium_memzero(hex, sizeof hex);
    if (made)
        return true;
    *problem = "the key file secret.key cannot be made in TULOU_VAR";
    return false;
}

static bool load(bool may_make, const char **problem)
{
    char path[3072];
    const char *given = config_text(CONFIG_TULOU_SECRET_KEY);
    if (sodium_init() < 0) {
        *problem = "libsodium cannot start";
        return false;
    }
    if (*given)
        return read_hex(given, problem);
    snprintf(path, sizeof path, "%s/secret.key", config_text(CONFIG_TULOU_VAR));
    if (access(path, F_OK) == 0 || errno != ENOENT)
        return read_file(path, problem);
    if (may_make)
        return make_file(path, problem) && read_file(path, problem);
    *problem = "the secret key is missing: set TULOU_SECRET_KEY, or put the file secret.key that "
               "belongs to this database into TULOU_VAR";
    return false;
}

bool secret_load(const char **problem)
{
    return load(false, problem);
}

bool secret_load_or_make(const char **problem)
{
    return load(true, problem);
}

void secret_fingerprint(char out[static SECRET_FINGERPRINT_SIZE])
{
    unsigned char key[SECRET_BYTES];
    secret_derive("fingerprint", key);
    sodium_bin2hex(out, SECRET_FINGERPRINT_SIZE, key, sizeof key);
}

void secret_set_root(const unsigned char root[static SECRET_BYTES])
{
    memcpy(root_key, root, SECRET_BYTES);
}

void secret_derive(const char *purpose, unsigned char out[static SECRET_BYTES])
{
    crypto_generichash(out, SECRET_BYTES, (const unsigned char *)purpose, strlen(purpose), root_key,
                       sizeof root_key);
}

static const int base64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

char *secret_seal(struct arena *arena, const char *purpose, const char *text)
{
    unsigned char key[SECRET_BYTES];
    size_t len = strlen(text), size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
    unsigned char *box = arena_alloc(arena, size);
    char *out = arena_alloc(arena, sodium_base64_encoded_len(size, base64));
    secret_derive(purpose, key);
    randombytes_buf(box, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)text, len, box,
                          key);
    sodium_memzero(key, sizeof key);
    return sodium_bin2base64(out, sodium_base64_encoded_len(size, base64), box, size, base64);
}

char *secret_open(struct arena *arena, const char *purpose, const char *sealed)
{
    unsigned char key[SECRET_BYTES];
    const size_t head = crypto_secretbox_NONCEBYTES;
    size_t size, room = sealed ? strlen(sealed) : 0;
    unsigned char *box = arena_alloc(arena, room + 1);
    if (sodium_base642bin(box, room, sealed, room, NULL, &size, NULL, base64) != 0 ||
        size < head + crypto_secretbox_MACBYTES)
        return NULL;
    char *text = arena_alloc(arena, size - head - crypto_secretbox_MACBYTES + 1);
    secret_derive(purpose, key);
    bool good =
        crypto_secretbox_open_easy((unsigned char *)text, box + head, size - head, box, key) == 0;
    sodium_memzero(key, sizeof key);
    return good ? text : NULL;
}
