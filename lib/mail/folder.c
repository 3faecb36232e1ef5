#include "mail/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "base/uuid.h"
#include "mail/seal.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

static const char *path_of(struct arena *arena, const char *id, const char *ending)
{
    return arena_printf(arena, "%s/mail/%s%s", config_text(CONFIG_TULOU_VAR), id, ending);
}

/* ---- writing ---- */

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        len -= (size_t)done;
    }
    return true;
}

/* Whole or not at all: who lists the folder never sees half of one. */
static bool write_file(struct arena *arena, const char *path, const struct buf *data)
{
    const char *part = arena_printf(arena, "%s.part", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool good = write_all(fd, data->data, data->len);
    int error = errno;
    good = close(fd) == 0 && good;
    if (good)
        return rename(part, path) == 0;
    unlink(part);
    errno = error;
    return false;
}

static void put_json(struct buf *out, const struct letter *letter)
{
    struct json json;
    char date[32];
    clock_format(letter->date_us, date);
    json_start(&json, out);
    json_open_object(&json);
    json_pair(&json, "id", letter->id);
    json_pair(&json, "date", date);
    letter_put_texts(&json, letter);
    json_close_object(&json);
}

/* Ids are UUIDs of version 7: their order is that of time. */
static void forget_oldest(struct arena *arena)
{
    size_t count;
    char **ids = folder_list(arena, &count);
    for (size_t i = FOLDER_MOST; i < count; i++) {
        unlink(path_of(arena, ids[i], ".json"));
        unlink(path_of(arena, ids[i], ".eml"));
    }
}

const char *folder_add(struct arena *arena, const struct letter *letter)
{
    struct buf message, json;
    buf_init(&message, arena);
    buf_init(&json, arena);
    letter_write(&message, letter);
    put_json(&json, letter);
    const char *folder = arena_printf(arena, "%s/mail", config_text(CONFIG_TULOU_VAR));
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return arena_text(arena, strerror(errno));
    if (!write_file(arena, path_of(arena, letter->id, ".eml"), &message) ||
        !write_file(arena, path_of(arena, letter->id, ".json"), &json))
        return arena_text(arena, strerror(errno));
    forget_oldest(arena);
    return NULL;
}

/* ---- reading ---- */

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

static size_t count_and_take(struct arena *arena, DIR *dir, char **ids, size_t room)
{
    size_t count = 0;
    rewinddir(dir);
    for (struct dirent *it; (it = readdir(dir));) {
        size_t len = strlen(it->d_name);
        if (len != UUID_SIZE - 1 + 5 || strcmp(it->d_name + len - 5, ".json") != 0)
            continue;
        if (count < room)
            ids[count] = arena_copy(arena, it->d_name, len - 5);
        count++;
    }
    return count < room || !ids ? count : room;
}

char **folder_list(struct arena *arena, size_t *count)
{
    *count = 0;
    DIR *dir = opendir(arena_printf(arena, "%s/mail", config_text(CONFIG_TULOU_VAR)));
    if (!dir)
        return NULL;
    size_t room = count_and_take(arena, dir, NULL, 0);
    char **ids = arena_alloc(arena, (room + 1) * sizeof *ids);
    *count = count_and_take(arena, dir, ids, room);
    closedir(dir);
    qsort(ids, *count, sizeof *ids, newest_first);
    return ids;
}

static char *read_file(struct arena *arena, const char *path, size_t *len)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    char *data = NULL;
    *len = 0;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= FILE_MAX) {
        data = arena_alloc(arena, (size_t)about.st_size + 1);
        for (ssize_t got; *len < (size_t)about.st_size &&
                          (got = read(fd, data + *len, (size_t)about.st_size - *len)) > 0;)
            *len += (size_t)got;
    }
    close(fd);
    return data;
}

char *folder_get_message(struct arena *arena, const char *id, size_t *len)
{
    return uuid_is(id) ? read_file(arena, path_of(arena, id, ".eml"), len) : NULL;
}

json_object *folder_get(struct arena *arena, const char *id)
{
    size_t len;
    bool is_null;
    struct json_problem problem;
    char *text = uuid_is(id) ? read_file(arena, path_of(arena, id, ".json"), &len) : NULL;
    json_object *object = text ? json_read(arena, text, len, NULL, &is_null, &problem) : NULL;
    return json_object_is_type(object, json_type_object) ? object : NULL;
}
