/* xlsx_book: the parts of a workbook's archive, and all of them but the sheet: what it says of
 * itself, which numbers are days, and the texts that cells share. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/xlsx_parts.h"

/* ---- names ---- */

const char *xlsx_local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (strcasecmp(xlsx_local(*attributes), name) == 0)
            return attributes[1];
    return NULL;
}

bool xlsx_fail(struct xlsx_reader *reader, const char *problem)
{
    if (!reader->problem)
        reader->problem = problem;
    return false;
}

void xlsx_stop(struct xlsx_reader *reader, const char *problem)
{
    xlsx_fail(reader, problem);
    XML_StopParser(reader->parser, XML_FALSE);
}

/* ---- a part of the archive ---- */

static void xlsx_refuse_types(void *arg, const char *name, const char *system_id,
                              const char *public_id, int has_internal)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal;
    xlsx_stop(arg, "xlsx_broken");
}

static void xlsx_take_text(void *arg, const char *text, int len)
{
    struct xlsx_reader *reader = arg;
    if (!reader->takes_text)
        return;
    if (reader->text.len + (size_t)len > TEXT_MOST)
        xlsx_stop(reader, "xlsx_broken");
    else
        buf_add(&reader->text, text, (size_t)len);
}

void xlsx_close_part(struct xlsx_reader *reader)
{
    if (reader->file)
        zip_fclose(reader->file);
    if (reader->parser)
        XML_ParserFree(reader->parser);
    reader->file = NULL;
    reader->parser = NULL;
}

bool xlsx_open_part(struct xlsx_reader *reader, const char *name, XML_StartElementHandler start,
                    XML_EndElementHandler end)
{
    reader->file = zip_fopen(reader->zip, name, 0);
    reader->parser = reader->file ? XML_ParserCreate(NULL) : NULL;
    if (!reader->parser)
        return xlsx_fail(reader, "xlsx_broken");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, start, end);
    XML_SetCharacterDataHandler(reader->parser, xlsx_take_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, xlsx_refuse_types);
    reader->takes_text = reader->in_phonetic = reader->suspended = false;
    reader->fed = 0;
    buf_clear(&reader->text);
    return true;
}

bool xlsx_parse(struct xlsx_reader *reader, bool *more)
{
    enum XML_Status status;
    zip_int64_t len = 1;
    if (reader->suspended) {
        reader->suspended = false;
        status = XML_ResumeParser(reader->parser);
    } else {
        len = zip_fread(reader->file, reader->chunk, CHUNK);
        if (len < 0)
            return xlsx_fail(reader, "xlsx_broken");
        if ((uint64_t)len > reader->left)
            return xlsx_fail(reader, "xlsx_too_large");
        reader->left -= (uint64_t)len;
        reader->fed += len;
        status = XML_Parse(reader->parser, reader->chunk, (int)len, len == 0);
    }
    *more = len > 0;
    if (status == XML_STATUS_SUSPENDED)
        reader->suspended = true;
    if (reader->fed - XML_GetCurrentByteIndex(reader->parser) > TOKEN_MOST)
        return xlsx_fail(reader, "xlsx_too_large");
    return status != XML_STATUS_ERROR || xlsx_fail(reader, "xlsx_broken");
}

static bool xlsx_read_part(struct xlsx_reader *reader, const char *name,
                           XML_StartElementHandler start, XML_EndElementHandler end)
{
    bool more = true, good = xlsx_open_part(reader, name, start, end);
    while (good && more)
        good = xlsx_parse(reader, &more);
    xlsx_close_part(reader);
    return good;
}

/* ---- the workbook ---- */

static void xlsx_end_nothing(void *arg, const char *name)
{
    (void)arg, (void)name;
}

/* The first sheet that is shown. */
static void xlsx_start_workbook(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name);
    if (strcmp(local, "workbookPr") == 0) {
        const char *since = xlsx_attribute(attributes, "date1904");
        reader->since_1904 = since && (strcmp(since, "1") == 0 || strcmp(since, "true") == 0);
    }
    const char *id = strcmp(local, "sheet") == 0 ? xlsx_attribute(attributes, "id") : NULL;
    const char *state = xlsx_attribute(attributes, "state");
    if (id && !*reader->sheet_id && (!state || strcmp(state, "visible") == 0))
        snprintf(reader->sheet_id, sizeof reader->sheet_id, "%s", id);
}

/* "worksheets/sheet1.xml" beside the workbook, or "/xl/…" from the archive's root. */
static char *xlsx_target(struct arena *arena, const char *target)
{
    return target[0] == '/' ? arena_text(arena, target + 1) : arena_printf(arena, "xl/%s", target);
}

static void xlsx_start_relation(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *id = xlsx_attribute(attributes, "id"), *type = xlsx_attribute(attributes, "type"),
               *target = xlsx_attribute(attributes, "target");
    if (strcmp(xlsx_local(name), "Relationship") != 0 || !id || !type || !target)
        return;
    char **place = strcmp(id, reader->sheet_id) == 0   ? &reader->sheet
                   : text_ends(type, "/sharedStrings") ? &reader->strings_name
                   : text_ends(type, "/styles")        ? &reader->styles_name
                                                       : NULL;
    if (place && !*place)
        *place = xlsx_target(reader->arena, target);
}

/* ---- styles: which numbers are days ---- */

static void xlsx_start_style(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    const char *local = xlsx_local(name), *id = xlsx_attribute(attributes, "numFmtId");
    if (strcmp(local, "cellXfs") == 0)
        reader->in_formats = true;
    else if (strcmp(local, "numFmt") == 0 && id && reader->styles.named < STYLES_MOST)
        xlsx_styles_name(&reader->styles, reader->arena, id,
                         xlsx_attribute(attributes, "formatCode"));
    else if (strcmp(local, "xf") == 0 && reader->in_formats && reader->styles.count < STYLES_MOST)
        xlsx_styles_add(&reader->styles, reader->arena, id);
}

static void xlsx_end_style(void *arg, const char *name)
{
    struct xlsx_reader *reader = arg;
    if (strcmp(xlsx_local(name), "cellXfs") == 0)
        reader->in_formats = false;
}

/* ---- texts that cells share ---- */

static bool xlsx_write_strings(struct xlsx_reader *reader)
{
    for (size_t at = 0; at < reader->pending.len;) {
        ssize_t len = write(reader->fd, reader->pending.data + at, reader->pending.len - at);
        if (len <= 0)
            return false;
        at += (size_t)len;
    }
    buf_clear(&reader->pending);
    return true;
}

void xlsx_begin_text(struct xlsx_reader *reader, const char *local)
{
    if (strcmp(local, "rPh") == 0)
        reader->in_phonetic = true;
    else if (strcmp(local, "t") == 0)
        reader->takes_text = !reader->in_phonetic;
}

void xlsx_end_text(struct xlsx_reader *reader, const char *local)
{
    if (strcmp(local, "rPh") == 0)
        reader->in_phonetic = false;
    else if (strcmp(local, "t") == 0)
        reader->takes_text = false;
}

static void xlsx_start_string(void *arg, const char *name, const char **attributes)
{
    struct xlsx_reader *reader = arg;
    (void)attributes;
    if (strcmp(xlsx_local(name), "si") == 0)
        buf_clear(&reader->text);
    else
        xlsx_begin_text(reader, xlsx_local(name));
}

static bool xlsx_add_string(struct xlsx_reader *reader)
{
    if (reader->strings_count == STRINGS_MOST || reader->strings_len > UINT32_MAX - TEXT_MOST - 1)
        return false;
    if (reader->strings_count == reader->strings_room) {
        size_t room = reader->strings_room ? 2 * reader->strings_room : 1024;
        uint32_t *grown = realloc(reader->offsets, room * sizeof *grown);
        if (!grown)
            return false;
        reader->offsets = grown;
        reader->strings_room = room;
    }
    xlsx_cell_unescape(&reader->text);
    reader->offsets[reader->strings_count++] = (uint32_t)reader->strings_len;
    buf_add(&reader->pending, reader->text.data, reader->text.len + 1); /* with its NUL */
    reader->strings_len += reader->text.len + 1;
    return reader->pending.len < CHUNK || xlsx_write_strings(reader);
}

static void xlsx_end_string(void *arg, const char *name)
{
    struct xlsx_reader *reader = arg;
    if (strcmp(xlsx_local(name), "si") != 0)
        xlsx_end_text(reader, xlsx_local(name));
    else if (!xlsx_add_string(reader))
        xlsx_stop(reader, "xlsx_too_large");
}

static bool xlsx_read_strings(struct xlsx_reader *reader, const char *folder)
{
    if (!reader->strings_name)
        return true;
    reader->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (reader->fd < 0)
        return xlsx_fail(reader, "xlsx_broken");
    if (!xlsx_read_part(reader, reader->strings_name, xlsx_start_string, xlsx_end_string))
        return false;
    if (!xlsx_write_strings(reader))
        return xlsx_fail(reader, "xlsx_too_large");
    if (reader->strings_len == 0)
        return true;
    reader->strings = mmap(NULL, reader->strings_len, PROT_READ, MAP_PRIVATE, reader->fd, 0);
    if (reader->strings != MAP_FAILED)
        return true;
    reader->strings = NULL;
    return xlsx_fail(reader, "xlsx_broken");
}

/* ---- all of it ---- */

static zip_t *xlsx_open_archive(const char *data, size_t len)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(data, len, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (source && !zip)
        zip_source_free(source);
    zip_error_fini(&error);
    return zip;
}

bool xlsx_read_book(struct xlsx_reader *reader, const char *data, size_t len, const char *folder)
{
    reader->zip = xlsx_open_archive(data, len);
    if (!reader->zip || zip_get_num_entries(reader->zip, 0) > ENTRIES_MOST)
        return xlsx_fail(reader, "xlsx_broken");
    return xlsx_read_part(reader, "xl/workbook.xml", xlsx_start_workbook, xlsx_end_nothing) &&
           xlsx_read_part(reader, "xl/_rels/workbook.xml.rels", xlsx_start_relation,
                          xlsx_end_nothing) &&
           (!reader->styles_name ||
            xlsx_read_part(reader, reader->styles_name, xlsx_start_style, xlsx_end_style)) &&
           xlsx_read_strings(reader, folder) && (reader->sheet || xlsx_fail(reader, "xlsx_broken"));
}
