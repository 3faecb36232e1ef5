/* config: the environment, files of values, and what is shown of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "unit.h"

static char folder[64], path[128];
static const char *problem;

#define NAME(name, kind, initial, sentence) #name,
static const char *const names[] = {CONFIG_TABLE(NAME)};
#define INITIAL(name, kind, initial, sentence) initial,
static const char *const initials[] = {CONFIG_TABLE(INITIAL)};

static void setup(void)
{
    for (int key = 0; key < CONFIG_COUNT; key++) {
        char file_name[64];
        snprintf(file_name, sizeof file_name, "%s_FILE", names[key]);
        unsetenv(names[key]);
        unsetenv(file_name);
    }
    problem = NULL;
    snprintf(folder, sizeof folder, "/tmp/tulou-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/value", folder);
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_value(const char *data, size_t len)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static char *printed(bool markdown)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    config_print(out, markdown);
    fclose(out);
    return text;
}

START_TEST(an_empty_environment_gives_the_defaults)
{
    ck_assert(config_load(&problem));
    for (int key = 0; key < CONFIG_COUNT; key++)
        ck_assert_str_eq(config_text((enum config_key)key), initials[key]);
    ck_assert_int_eq(config_int(CONFIG_PORT), 8080);
}
END_TEST

START_TEST(the_environment_wins_over_the_default)
{
    setenv("PORT", "9090", 1);
    setenv("TULOU_DOMAIN", "example.org", 1);
    setenv("TULOU_LOG_LEVEL", "", 1);
    ck_assert(config_load(&problem));
    ck_assert_int_eq(config_int(CONFIG_PORT), 9090);
    ck_assert_str_eq(config_text(CONFIG_TULOU_DOMAIN), "example.org");
    ck_assert_str_eq(config_text(CONFIG_TULOU_LOG_LEVEL), "info"); /* empty is as good as none */
}
END_TEST

static const char *const no_numbers[] = {"80a0", "-1",  " 80",        "80 ",
                                         "0x50", "1e3", "2147483648", "99999999999999999999"};

START_TEST(a_value_that_is_no_number_is_named)
{
    setenv("PORT", no_numbers[_i], 1);
    ck_assert(!config_load(&problem));
    ck_assert_msg(strncmp(problem, "PORT ", 5) == 0, "%s", problem);
    ck_assert_ptr_null(strchr(problem, '\n'));
}
END_TEST

START_TEST(a_file_gives_the_value_without_its_line_end)
{
    write_value("from a file\r\n\n", 14);
    setenv("TULOU_DOMAIN_FILE", path, 1);
    setenv("TULOU_DOMAIN", "from the environment", 1);
    ck_assert(config_load(&problem));
    ck_assert_str_eq(config_text(CONFIG_TULOU_DOMAIN), "from a file");
}
END_TEST

START_TEST(a_number_may_come_from_a_file)
{
    write_value("7070\n", 5);
    setenv("PORT_FILE", path, 1);
    ck_assert(config_load(&problem));
    ck_assert_int_eq(config_int(CONFIG_PORT), 7070);
}
END_TEST

START_TEST(an_empty_file_is_as_good_as_none)
{
    write_value("\n", 1);
    setenv("TULOU_DOMAIN_FILE", path, 1);
    ck_assert(config_load(&problem));
    ck_assert_str_eq(config_text(CONFIG_TULOU_DOMAIN), "localhost");
    write_value("", 0);
    ck_assert(config_load(&problem));
    ck_assert_str_eq(config_text(CONFIG_TULOU_DOMAIN), "localhost");
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_named)
{
    setenv("TULOU_SECRET_KEY_FILE", path, 1);
    ck_assert(!config_load(&problem));
    ck_assert_msg(strncmp(problem, "TULOU_SECRET_KEY_FILE ", 22) == 0, "%s", problem);
}
END_TEST

START_TEST(a_folder_is_no_file_of_a_value)
{
    setenv("TULOU_SECRET_KEY_FILE", folder, 1);
    ck_assert(!config_load(&problem));
    ck_assert_msg(strncmp(problem, "TULOU_SECRET_KEY_FILE ", 22) == 0, "%s", problem);
}
END_TEST

START_TEST(a_nul_byte_does_not_cut_a_value)
{
    write_value("abc\0def\n", 8);
    setenv("TULOU_SECRET_KEY_FILE", path, 1);
    ck_assert(!config_load(&problem));
    ck_assert_msg(strncmp(problem, "TULOU_SECRET_KEY_FILE ", 22) == 0, "%s", problem);
    ck_assert_ptr_null(strstr(problem, "abc"));
}
END_TEST

START_TEST(secrets_are_never_printed)
{
    setenv("TULOU_METRICS_TOKEN", "hush-hush", 1);
    setenv("DATABASE_URL", "postgres://owner:hush-hush@db.example.org/tulou", 1);
    ck_assert(config_load(&problem));
    ck_assert_str_eq(config_text(CONFIG_TULOU_METRICS_TOKEN), "hush-hush");
    char *text = printed(false), *markdown = printed(true);
    ck_assert_ptr_null(strstr(text, "hush"));
    ck_assert_ptr_null(strstr(markdown, "hush"));
    ck_assert_ptr_nonnull(strstr(text, "(set)"));
    ck_assert_ptr_nonnull(strstr(text, "(not set)"));
    free(text);
    free(markdown);
}
END_TEST

START_TEST(every_variable_is_printed_once)
{
    setenv("TULOU_DOMAIN", "example.org", 1);
    ck_assert(config_load(&problem));
    char *text = printed(false), *markdown = printed(true);
    size_t lines = 0, rows = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    for (const char *c = markdown; *c; c++)
        rows += *c == '\n';
    ck_assert_uint_eq(lines, CONFIG_COUNT);
    ck_assert_uint_eq(rows, CONFIG_COUNT + 2);
    for (int key = 0; key < CONFIG_COUNT; key++) {
        char row[80];
        snprintf(row, sizeof row, "\n| `%s` |", names[key]);
        ck_assert_msg(strstr(markdown, row) != NULL, "%s", row);
    }
    ck_assert_ptr_nonnull(strstr(text, "example.org"));
    ck_assert_ptr_null(strstr(markdown, "example.org")); /* the table is of defaults */
    free(text);
    free(markdown);
}
END_TEST

static Suite *config_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_empty_environment_gives_the_defaults);
    tcase_add_test(tests, the_environment_wins_over_the_default);
    tcase_add_loop_test(tests, a_value_that_is_no_number_is_named, 0,
                        sizeof no_numbers / sizeof *no_numbers);
    tcase_add_test(tests, a_file_gives_the_value_without_its_line_end);
    tcase_add_test(tests, a_number_may_come_from_a_file);
    tcase_add_test(tests, an_empty_file_is_as_good_as_none);
    tcase_add_test(tests, a_file_that_cannot_be_read_is_named);
    tcase_add_test(tests, a_folder_is_no_file_of_a_value);
    tcase_add_test(tests, a_nul_byte_does_not_cut_a_value);
    tcase_add_test(tests, secrets_are_never_printed);
    tcase_add_test(tests, every_variable_is_printed_once);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(config_suite)
