/* texts_command: the texts of templates, one JSON text on each line, for the catalogues. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "page/template_text.h"
#include "tool.h"

static const char *print_text(void *arg, const char *text)
{
    (void)arg;
    json_object *quoted = json_object_new_string(text);
    puts(json_object_to_json_string_ext(quoted, JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(quoted);
    return NULL;
}

static bool print_file(const char *path)
{
    char block[16384];
    size_t got;
    struct buf source = {0}, out = {0};
    FILE *file = fopen(path, "re");
    if (!file) {
        complain("%s cannot be read", path);
        return false;
    }
    buf_puts(&source, "");
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        buf_add(&source, block, got);
    fclose(file);
    template_translate(source.data, source.len, print_text, NULL, &out);
    buf_free(&source);
    buf_free(&out);
    return true;
}

int texts_command(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc; i++)
        good = print_file(argv[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
