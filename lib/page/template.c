#include "page/template.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/language.h"
#include "base/log.h"
#include "base/text.h"
#include "page/page.h"
#include "page/template_text.h"

enum { LANGUAGES_MAX = 8 };

struct entry {
    char *name;
    struct mustache *templates[LANGUAGES_MAX]; /* by the place of the language in languages[] */
};

static struct {
    struct entry *entries;
    size_t count;
    char version[32];
} loaded = {.version = "0"};

static bool read_file(const char *path, struct buf *out)
{
    char block[16384];
    size_t got;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        buf_add(out, block, got);
    bool good = ferror(file) == 0;
    fclose(file);
    return good;
}

static void entry_free(struct entry *entry)
{
    free(entry->name);
    for (size_t i = 0; i < LANGUAGES_MAX; i++)
        mustache_free(entry->templates[i]);
}

static void add(const struct entry *entry)
{
    struct entry *grown = realloc(loaded.entries, (loaded.count + 1) * sizeof *grown);
    if (!grown)
        log_out_of_memory();
    loaded.entries = grown;
    loaded.entries[loaded.count++] = *entry;
}

static const char *in_language(void *language, const char *text)
{
    return language_text(language, text);
}

/* The source with the texts of the language, compiled; NULL with *problem. */
static struct mustache *compile(const struct buf *source, const struct language *language,
                                char **problem)
{
    struct buf text = {0};
    if (language == languages)
        return mustache_new(source->data, source->len, problem);
    template_translate(source->data, source->len, in_language, (void *)(uintptr_t)language, &text);
    struct mustache *template = mustache_new(text.data, text.len, problem);
    buf_free(&text);
    return template;
}

static bool load_file(const char *path, const char *name)
{
    struct buf text = {0};
    char *problem = NULL;
    buf_puts(&text, "");
    bool read = read_file(path, &text);
    struct entry entry = {.name = strndup(name, strlen(name) - strlen(".html"))};
    bool good = read;
    for (size_t i = 0; good && i < languages_count && i < LANGUAGES_MAX; i++) {
        entry.templates[i] = compile(&text, &languages[i], &problem);
        good = entry.templates[i] != NULL;
    }
    if (good) {
        add(&entry);
    } else {
        log_error("template cannot be used", "template", name, "problem",
                  problem ? problem : "cannot be read");
        entry_free(&entry);
    }
    free(problem);
    buf_free(&text);
    return good;
}

static bool load_folder(const char *folder, const char *prefix)
{
    bool good = true;
    DIR *dir = opendir(folder);
    if (!dir) {
        log_error("templates cannot be read", "folder", folder);
        return false;
    }
    for (struct dirent *it; (it = readdir(dir));) {
        struct buf path = {0}, name = {0};
        struct stat about;
        buf_printf(&path, "%s/%s", folder, it->d_name);
        buf_printf(&name, "%s%s", prefix, it->d_name);
        if (it->d_name[0] == '.' || stat(path.data, &about) != 0) {
            /* editors' leavings, and what vanished meanwhile */
        } else if (S_ISDIR(about.st_mode)) {
            buf_putc(&name, '/');
            good = load_folder(path.data, name.data) && good;
        } else if (text_ends(it->d_name, ".html")) {
            good = load_file(path.data, name.data) && good;
        }
        buf_free(&path);
        buf_free(&name);
    }
    closedir(dir);
    return good;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void read_version(const char *folder)
{
    struct buf path = {0}, text = {0};
    buf_printf(&path, "%s/../static/version", folder);
    buf_puts(&text, "");
    if (read_file(path.data, &text) && text.len > 1 && text.len < sizeof loaded.version)
        snprintf(loaded.version, sizeof loaded.version, "%.*s", (int)strcspn(text.data, "\n"),
                 text.data);
    buf_free(&path);
    buf_free(&text);
}

bool page_load_templates(const char *folder)
{
    templates_free();
    bool good = load_folder(folder, "");
    if (loaded.count > 1)
        qsort(loaded.entries, loaded.count, sizeof *loaded.entries, by_name);
    read_version(folder);
    return good;
}

const struct mustache *template_find(void *language, const char *name)
{
    const struct language *in = language;
    struct entry key = {.name = (char *)(uintptr_t)name};
    struct entry *found =
        loaded.count ? bsearch(&key, loaded.entries, loaded.count, sizeof *loaded.entries, by_name)
                     : NULL;
    return found ? found->templates[in ? in - languages : 0] : NULL;
}

const char *static_version(void)
{
    return loaded.version;
}

void templates_free(void)
{
    while (loaded.count > 0)
        entry_free(&loaded.entries[--loaded.count]);
    free(loaded.entries);
    loaded.entries = NULL;
    strcpy(loaded.version, "0");
}
