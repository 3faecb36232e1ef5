#include "file/type.h"

#include <ctype.h>
#include <magic.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* An office file of today is a ZIP, one of yesterday a compound document, and libmagic does not
 * always see more than that. */
#define ZIP "application/zip application/octet-stream "
#define COMPOUND "application/cdfv2 application/x-ole-storage "
#define OFFICE "application/vnd.openxmlformats-officedocument."
#define OPEN_OFFICE "application/vnd.oasis.opendocument."

static const struct file_type types[] = {
    {" pdf ", "application/pdf", " application/pdf "},
    {" png ", "image/png", " image/png "},
    {" jpg jpeg jpe ", "image/jpeg", " image/jpeg "},
    {" webp ", "image/webp", " image/webp "},
    {" txt text log md ", "text/plain", "text/"},
    {" csv tsv ", "text/csv", "text/"},
    {" ics ", "text/calendar", "text/"},
    {" vcf ", "text/vcard", "text/"},
    {" json ", "application/json", " application/json text/plain "},
    {" rtf ", "application/rtf", " text/rtf application/rtf "},
    {" eml ", "message/rfc822", " message/rfc822 text/plain "},
    {" docx ", OFFICE "wordprocessingml.document", " " OFFICE "wordprocessingml.document " ZIP},
    {" xlsx ", OFFICE "spreadsheetml.sheet", " " OFFICE "spreadsheetml.sheet " ZIP},
    {" pptx ", OFFICE "presentationml.presentation", " " OFFICE "presentationml.presentation " ZIP},
    {" odt ", OPEN_OFFICE "text", " " OPEN_OFFICE "text "},
    {" ods ", OPEN_OFFICE "spreadsheet", " " OPEN_OFFICE "spreadsheet "},
    {" odp ", OPEN_OFFICE "presentation", " " OPEN_OFFICE "presentation "},
    {" doc ", "application/msword", " application/msword " COMPOUND},
    {" xls ", "application/vnd.ms-excel", " application/vnd.ms-excel " COMPOUND},
    {" ppt ", "application/vnd.ms-powerpoint", " application/vnd.ms-powerpoint " COMPOUND},
    {" zip ", "application/zip", " application/zip "},
    {" mp3 ", "audio/mpeg", " audio/mpeg "},
    {" m4a ", "audio/mp4", " audio/x-m4a video/mp4 audio/mp4 "},
    {" wav ", "audio/wav", " audio/x-wav audio/wav "},
    {" mp4 m4v ", "video/mp4", " video/mp4 video/x-m4v "},
};

/* Whether a list like " a b " holds the word, in whatever case. */
static bool is_listed(const char *list, const char *word)
{
    char spaced[128];
    int len = snprintf(spaced, sizeof spaced, " %s ", word);
    if (len < 3 || (size_t)len >= sizeof spaced)
        return false;
    for (char *c = spaced; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return strstr(list, spaced) != NULL;
}

const struct file_type *file_type_of_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name || strchr(dot, ' '))
        return NULL;
    for (size_t i = 0; i < COUNT(types); i++)
        if (is_listed(types[i].extensions, dot + 1))
            return &types[i];
    return NULL;
}

bool file_type_is_picture(const struct file_type *type)
{
    return text_starts(type->type, "image/");
}

/* For the life of its thread. Nothing is unpacked or run: what is inside does not matter. */
static magic_t magic_of_thread(void)
{
    static _Thread_local magic_t magic;
    if (magic)
        return magic;
    magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR |
                       MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_APPTYPE);
    if (magic && magic_load(magic, NULL) == 0)
        return magic;
    log_error("the types of files cannot be told", "reason", magic ? magic_error(magic) : "memory");
    if (magic)
        magic_close(magic);
    magic = NULL;
    return NULL;
}

/* Any text but what browsers would run. */
static bool is_harmless_text(const char *found)
{
    return text_starts(found, "text/") && !text_equal(found, "text/html") &&
           !text_equal(found, "text/xml");
}

bool file_type_fits(const struct file_type *type, const void *data, size_t len)
{
    magic_t magic = magic_of_thread();
    const char *found = magic ? magic_buffer(magic, data, len) : NULL;
    if (!found)
        return false;
    if (text_equal(type->found, "text/"))
        return is_harmless_text(found) || text_equal(found, "application/json") ||
               text_equal(found, "application/csv");
    return is_listed(type->found, found);
}
