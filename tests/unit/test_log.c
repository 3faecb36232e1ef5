/* log: one JSON line for each call, on standard error. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "unit.h"

static struct arena *arena;
static int ends[2], kept_stderr;
static char said[65536];

static void setup(void)
{
    arena = arena_new();
    ck_assert_int_eq(pipe(ends), 0);
    kept_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    log_init("unit", LOG_INFO);
}

static void restore(void)
{
    if (kept_stderr < 0)
        return;
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(ends[1]);
    kept_stderr = -1;
}

static void teardown(void)
{
    restore();
    close(ends[0]);
    arena_free(arena);
}

/* Everything logged so far; standard error is itself again. */
static const char *logged(void)
{
    size_t len = 0;
    restore();
    for (ssize_t more; (more = read(ends[0], said + len, sizeof said - 1 - len)) > 0;)
        len += (size_t)more;
    said[len] = '\0';
    return said;
}

/* The one line, which must be strict JSON. */
static json_object *line(void)
{
    bool is_null;
    struct json_problem problem;
    const char *text = logged();
    size_t len = strlen(text);
    ck_assert_uint_gt(len, 0);
    ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
    json_object *value = json_read(arena, text, len, NULL, &is_null, &problem);
    ck_assert_msg(value != NULL, "%s: %s", text, problem.code);
    return value;
}

static const char *member(json_object *value, const char *key)
{
    return json_object_get_string(json_object_object_get(value, key));
}

START_TEST(a_line_tells_time_level_area_message_and_pairs)
{
    int64_t us;
    log_warn("it broke", "path", "/x", "count", "7");
    json_object *value = line();
    ck_assert(clock_parse(member(value, "time"), &us));
    ck_assert_str_eq(member(value, "level"), "warn");
    ck_assert_str_eq(member(value, "area"), "unit");
    ck_assert_str_eq(member(value, "message"), "it broke");
    ck_assert_str_eq(member(value, "path"), "/x");
    ck_assert_str_eq(member(value, "count"), "7");
    ck_assert_int_eq(json_object_object_length(value), 6);
}
END_TEST

START_TEST(a_pair_without_a_value_is_left_out)
{
    log_info("m", "a", (char *)NULL, "b", "2");
    json_object *value = line();
    ck_assert_ptr_null(json_object_object_get(value, "a"));
    ck_assert_str_eq(member(value, "b"), "2");
}
END_TEST

START_TEST(a_message_cannot_forge_a_line)
{
    log_error("a\n{\"level\":\"info\"}", "k", "\"\\\r\n\t\x01\x7f");
    json_object *value = line();
    ck_assert_str_eq(member(value, "message"), "a\n{\"level\":\"info\"}");
    ck_assert_str_eq(member(value, "k"), "\"\\\r\n\t\x01\x7f");
}
END_TEST

START_TEST(what_is_not_utf8_still_makes_a_json_line)
{
    log_error("bad \xff\xc3", "path", "/\xc3\xa9/\xe2\x82/\x80z", "fine", "\xe2\x82\xac");
    json_object *value = line();
    ck_assert_str_eq(member(value, "message"), "bad ??");
    ck_assert_str_eq(member(value, "path"), "/\xc3\xa9/?\?/?z");
    ck_assert_str_eq(member(value, "fine"), "\xe2\x82\xac");
}
END_TEST

START_TEST(lines_below_the_level_are_left_out)
{
    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        log_init("unit", (enum log_level)least);
        log_debug("d");
        log_info("i");
        log_warn("w");
        log_error("e");
    }
    size_t lines = 0;
    for (const char *c = logged(); *c; c++)
        lines += *c == '\n';
    ck_assert_uint_eq(lines, 4 + 3 + 2 + 1);
}
END_TEST

START_TEST(levels_have_names)
{
    ck_assert_int_eq(log_level_of("debug"), LOG_DEBUG);
    ck_assert_int_eq(log_level_of("info"), LOG_INFO);
    ck_assert_int_eq(log_level_of("warn"), LOG_WARN);
    ck_assert_int_eq(log_level_of("error"), LOG_ERROR);
    ck_assert_int_eq(log_level_of("ERROR"), LOG_INFO);
    ck_assert_int_eq(log_level_of(""), LOG_INFO);
}
END_TEST

START_TEST(a_long_value_is_one_line)
{
    char *text = arena_alloc(arena, 30001);
    memset(text, 'x', 30000);
    log_info("long", "value", text);
    ck_assert_uint_eq(strlen(member(line(), "value")), 30000);
}
END_TEST

/* Writers at the same time: a pipe keeps writes of up to PIPE_BUF whole. */
START_TEST(lines_of_several_processes_do_not_mix)
{
    for (int child = 0; child < 4; child++)
        if (fork() == 0) {
            for (int i = 0; i < 40; i++)
                log_info("from a child", "filler", "0123456789012345678901234567890123456789");
            _exit(0);
        }
    for (int child = 0; child < 4; child++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    char *rest, *text = arena_text(arena, logged());
    int lines = 0;
    for (char *one = strtok_r(text, "\n", &rest); one; one = strtok_r(NULL, "\n", &rest), lines++) {
        bool is_null;
        struct json_problem problem;
        ck_assert_ptr_nonnull(json_read(arena, one, strlen(one), NULL, &is_null, &problem));
    }
    ck_assert_int_eq(lines, 160);
}
END_TEST

START_TEST(running_out_of_memory_is_logged_without_any)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        log_out_of_memory();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    json_object *value = line();
    ck_assert_str_eq(member(value, "level"), "error");
    ck_assert_str_eq(member(value, "area"), "unit");
    ck_assert_str_eq(member(value, "message"), "out of memory");
}
END_TEST

static Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_line_tells_time_level_area_message_and_pairs);
    tcase_add_test(tests, a_pair_without_a_value_is_left_out);
    tcase_add_test(tests, a_message_cannot_forge_a_line);
    tcase_add_test(tests, what_is_not_utf8_still_makes_a_json_line);
    tcase_add_test(tests, lines_below_the_level_are_left_out);
    tcase_add_test(tests, levels_have_names);
    tcase_add_test(tests, a_long_value_is_one_line);
    tcase_add_test(tests, lines_of_several_processes_do_not_mix);
    tcase_add_test(tests, running_out_of_memory_is_logged_without_any);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(log_suite)
