/* csv: what spreadsheets of all countries save and run. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "resource/csv.h"
#include "unit.h"

static struct arena *arena;
static struct csv_reader reader;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

/* The next row as "a|b|c", NULL when there is none. */
static const char *next(void)
{
    const char **cells;
    size_t count;
    struct buf out;
    if (!csv_next(&reader, arena, &cells, &count))
        return NULL;
    buf_init(&out, arena);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%s%s", i ? "|" : "", cells[i]);
    return out.data;
}

static void open_text(const char *text)
{
    csv_open(&reader, text, strlen(text));
}

static const char *written(const char *text)
{
    struct buf out;
    buf_init(&out, arena);
    csv_cell(&out, text);
    return out.data;
}

static const struct {
    const char *text, *cell;
} cells[] = {
    {"plain", "plain"},
    {"", "\"\""},
    {"a,b", "\"a,b\""},
    {"say \"x\"", "\"say \"\"x\"\"\""},
    {"line\nbreak", "\"line\nbreak\""},
    {" space", "\" space\""},
    {"=1+1", "\"'=1+1\""},
    {"'=x", "\"''=x\""},
    {"@sum", "\"'@sum\""},
    {"\tx", "\"'\tx\""},
    {"-cmd", "\"'-cmd\""},
    {"-12", "-12"},
    {"-12.5", "-12.5"},
    {"-12.5.1", "\"'-12.5.1\""},
    {"-12.", "\"'-12.\""},
    {"--12", "\"'--12\""},
    {"-", "\"'-\""},
    {"+34600", "\"'+34600\""},
    {"\xef\xbc\x9d"
     "1+1",
     "\"'\xef\xbc\x9d"
     "1+1\""},
    {"\xef\xbc\x8b"
     "1",
     "\"'\xef\xbc\x8b"
     "1\""},
    {"\xef\xbc\x8d"
     "1",
     "\"'\xef\xbc\x8d"
     "1\""},
    {"\xef\xbc\xa0"
     "x",
     "\"'\xef\xbc\xa0"
     "x\""},
    {"\xef\xbc\xa1", "\xef\xbc\xa1"}, /* a full-width A */
    {";=1+1", "\"';'=1+1\""},
    {"a;=1", "\"a;'=1\""},
    {"a;'=1", "\"a;''=1\""},
    {"a;''=1;-x", "\"a;'''=1;'-x\""},
    {"a;b", "\"a;b\""},
    {";';=", "\";';'=\""},
    {"';=", "\"'';'=\""},
};

START_TEST(cells_are_guarded_and_read_back)
{
    ck_assert_str_eq(written(cells[_i].text), cells[_i].cell);
    open_text(arena_printf(arena, "first,%s\r\n", cells[_i].cell));
    ck_assert_str_eq(next(), arena_printf(arena, "first|%s", cells[_i].text));
    ck_assert(!next() && !reader.problem);
}
END_TEST

static const struct {
    const char *file, *head, *row;
} files[] = {
    {"a,b\r\n1,2\r\n", "a|b", "1|2"},
    {"a;b\r\n1;2,5\r\n", "a|b", "1|2,5"},
    {"a\tb\n1\t2;5\n", "a|b", "1|2;5"},
    {"sep=;\r\na;b\r\n1,5;2\r\n", "a|b", "1,5|2"},
    {"sep=|\na|b\n1,5|2", "a|b", "1,5|2"},
    {"\xef\xbb\xbfSEP=,\na,b\n1;5,2", "a|b", "1;5|2"},
    {"\xef\xbb\xbf"
     "a;b\r1;2\r",
     "a|b", "1|2"},
    {"\"a;x\",b\n1,2;3\n", "a;x|b", "1|2;3"},
    {"\n\r\na,b\n\n1,2", "a|b", "1|2"},
    {"a\n1,2\n", "a", "1|2"},
    {"separate\nsep=,\n", "separate", "sep="},
};

START_TEST(separators_are_found_out)
{
    open_text(files[_i].file);
    ck_assert_str_eq(next(), files[_i].head);
    const char *row = next();
    ck_assert_msg(row && text_starts(row, files[_i].row), "%s", row ? row : "none");
}
END_TEST

START_TEST(lines_are_those_of_the_file)
{
    open_text("a,b\r\n\r\n\"one\r\ntwo\",x\r\ny,z\n\"broken");
    ck_assert(next() && reader.line == 1);
    ck_assert(next() && reader.line == 3);
    ck_assert(next() && reader.line == 5);
    ck_assert(!next());
    ck_assert_str_eq(reader.problem, "csv_quote");
    ck_assert_uint_eq(reader.line, 6);
    open_text("sep=;\na;b\n\"c\"d");
    ck_assert(next() && reader.line == 2);
    ck_assert(!next() && reader.line == 3 && reader.problem);
}
END_TEST

static const struct {
    const char *charset, *data;
    size_t len;
    const char *text; /* NULL: the charset is not read */
} encoded[] = {
    {NULL, "J\xc3\xbcrgen", 7, "J\xc3\xbcrgen"},
    {NULL, "J\xfcrgen \x80", 8, "J\xc3\xbcrgen \xe2\x82\xac"},
    {"windows-1252", "\x8aim", 3, "\xc5\xa0im"},
    {"windows-1252", "J\xc3\xbc", 3, "J\xc3\x83\xc2\xbc"},
    {"iso-8859-1", "J\xfc", 2, "J\xc3\xbc"},
    {"utf-8", "J\xfc", 2, "J\xfc"},
    {NULL, "\xc3\xbc and \xfc", 8, "\xc3\xbc and \xfc"},
    {NULL, "\xff\xfeJ\0\xfc\0", 6, "J\xc3\xbc"},
    {NULL, "\xfe\xff\0J\0\xfc", 6, "J\xc3\xbc"},
    {NULL, "J\0\xfc\0", 4, "J\xc3\xbc"},
    {NULL, "\0J\0\xfc", 4, "J\xc3\xbc"},
    {"utf-16", "\xfe\xff\0J", 4, "J"},
    {"utf-16", "J\0", 2, "J"},
    {"utf-16be", "\0J", 2, "J"},
    {"utf-16le", "\x3d\xd8\x42\xdc", 4, "\xf0\x9f\x91\x82"},
    {"utf-16le", "\x3d\xd8J\0", 4, "\xff"},
    {"utf-16le", "J\0x", 3, "\xff"},
    {NULL, "", 0, ""},
    {"koi8-r", "x", 1, NULL},
};

START_TEST(files_are_read_in_the_encodings_of_spreadsheets)
{
    size_t len = encoded[_i].len;
    const char *text = csv_decode(arena, encoded[_i].charset, encoded[_i].data, &len);
    if (!encoded[_i].text) {
        ck_assert(!text);
        return;
    }
    ck_assert_uint_eq(len, strlen(encoded[_i].text));
    ck_assert_mem_eq(text, encoded[_i].text, len);
}
END_TEST

START_TEST(what_is_no_csv_is_said)
{
    open_text("a,\"b");
    ck_assert(!next());
    ck_assert_str_eq(reader.problem, "csv_quote");
    open_text("a,\xff");
    ck_assert(!next());
    ck_assert_str_eq(reader.problem, "csv_utf8");
}
END_TEST

static Suite *csv_suite(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, cells_are_guarded_and_read_back, 0, COUNT(cells));
    tcase_add_loop_test(tests, separators_are_found_out, 0, COUNT(files));
    tcase_add_test(tests, lines_are_those_of_the_file);
    tcase_add_loop_test(tests, files_are_read_in_the_encodings_of_spreadsheets, 0, COUNT(encoded));
    tcase_add_test(tests, what_is_no_csv_is_said);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(csv_suite)
