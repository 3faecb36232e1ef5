/* multipart: multipart/form-data (RFC 7578, RFC 2046 5.1), read in one pass.
 *
 * The text of a part is gathered in memory; a file that grows beyond 64 KiB
 * goes on in a temporary file, which the arena removes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "http/request.h"

enum { PARTS_MAX = 200, HEADERS_MAX = 8192, MEMORY_MAX = 65536, CHUNK = 16384 };

struct parse {
    struct arena *arena;
    body_reader *read;
    void *source;
    size_t left;                    /* of the limit */
    const char *folder, *delimiter; /* "\r\n--boundary" */
    size_t delimiter_len;
    struct buf window; /* what was read and not yet consumed */
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
    size_t size;
};

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
    buf_add(&parse->window, chunk, (size_t)len);
    return true;
}

static void consume(struct parse *parse, size_t len)
{
    memmove(parse->window.data, parse->window.data + len, parse->window.len - len);
    parse->window.len -= len;
}

static bool need(struct parse *parse, size_t len)
{
    while (parse->window.len < len)
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
        if (written <= 0)
            return false;
        data += written;
        len -= (size_t)written;
    }
    return true;
}

static bool spill(struct parse *parse, struct part *part)
{
    part->path = arena_printf(parse->arena, "%s/upload-XXXXXX", parse->folder);
    part->fd = mkstemp(part->path);
    if (part->fd < 0)
        return refuse(parse, "upload_failed");
    arena_defer(parse->arena, remove_file, part->path);
    bool written = write_all(part->fd, part->data.data, part->data.len);
    buf_clear(&part->data);
    return written || refuse(parse, "upload_failed");
}

static bool part_add(struct parse *parse, struct part *part, const char *data, size_t len)
{
    part->size += len;
    if (part->file_name && part->fd < 0 && part->size > MEMORY_MAX && !spill(parse, part))
        return false;
    if (part->fd >= 0)
        return write_all(part->fd, data, len) || refuse(parse, "upload_failed");
    buf_add(&part->data, data, len);
    return true;
}

/* Up to the next delimiter, which is consumed too. */
static bool read_data(struct parse *parse, struct part *part)
{
    for (;;) {
        char *found = parse->window.len ? memmem(parse->window.data, parse->window.len,
                                                 parse->delimiter, parse->delimiter_len)
                                        : NULL;
        if (found) {
            size_t len = (size_t)(found - parse->window.data);
            if (!part_add(parse, part, parse->window.data, len))
                return false;
            consume(parse, len + parse->delimiter_len);
            return true;
        }
        /* All but what may be the beginning of a delimiter is data. */
        if (parse->window.len >= parse->delimiter_len) {
            size_t sure = parse->window.len - parse->delimiter_len + 1;
            if (!part_add(parse, part, parse->window.data, sure))
                return false;
            consume(parse, sure);
        }
        if (!read_more(parse))
            return parse->result->problem ? false : refuse(parse, "multipart_incomplete");
    }
}

/* ---- a part's headers ---- */

/* The value of name="…" in a header; quotes are escaped as %22 by browsers. */
static char *header_parameter(struct arena *arena, const char *header, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strchr(header, ';'); at; at = strchr(at + 1, ';')) {
        const char *start = at + 1 + strspn(at + 1, " \t");
        if (strncasecmp(start, name, len) != 0 || start[len] != '=' || start[len + 1] != '"')
            continue;
        start += len + 2;
        const char *end = strchr(start, '"');
        return end ? arena_copy(arena, start, (size_t)(end - start)) : NULL;
    }
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *back = strrchr(path, '\\');
    const char *last = slash > back ? slash : back;
    return last ? last + 1 : path;
}

static bool read_header_line(struct parse *parse, struct part *part, const char *line)
{
    static const char disposition[] = "content-disposition:", type[] = "content-type:";
    if (strncasecmp(line, type, sizeof type - 1) == 0)
        part->type = text_trim(parse->arena, line + sizeof type - 1);
    if (strncasecmp(line, disposition, sizeof disposition - 1) != 0)
        return true;
    part->name = header_parameter(parse->arena, line, "name");
    const char *file = header_parameter(parse->arena, line, "filename");
    part->file_name = file ? base_name(file) : NULL;
    return part->name != NULL || refuse(parse, "multipart_header");
}

static bool read_headers(struct parse *parse, struct part *part)
{
    for (;;) {
        char *end;
        while (!(end = memmem(parse->window.data, parse->window.len, "\r\n", 2)))
            if (parse->window.len > HEADERS_MAX || !read_more(parse))
                return parse->result->problem ? false : refuse(parse, "multipart_header");
        size_t len = (size_t)(end - parse->window.data);
        if (len > HEADERS_MAX || !text_is_utf8(parse->window.data, len))
            return refuse(parse, "multipart_header");
        char *line = arena_copy(parse->arena, parse->window.data, len);
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
    if (memcmp(parse->window.data, parse->delimiter + 2, first) == 0) {
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
        if (memcmp(parse->window.data, "--", 2) == 0) {
            while (read_more(parse))
                buf_clear(&parse->window); /* the epilogue says nothing */
            return parse->result->problem == NULL;
        }
        if (memcmp(parse->window.data, "\r\n", 2) != 0)
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
