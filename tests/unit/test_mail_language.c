/* Every template of a mail, in each of its forms, in each language: no word of English is left.
 * What a template asks for is read out of it, so that a new one is tested without being named. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/language.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "page/template.h"
#include "unit.h"

enum { NAMES_MAX = 60, TEMPLATE_MAX = 20000 };

/* Words that stand in English sentences, and in none of German or Spanish. */
static const char *const english[] = {
    "and",  "your", "you",  "of",   "for",  "with", "this", "that", "not",  "from",  "by",
    "to",   "it",   "is",   "have", "are",  "once", "if",   "who",  "on",   "them",  "be",
    "as",   "at",   "the",  "its",  "will", "can",  "or",   "ends", "over", "hello", "open",
    "they", "asks", "were", "does", "my",   "see",  "do",   "when", "here", NULL};
/* Of these, what the other languages have too. */
static const struct {
    const char *language, *word;
} theirs[] = {{"de", "will"}, {"de", "at"}};

static struct cx cx;
static char folder[64];

static void set_up(void)
{
    char command[200];
    cx = (struct cx){.arena = arena_new()};
    strcpy(folder, "/tmp/tulou-words-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 1; i < languages_count; i++) {
        const char *code = languages[i].code;
        snprintf(command, sizeof command, "msgfmt -o %s/%s.mo locale/%s.po", folder, code, code);
        ck_assert_int_eq(system(command), 0);
    }
    ck_assert(language_load(folder) && page_load_templates("templates"));
}

static void tear_down(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    language_unload();
    templates_free();
    arena_free(cx.arena);
}

/* ---- what a template asks for ---- */

struct names {
    const char *names[NAMES_MAX];
    bool sections[NAMES_MAX]; /* it can be there or not */
    size_t count;
};

static void names_add(struct names *names, const char *name, bool section)
{
    size_t i = 0;
    while (i < names->count && strcmp(names->names[i], name) != 0)
        i++;
    ck_assert_uint_lt(i, NAMES_MAX);
    names->names[i] = name;
    names->sections[i] = names->sections[i] || section;
    names->count += i == names->count;
}

static void names_of(const char *template, struct names *names)
{
    char *source = arena_alloc(cx.arena, TEMPLATE_MAX);
    FILE *file = fopen(arena_printf(cx.arena, "templates/mail/%s.html", template), "re");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(source, 1, TEMPLATE_MAX - 1, file);
    fclose(file);
    ck_assert_uint_lt(len, TEMPLATE_MAX - 1);
    source[len] = '\0';
    for (const char *at = source; (at = strstr(at, "{{")) != NULL; at += 2) {
        bool section = at[2] == '#' || at[2] == '^';
        const char *name = at + 2 + section;
        if (!strchr("$<>/!", *name))
            names_add(names, arena_copy(cx.arena, name, strcspn(name, "}")), section);
    }
}

/* ---- what it says ---- */

/* Sets a name, of the tenant too ("tenant.footer"); NULL: it is not there. */
static void set(json_object *data, const char *name, const char *text)
{
    json_object *tenant = json_object_object_get(data, "tenant");
    bool of_tenant = text_starts(name, "tenant.");
    page_set(of_tenant ? tenant : data, of_tenant ? name + strlen("tenant.") : name, text);
}

/* The message with what `first` and `second` are places of, or with all that it could have
 * (NAMES_MAX). */
static const char *say(const char *template, const struct language *language,
                       const struct names *names, size_t first, size_t second)
{
    struct buf out;
    json_object *data = page_object(&cx);
    page_speak(data, language);
    page_add(data, "tenant");
    for (size_t i = 0; i < names->count; i++) {
        bool there = !names->sections[i] || i == first || i == second || first == NAMES_MAX;
        set(data, names->names[i], there ? "Zz" : NULL);
    }
    page_set(data, "in_subject", "Zz");
    page_set(data, "in_text", "Zz");
    page_set(data, "in_html", NULL);
    page_set(data, "facts", NULL);
    buf_init(&out, cx.arena);
    ck_assert(page_fill(arena_printf(cx.arena, "mail/%s", template), data, true, &out));
    return out.data;
}

static bool is_theirs(const struct language *language, const char *word)
{
    for (size_t i = 0; i < COUNT(theirs); i++)
        if (text_equal(theirs[i].language, language->code) && text_equal(theirs[i].word, word))
            return true;
    return false;
}

/* The first word of English; NULL: none. */
static const char *english_in(const struct language *language, const char *text)
{
    static const char blank[] = " \t\n.,:;!?()\"";
    for (text += strspn(text, blank); *text; text += strspn(text, blank)) {
        size_t len = strcspn(text, blank);
        for (const char *const *word = english; *word; word++)
            if (strlen(*word) == len && strncasecmp(*word, text, len) == 0 &&
                !is_theirs(language, *word))
                return *word;
        text += len;
    }
    return NULL;
}

static void try(const char *template, const struct names *names, size_t first, size_t second)
{
    const char *original = say(template, NULL, names, first, second);
    ck_assert_msg(english_in(languages, original) != NULL, "%s says nothing: %s", template,
                  original);
    for (size_t i = 1; i < languages_count; i++) {
        const char *text = say(template, &languages[i], names, first, second);
        const char *word = english_in(&languages[i], text);
        ck_assert_msg(!word, "%s of mail/%s has the word \"%s\": %s", languages[i].code, template,
                      word, text);
    }
}

START_TEST(no_word_of_a_mail_stays_english)
{
    size_t templates = 0;
    DIR *files = opendir("templates/mail");
    ck_assert_ptr_nonnull(files);
    for (struct dirent *file; (file = readdir(files)) != NULL;) {
        struct names names = {.count = 0};
        char *template = arena_text(cx.arena, file->d_name), *end = strstr(template, ".html");
        if (!end || text_starts(template, "frame."))
            continue;
        *end = '\0';
        names_of("frame", &names);
        names_of(template, &names);
        for (size_t first = 0; first < names.count; first++)
            for (size_t second = first; second < names.count; second++)
                if (names.sections[first] && names.sections[second])
                    try(template, &names, first, second);
        try(template, &names, NAMES_MAX, NAMES_MAX);
        templates++;
    }
    closedir(files);
    ck_assert_uint_ge(templates, 10);
}
END_TEST

START_TEST(a_word_of_english_is_found)
{
    const struct language *german = language_find("de");
    ck_assert_str_eq(english_in(german, "Hallo Zz, your Konto"), "your");
    ck_assert_str_eq(english_in(german, "Konto (Once)"), "once");
    ck_assert_ptr_null(english_in(german, "Der Link will um elf at Zz"));
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("mail_language");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, no_word_of_a_mail_stays_english);
    tcase_add_test(all, a_word_of_english_is_found);
    suite_add_tcase(suite, all);
    return suite;
}

UNIT_MAIN(make_suite)
