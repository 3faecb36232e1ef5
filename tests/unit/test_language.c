/* Numbers and dates of the languages, and the reader of catalogues. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/money.h"
#include "base/sentence.h"
#include "http/cx.h"
#include "page/template_text.h"
#include "unit.h"

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    language_unload();
    arena_free(arena);
}

START_TEST(test_numbers_as_written)
{
    const struct language *de = language_find("de");
    ck_assert_str_eq(language_number(arena, NULL, -1234567), "-1,234,567");
    ck_assert_str_eq(language_number(arena, de, 1234567), "1.234.567");
    ck_assert_str_eq(language_number(arena, de, 999), "999");
    ck_assert_str_eq(language_money(arena, NULL, 125050, "EUR"), "1,250.50 EUR");
    ck_assert_str_eq(language_money(arena, de, -125050, "EUR"), "-1.250,50 EUR");
    ck_assert_str_eq(language_money(arena, de, 1250, "JPY"), "1.250 JPY");
    ck_assert_str_eq(language_amount(arena, de, 125050, "EUR"), "1250,50");
    ck_assert_str_eq(language_share(arena, NULL, 1250), "12.5 %");
    ck_assert_str_eq(language_share(arena, de, -1205), "-12,05 %");
    ck_assert_str_eq(language_share(arena, de, 10000), "100 %");
    ck_assert_str_eq(language_share(arena, de, 0), "0 %");
}
END_TEST

START_TEST(test_dates_as_written)
{
    ck_assert_str_eq(language_date(arena, NULL, DATE_DAY_FIRST, "2026-03-01"), "1 Mar 2026");
    ck_assert_str_eq(language_date(arena, language_find("de-AT"), DATE_DAY_FIRST, "2026-03-01"),
                     "1. März 2026");
    ck_assert_str_eq(language_date(arena, language_find("es"), DATE_DAY_FIRST, "2026-09-21"),
                     "21 sept 2026");
    ck_assert_str_eq(language_date(arena, NULL, DATE_DAY_FIRST, "soon"), "soon");
    ck_assert_str_eq(language_time(arena, NULL, DATE_DAY_FIRST, 1795253400000000, "Europe/Berlin"),
                     "21 Nov 2026, 10:30");
    ck_assert_str_eq(
        language_time(arena, language_find("de"), DATE_DAY_FIRST, 1795253400000000, "UTC"),
        "21. Nov. 2026, 09:30");
}
END_TEST

START_TEST(test_dates_in_the_order_of_the_tenant)
{
    static const struct {
        const char *language, *order, *date, *day;
    } rows[] = {{"en", "day_month_year", "1 Mar 2026", "1 Mar"},
                {"de", "day_month_year", "1. März 2026", "1. März"},
                {"en", "month_day_year", "Mar 1, 2026", "Mar 1"},
                {"es", "month_day_year", "mar 1, 2026", "mar 1"},
                {"en", "year_month_day", "2026-03-01", "03-01"},
                {"de", "year_month_day", "2026-03-01", "03-01"},
                {"en", NULL, "1 Mar 2026", "1 Mar"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct language *in = language_find(rows[i].language);
        enum date_order order = date_order_named(rows[i].order);
        ck_assert_str_eq(language_date(arena, in, order, "2026-03-01"), rows[i].date);
        ck_assert_str_eq(language_day(arena, in, order, "2026-03-01"), rows[i].day);
    }
    ck_assert_str_eq(language_time(arena, NULL, DATE_YEAR_FIRST, 1795253400000000, "UTC"),
                     "2026-11-21, 09:30");
}
END_TEST

START_TEST(test_numbers_as_typed)
{
    static const struct {
        const char *language, *typed, *read;
    } rows[] = {
        {"de", "1.250,50", "1250.50"},
        {"de", "1250,5", "1250.5"},
        {"de", "12.50", "12.50"},
        {"de", "1.250", "1250"},
        {"de", "-1.250,5", "-1250.5"},
        {"de", "1.25,0", "1.25,0"},
        {"de", "1.250.000", "1250000"},
        {"de", "", ""},
        {"de", ",5", ",5"},
        {"en", "1,250.50", "1250.50"},
        {"en", "1250", "1250"},
        {"en", "1250,50", "1250,50"},
        {"es", "12.345.678,9", "12345678.9"},
        {"es", "abc", "abc"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(language_typed(arena, language_find(rows[i].language), rows[i].typed),
                         rows[i].read);
}
END_TEST

START_TEST(test_language_asked_for)
{
    ck_assert_str_eq(language_find("de_CH")->code, "de");
    ck_assert_ptr_null(language_find("fr"));
    ck_assert_ptr_null(language_find(NULL));
    ck_assert_str_eq(language_accepted("fr;q=0.9, de;q=0.5, en;q=0.4")->code, "de");
    ck_assert_str_eq(language_accepted("es-MX,es;q=0.9,en;q=0.8")->code, "es");
    ck_assert_ptr_null(language_accepted("*"));
    ck_assert_ptr_null(language_accepted("de;q=0"));
    ck_assert_ptr_null(language_accepted(NULL));
}
END_TEST

/* ---- catalogues ---- */

static void write_file(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "we");
    ck_assert(file && fwrite(data, 1, len, file) == len);
    fclose(file);
}

static const char source[] =
    "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n"
    "msgid \"New %s\"\nmsgstr \"%s anlegen\"\nmsgid \"lead\"\nmsgstr \"Lead\"\n"
    "msgid \"From %s to %s\"\nmsgstr \"Nach %2$s aus %1$s\"\n"
    "msgid \"%lld lead\"\nmsgid_plural \"%lld leads\"\n"
    "msgstr[0] \"%lld Lead da\"\nmsgstr[1] \"%lld Leads da\"\n";

/* A folder with de.mo, made by msgfmt. */
static char *make_catalogue(void)
{
    char *folder = arena_text(arena, "/tmp/language-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file(arena_printf(arena, "%s/de.po", folder), source, strlen(source));
    char *command = arena_printf(arena, "cd %s && msgfmt -o de.mo de.po && rm de.po", folder);
    ck_assert_int_eq(system(command), 0);
    return folder;
}

static void remove_catalogue(const char *folder)
{
    unlink(arena_printf(arena, "%s/de.mo", folder));
    rmdir(folder);
}

START_TEST(test_texts_of_a_catalogue)
{
    char *folder = make_catalogue();
    struct cx cx = {.arena = arena, .language = language_find("de")};
    char *noun = arena_text(arena, "lead"); /* as people may have entered it */
    ck_assert(language_load(folder));
    ck_assert_str_eq(cx_text(&cx, "lead"), "Lead");
    ck_assert_str_eq(cx_text(&cx, "unknown"), "unknown");
    ck_assert_str_eq(cx_text(&cx, ""), "");
    ck_assert_str_eq(cx_printf(&cx, "New %s", "lead"), "Lead anlegen");
    ck_assert_str_eq(cx_printf(&cx, "New %s", noun), "lead anlegen");
    ck_assert_str_eq(cx_printf(&cx, "From %s to %s", "A", "B"), "Nach B aus A");
    ck_assert_str_eq(cx_printf(&cx, "%d %% of %.*s, %zu", 7, 2, "abc", (size_t)9), "7 % of ab, 9");
    ck_assert_str_eq(cx_plural(&cx, 1, "%lld lead", "%lld leads"), "%lld Lead da");
    ck_assert_str_eq(cx_plural(&cx, 2, "%lld lead", "%lld leads"), "%lld Leads da");
    cx.language = NULL;
    ck_assert_str_eq(cx_printf(&cx, "New %s", "lead"), "New lead");
    ck_assert_str_eq(cx_plural(&cx, 2, "%lld lead", "%lld leads"), "%lld leads");
    remove_catalogue(folder);
}
END_TEST

/* What was kept is read in another language later; a constant within it is too. */
START_TEST(test_sentences_kept)
{
    char *folder = make_catalogue(), *noun = arena_text(arena, "lead");
    const struct language *german = language_find("de");
    ck_assert(language_load(folder));
    const char *kept = sentence_keep(arena, "From %s to %s", "lead", noun);
    ck_assert_str_eq(kept, "[\"From %s to %s\",[\"lead\"],\"lead\"]");
    kept = arena_text(arena, kept);
    ck_assert_str_eq(sentence_read(arena, NULL, kept), "From lead to lead");
    ck_assert_str_eq(sentence_read(arena, german, kept), "Nach lead aus Lead");
    ck_assert_str_eq(sentence_read(arena, german, sentence_keep(arena, "%d: %s", 7, kept)),
                     "7: Nach lead aus Lead");
    ck_assert_str_eq(sentence_keep(arena, "lead"), "lead");
    ck_assert_str_eq(sentence_keep(arena, "%s", kept), kept);
    ck_assert_str_eq(sentence_read(arena, german, noun), "Lead");
    ck_assert_ptr_null(sentence_read(arena, german, NULL));
    static const char *const others[] = {"[::1] is away", "[1]", "[]", "[\"a", "{\"a\": 1}", "%s"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *text = arena_text(arena, others[i]);
        ck_assert_str_eq(sentence_read(arena, german, text), text);
        const char *within = sentence_keep(arena, "New %s", text);
        ck_assert_str_eq(sentence_read(arena, NULL, within), arena_printf(arena, "New %s", text));
    }
    ck_assert_str_eq(sentence_read(arena, NULL, "[\"%s %s\",\"a\"]"), "a ");
    remove_catalogue(folder);
}
END_TEST

START_TEST(test_broken_catalogues)
{
    char *folder = make_catalogue(), *path = arena_printf(arena, "%s/de.mo", folder), data[2048];
    FILE *file = fopen(path, "re");
    size_t len = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t cut = 0; cut < len; cut += 3) { /* cut short: refused, or all of it within */
        write_file(path, data, cut);
        language_load(folder);
        ck_assert_ptr_nonnull(language_text(language_find("de"), "lead"));
    }
    for (size_t at = 0; at < len; at++) {
        data[at] = (char)~data[at];
        write_file(path, data, len);
        language_load(folder);
        ck_assert_ptr_nonnull(language_text(language_find("de"), "lead"));
        data[at] = (char)~data[at];
    }
    remove_catalogue(folder);
}
END_TEST

/* ---- the texts of templates ---- */

static const char *mark(void *unused, const char *text)
{
    (void)unused;
    return arena_printf(arena, "[%s]", text);
}

START_TEST(test_texts_of_templates)
{
    static const struct {
        const char *source, *marked;
    } rows[] = {
        {"<p>Hello {{name}},\n  you</p>", "<p>[Hello {{name}}, you]</p>"},
        {"<a href=\"/x\">{{title}}</a>", "<a href=\"/x\">{{title}}</a>"},
        {"<p>See <a href=\"{{x}}\">this</a>.</p>", "<p>[See <a href=\"{{x}}\">this</a>.]</p>"},
        {"{{#a}}One{{/a}}{{^a}}Two{{/a}}", "{{#a}}[One]{{/a}}{{^a}}[Two]{{/a}}"},
        {"<p>Now{{#a}}, or never{{/a}}.</p>", "<p>[Now{{#a}}, or never{{/a}}.]</p>"},
        {"{{#a}}<p>Now</p>{{/a}} then", "{{#a}}<p>[Now]</p>{{/a}} [then]"},
        {"{{$title}}Now{{/title}}", "{{$title}}[Now]{{/title}}"},
        {"{{<layout/icon}}{{$name}}users{{/name}}{{/layout/icon}}More",
         "{{<layout/icon}}{{$name}}users{{/name}}{{/layout/icon}}[More]"},
        {"<input placeholder=\"Search {{what}}\"{{#on}} checked{{/on}} name=\"title\">",
         "<input placeholder=\"[Search {{what}}]\"{{#on}} checked{{/on}} name=\"title\">"},
        {"<td data-label=\"To\" data-page=\"To\">", "<td data-label=\"[To]\" data-page=\"To\">"},
        {"<b>&nbsp;{{n}} · 3</b>", "<b>&nbsp;{{n}} · 3</b>"},
        {"a < b {{", "[a < b {{]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        template_translate(rows[i].source, strlen(rows[i].source), mark, NULL, &out);
        ck_assert_str_eq(out.data, rows[i].marked);
        buf_free(&out);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("language");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, test_numbers_as_written);
    tcase_add_test(all, test_dates_as_written);
    tcase_add_test(all, test_dates_in_the_order_of_the_tenant);
    tcase_add_test(all, test_numbers_as_typed);
    tcase_add_test(all, test_language_asked_for);
    tcase_add_test(all, test_texts_of_a_catalogue);
    tcase_add_test(all, test_sentences_kept);
    tcase_add_test(all, test_broken_catalogues);
    tcase_add_test(all, test_texts_of_templates);
    suite_add_tcase(suite, all);
    return suite;
}

UNIT_MAIN(make_suite)
