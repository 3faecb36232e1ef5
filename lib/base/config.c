#include "base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum kind { TEXT_VALUE, INT_VALUE, SECRET_VALUE };
#define KIND_TEXT TEXT_VALUE
#define KIND_INT INT_VALUE
#define KIND_SECRET SECRET_VALUE

static const struct variable {
    const char *name;
    enum kind kind;
    const char *initial, *sentence;
} variables[] = {
#define CONFIG_ROW(name, kind, initial, sentence) {#name, KIND_##kind, initial, sentence},
    CONFIG_TABLE(CONFIG_ROW)
#undef CONFIG_ROW
};

static struct {
    const char *text[CONFIG_COUNT];
    int64_t whole[CONFIG_COUNT];
} values;

static char problem_text[256];

static bool complain(const char **problem, const char *name, const char *why)
{
    snprintf(problem_text, sizeof problem_text, "%s %s", name, why);
    *problem = problem_text;
    return false;
}

/* The content without the line ends behind it, kept for the life of the
 * process; NULL and *why when there is none. */
static char *read_file(const char *path, const char **why)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    ssize_t len = file ? getdelim(&text, &room, '\0', file) : -1;
    bool read = file && !ferror(file), whole = len < 0 || text[len - 1] != '\0';
    if (file)
        fclose(file);
    if (!read || !whole) {
        *why = read ? "names a file with a NUL byte" : "names a file that cannot be read";
        free(text);
        return NULL;
    }
    if (len < 0) {
        free(text);
        return strdup("");
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = '\0';
    return text;
}

static bool load_one(int key, const char **problem)
{
    const struct variable *variable = &variables[key];
    char file_name[64];
    snprintf(file_name, sizeof file_name, "%s_FILE", variable->name);
    const char *path = getenv(file_name), *text = getenv(variable->name);
    char *content = NULL;
    const char *why = NULL;
    if (path && *path && !(content = read_file(path, &why)))
        return complain(problem, file_name, why);
    if (content && !*content) {
        free(content);
        content = NULL;
    }
    values.text[key] = content ? content : text && *text ? text : variable->initial;
    text = values.text[key];
    if (variable->kind == INT_VALUE && !text_to_int(text, 0, INT32_MAX, &values.whole[key]))
        return complain(problem, variable->name, "must be a whole number, 0 or more");
    return true;
}

bool config_load(const char **problem)
{
    for (int key = 0; key < CONFIG_COUNT; key++)
        if (!load_one(key, problem))
            return false;
    return true;
}

const char *config_text(enum config_key key)
{
    return values.text[key] ? values.text[key] : variables[key].initial;
}

int64_t config_int(enum config_key key)
{
    return values.whole[key];
}

static const char *shown(int key)
{
    if (variables[key].kind == SECRET_VALUE)
        return *config_text((enum config_key)key) ? "(set)" : "(not set)";
    return config_text((enum config_key)key);
}

void config_print(FILE *out, bool markdown)
{
    if (markdown)
        fputs("| variable | default | meaning |\n| --- | --- | --- |\n", out);
    for (int key = 0; key < CONFIG_COUNT; key++) {
        const struct variable *variable = &variables[key];
        if (!markdown)
            fprintf(out, "%-24s %-24s %s\n", variable->name, shown(key), variable->sentence);
        else if (*variable->initial)
            fprintf(out, "| `%s` | `%s` | %s |\n", variable->name, variable->initial,
                    variable->sentence);
        else
            fprintf(out, "| `%s` | | %s |\n", variable->name, variable->sentence);
    }
}
