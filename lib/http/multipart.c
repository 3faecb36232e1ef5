/* multipart: multipart/form-data (RFC 7578, RFC 2046 5.1), read in one pass.
 *
 * The text of a part is gathered in memory; a file that grows beyond 64 KiB
 * goes on in a temporary file, which the arena removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "http/header.h"
#include "http/request.h"

enum {
    PARTS_MAX = 200,
    HEADERS_MAX = 8192, /* all of one part */
    MEMORY_MAX = 65536, /* of a file; beyond it goes to disk */
    FIELD_MAX = 1 << 20,
    CHUNK = 16384
};

struct parse {
    struct arena *arena;
    body_reader *read;
    void *source;
    size_t left;                    /* of the limit */
    const char *folder, *delimiter; /* "\r\n--boundary" */
    size_t delimiter_len;
    struct buf window; /* what was read; the first `at` bytes are consumed */
    size_t at;
    bool ended;
    struct multipart_result *result;
    struct parameter **field_tail;
    struct upload **upload_tail;
};

/* A part while it is read. */
struct part {
    const char *name, *file_name, *type;
    struct buf data;
    char *path;
    int fd;
    size_t size, headers;
};

static const char *rest(const struct parse *parse)
{
    return parse->window.data + parse->at;
}

static size_t rest_len(const struct parse *parse)
{
    return parse->window.len - parse->at;
}

static bool refuse(struct parse *parse, const char *problem)
{
    parse->result->problem = problem;
    return false;
}

static bool read_more(struct parse *parse)
{
    char chunk[CHUNK];
    if (parse->ended)
        return false;
    long len = parse->read(parse->source, chunk, sizeof chunk);
    if (len <= 0) {
        parse->ended = true;
        return false;
    }
    if ((size_t)len > parse->left)
        return refuse(parse, "body_too_large");
    parse->left -= (size_t)len;
    /* Only here, so that many small pieces do not move all that follows each. */
    memmove(parse->window.data, rest(parse), rest_len(parse));
    parse->window.len = rest_len(parse);
    parse->at = 0;
    buf_add(&parse->window, chunk, (size_t)len);
    return true;
}

static void consume(struct parse *parse, size_t len)
{
    parse->at += len;
}

static bool need(struct parse *parse, size_t len)
{
    while (rest_len(parse) < len)
        if (!read_more(parse))
            return parse->result->problem ? false : refuse(parse, "multipart_incomplete");
    return true;
}

/* ---- a part's data ---- */

static void close_fd(void *arg)
{
    struct part *part = arg;
    if (part->fd >= 0)
        close(part->fd);
    part->fd = -1;
}

static void remove_file(void *path)
{
    unlink(path);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        len -= (size_t)written;
    }
    return true;
}

static bool refuse_disk(struct parse *parse)
{
    log_error("an upload could not be written", "folder", parse->folder, "reason", strerror(errno));
    return refuse(parse, "upload_failed");
}

static bool spill(struct parse *parse, struct part *part)
{
    part->path = arena_printf(parse->arena, "%s/upload-XXXXXX", parse->folder);
    part->fd = mkostemp(part->path, O_CLOEXEC);
    if (part->fd < 0)
        return refuse_disk(parse);
    arena_defer(parse->arena, remove_file, part->path);
    bool written = write_all(part->fd, part->data.data, part->data.len);
    buf_clear(&part->data);
    return written || refuse_disk(parse);
}

static bool part_add(struct parse *parse, struct part *part, const char *data, size_t len)
{
    part->size += len;
    if (!part->file_name && part->size > FIELD_MAX)
        return refuse(parse, "multipart_field_too_large");
    if (part->file_name && part->fd < 0 && part->size > MEMORY_MAX && !spill(parse, part))
        return false;
    if (part->fd >= 0)
        return write_all(part->fd, data, len) || refuse_disk(parse);
    buf_add(&part->data, data, len);
    return true;
}

/* Up to the next delimiter, which is consumed too. */
static bool read_data(struct parse *parse, struct part *part)
{
    for (;;) {
        const char *found =
            memmem(rest(parse), rest_len(parse), parse->delimiter, parse->delimiter_len);
        if (found) {
            size_t len = (size_t)(found - rest(parse));
            if (!part_add(parse, part, rest(parse), len))
                return false;
            consume(parse, len + parse->delimiter_len);
            return true;
        }
        /* All but what may be the beginning of a delimiter is data. */
        if (rest_len(parse) >= parse->delimiter_len) {
            size_t sure = rest_len(parse) - parse->delimiter_len + 1;
            if (!part_add(parse, part, rest(parse), sure))
                return false;
            consume(parse, sure);
        }
        if (!read_more(parse))
            return parse->result->problem ? false : refuse(parse, "multipart_incomplete");
    }
}

/* ---- a part's headers ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *back = strrchr(path, '\\');
    const char *last = slash > back ? slash : back;
    return last ? last + 1 : path;
}

/* What follows "Name:" when the line is that header's. */
static char *header_value(struct arena *arena, const char *line, const char *name)
{
    size_t len = strlen(name);
    bool same = strncasecmp(line, name, len) == 0 && line[len] == ':';
    return same ? text_trim(arena, line + len + 1) : NULL;
}

static bool read_disposition(struct parse *parse, struct part *part, const char *value)
{
    static const char kind[] = "form-data";
    size_t len = strcspn(value, "; \t");
    const char *file;
    if (part->name || len != sizeof kind - 1 || strncasecmp(value, kind, len) != 0 ||
        !header_parameter(parse->arena, value, "name", &part->name) || !part->name ||
        !header_parameter(parse->arena, value, "filename", &file))
        return refuse(parse, "multipart_header");
    part->file_name = file ? base_name(file) : NULL;
    return true;
}

static bool read_header_line(struct parse *parse, struct part *part, const char *line)
{
    char *disposition = header_value(parse->arena, line, "Content-Disposition");
    char *type = header_value(parse->arena, line, "Content-Type");
    if (type)
        part->type = type;
    return !disposition || read_disposition(parse, part, disposition);
}

static bool line_is_clean(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return false;
    return text_is_utf8(line, len);
}

static bool read_headers(struct parse *parse, struct part *part)
{
    for (;;) {
        const char *end;
        while (!(end = memmem(rest(parse), rest_len(parse), "\r\n", 2)))
            if (part->headers + rest_len(parse) > HEADERS_MAX || !read_more(parse))
                return parse->result->problem ? false : refuse(parse, "multipart_header");
        size_t len = (size_t)(end - rest(parse));
        part->headers += len + 2;
        if (part->headers > HEADERS_MAX || !line_is_clean(rest(parse), len))
            return refuse(parse, "multipart_header");
        char *line = arena_copy(parse->arena, rest(parse), len);
        consume(parse, len + 2);
        if (len == 0)
            return part->name != NULL || refuse(parse, "multipart_header");
        if (!read_header_line(parse, part, line))
            return false;
    }
}

/* ---- parts ---- */

static bool keep_part(struct parse *parse, struct part *part)
{
    if (!part->file_name) {
        if (!text_is_utf8(part->data.data, part->data.len))
            return refuse(parse, "multipart_text");
        struct parameter *field = arena_alloc(parse->arena, sizeof *field);
        *field = (struct parameter){part->name, part->data.data, NULL};
        *parse->field_tail = field;
        parse->field_tail = &field->next;
        return true;
    }
    if (part->size == 0 && part->file_name[0] == '\0')
        return true; /* what browsers send when no file was chosen */
    struct upload *upload = arena_alloc(parse->arena, sizeof *upload);
    *upload = (struct upload){.name = part->name,
                              .file_name = part->file_name,
                              .type = part->type ? part->type : "application/octet-stream",
                              .data = part->path ? NULL : part->data.data,
                              .path = part->path,
                              .size = part->size};
    *parse->upload_tail = upload;
    parse->upload_tail = &upload->next;
    return true;
}

static bool read_part(struct parse *parse)
{
    struct part *part = arena_alloc(parse->arena, sizeof *part);
    part->fd = -1;
    arena_defer(parse->arena, close_fd, part);
    buf_init(&part->data, parse->arena);
    if (!read_headers(parse, part) || !read_data(parse, part))
        return false;
    close_fd(part);
    return keep_part(parse, part);
}

/* The first delimiter has no line before it when nothing precedes it. */
static bool skip_preamble(struct parse *parse)
{
    struct part nothing = {.fd = -1};
    size_t first = parse->delimiter_len - 2;
    if (!need(parse, first))
        return false;
    if (memcmp(rest(parse), parse->delimiter + 2, first) == 0) {
        consume(parse, first);
        return true;
    }
    buf_init(&nothing.data, parse->arena);
    return read_data(parse, &nothing);
}

/* Behind a delimiter: "--" closes the body, a line end begins a part. */
static bool read_parts(struct parse *parse)
{
    for (int count = 0; count <= PARTS_MAX; count++) {
        if (!need(parse, 2))
            return false;
        if (memcmp(rest(parse), "--", 2) == 0) {
            do
                parse->at = parse->window.len; /* the epilogue says nothing */
            while (read_more(parse));
            return parse->result->problem == NULL;
        }
        if (memcmp(rest(parse), "\r\n", 2) != 0)
            return refuse(parse, "multipart_boundary");
        consume(parse, 2);
        if (!read_part(parse))
            return false;
    }
    return refuse(parse, "multipart_too_many_parts");
}

bool parse_multipart(struct arena *arena, const char *boundary, body_reader *read, void *source,
                     size_t limit, const char *folder, struct multipart_result *result)
{
    struct parse parse = {.arena = arena,
                          .read = read,
                          .source = source,
                          .left = limit,
                          .folder = folder,
                          .result = result};
    *result = (struct multipart_result){NULL, NULL, NULL};
    parse.delimiter = arena_printf(arena, "\r\n--%s", boundary);
    parse.delimiter_len = strlen(parse.delimiter);
    parse.field_tail = &result->fields;
    parse.upload_tail = &result->uploads;
    buf_init(&parse.window, arena);
    return skip_preamble(&parse) && read_parts(&parse);
}
