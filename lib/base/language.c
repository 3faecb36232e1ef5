#include "base/language.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

static const char *const english_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const german_months[] = {"Jan.", "Feb.", "März",  "Apr.", "Mai",  "Juni",
                                            "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."};
static const char *const spanish_months[] = {"ene", "feb", "mar",  "abr", "may", "jun",
                                             "jul", "ago", "sept", "oct", "nov", "dic"};

const struct language languages[] = {
    {"en", "English", '.', ',', false, "", english_months, " %"},
    {"de", "Deutsch", ',', '.', true, ".", german_months, " %"},
    {"es", "Español", ',', '.', false, "", spanish_months, " %"},
};
const size_t languages_count = COUNT(languages);

/* A file of GNU gettext ("The Format of GNU MO Files"): a head, and two tables of length and
 * offset, of the originals in their order and of the translations. */
struct head {
    uint32_t magic, revision, count, originals, translations;
};
struct entry {
    uint32_t len, offset;
};
static const uint32_t magic = 0x950412de;

static struct catalogue {
    const char *data;
    size_t size;
    uint32_t count;
    const struct entry *originals, *translations;
} catalogues[COUNT(languages)];

static bool table_fits(const struct catalogue *it, uint32_t offset)
{
    return offset % sizeof(uint32_t) == 0 && offset <= it->size &&
           it->count <= (it->size - offset) / sizeof(struct entry);
}

/* Each text lies in the file and is closed by NUL, so that looking up needs no more checks. */
static bool texts_fit(const struct catalogue *it, const struct entry *table)
{
    for (uint32_t i = 0; i < it->count; i++)
        if (table[i].offset >= it->size || table[i].len >= it->size - table[i].offset ||
            it->data[table[i].offset + table[i].len] != '\0')
            return false;
    return true;
}

static bool catalogue_read(struct catalogue *it)
{
    struct head head;
    if (it->size < sizeof head)
        return false;
    memcpy(&head, it->data, sizeof head);
    it->count = head.count;
    if (head.magic != magic || head.revision >> 16 != 0 || !table_fits(it, head.originals) ||
        !table_fits(it, head.translations))
        return false;
    it->originals = (const struct entry *)(const void *)(it->data + head.originals);
    it->translations = (const struct entry *)(const void *)(it->data + head.translations);
    return texts_fit(it, it->originals) && texts_fit(it, it->translations);
}

static void catalogue_close(struct catalogue *it)
{
    if (it->data)
        munmap((void *)(uintptr_t)it->data, it->size);
    *it = (struct catalogue){.data = NULL};
}

static bool catalogue_open(struct catalogue *it, const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    bool good = fstat(fd, &about) == 0 && about.st_size > 0;
    void *map =
        good ? mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (map == MAP_FAILED)
        return false;
    it->data = map;
    it->size = (size_t)about.st_size;
    good = catalogue_read(it);
    if (!good)
        catalogue_close(it);
    return good;
}

bool language_load(const char *folder)
{
    bool good = true;
    language_unload();
    for (size_t i = 1; i < languages_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.mo", folder, languages[i].code);
        if (catalogue_open(&catalogues[i], path))
            continue;
        log_error("a catalogue of messages cannot be used", "file", path);
        good = false;
    }
    return good;
}

void language_unload(void)
{
    for (size_t i = 0; i < languages_count; i++)
        catalogue_close(&catalogues[i]);
}

static const struct language *find_coded(const char *code, size_t len)
{
    for (size_t i = 0; i < languages_count; i++)
        if (strlen(languages[i].code) == len && strncasecmp(languages[i].code, code, len) == 0)
            return &languages[i];
    return NULL;
}

const struct language *language_find(const char *locale)
{
    return locale ? find_coded(locale, strcspn(locale, "-_.@")) : NULL;
}

/* ";q=0.8" of an entry, in thousandths; 1000 where it says nothing. */
static long quality_of(const char *entry, size_t len)
{
    const char *at = memchr(entry, '=', len);
    return at ? (long)(strtod(at + 1, NULL) * 1000) : 1000;
}

const struct language *language_accepted(const char *header)
{
    const struct language *best = NULL;
    long most = 0;
    for (const char *at = header ? header : ""; *at;) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ",");
        const struct language *it = find_coded(at, strcspn(at, "-;, \t"));
        long quality = quality_of(at, len);
        if (it && quality > most) {
            best = it;
            most = quality;
        }
        at += len;
    }
    return best;
}

/* The translation and its length; NULL: there is none. */
static const char *look_up(const struct language *language, const char *english, uint32_t *len)
{
    if (!language || language == languages || !*english)
        return NULL;
    const struct catalogue *in = &catalogues[language - languages];
    for (uint32_t from = 0, to = in->count; from < to;) {
        uint32_t middle = from + (to - from) / 2;
        int order = strcmp(english, in->data + in->originals[middle].offset);
        if (order == 0) {
            *len = in->translations[middle].len;
            return *len > 0 ? in->data + in->translations[middle].offset : NULL;
        }
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

const char *language_text(const struct language *language, const char *english)
{
    uint32_t len;
    const char *found = english ? look_up(language, english, &len) : NULL;
    return found ? found : english;
}

bool language_has(const struct language *language, const char *english)
{
    uint32_t len;
    return !language || language == languages || look_up(language, english, &len);
}

const char *language_plural(const struct language *language, int64_t number, const char *one,
                            const char *many)
{
    uint32_t len;
    const char *found = look_up(language, one, &len);
    if (!found)
        return number == 1 ? one : many;
    size_t first = strlen(found);
    return number == 1 || first == len ? found : found + first + 1;
}

/* Of the linker: the first byte of the program, and the last of what it is read from its file. */
extern const char __executable_start[], edata[];

bool language_is_constant(const char *text)
{
    uintptr_t at = (uintptr_t)text;
    return at >= (uintptr_t)__executable_start && at < (uintptr_t)edata;
}
