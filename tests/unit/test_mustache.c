/* The Mustache specification, whole, and what it leaves open. */
#include <stdio.h>
#include <string.h>

#include "page/mustache.h"
#include "unit.h"

static json_object *partials;
static struct mustache *compiled[512];
static const char *compiled_names[512];
static size_t compiled_count;

static struct mustache *compile(const char *text)
{
    char *problem = NULL;
    struct mustache *template = mustache_new(text, strlen(text), &problem);
    ck_assert_msg(template != NULL, "%s in %s", problem, text);
    return template;
}

static const struct mustache *find(void *arg, const char *name)
{
    (void)arg;
    json_object *text;
    for (size_t i = 0; i < compiled_count; i++)
        if (strcmp(compiled_names[i], name) == 0)
            return compiled[i];
    if (!json_object_object_get_ex(partials, name, &text))
        return NULL;
    compiled_names[compiled_count] = name;
    compiled[compiled_count] = compile(json_object_get_string(text));
    return compiled[compiled_count++];
}

static void forget_partials(void)
{
    while (compiled_count > 0)
        mustache_free(compiled[--compiled_count]);
}

/* Heap; the caller frees. */
static char *render(const char *text, json_object *data)
{
    struct buf out = {0};
    struct mustache *template = compile(text);
    buf_puts(&out, "");
    mustache_render(template, data, find, NULL, &out);
    mustache_free(template);
    forget_partials();
    return out.data;
}

static const char *text_of(json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

static void run_specification(const char *name)
{
    char path[512];
    const char *shared = getenv("SHARED");
    snprintf(path, sizeof path, "%s/data/mustache/%s.json", shared ? shared : "../shared", name);
    json_object *file = json_object_from_file(path);
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    json_object *tests = json_object_object_get(file, "tests");
    size_t count = json_object_array_length(tests);
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        json_object *test = json_object_array_get_idx(tests, i);
        partials = json_object_object_get(test, "partials");
        char *out = render(text_of(test, "template"), json_object_object_get(test, "data"));
        ck_assert_msg(strcmp(out, text_of(test, "expected")) == 0,
                      "%s: %s\ntemplate: %s\nexpected: %s\nrendered: %s", name,
                      text_of(test, "name"), text_of(test, "template"), text_of(test, "expected"),
                      out);
        free(out);
    }
    partials = NULL;
    json_object_put(file);
}

static const char *const specifications[] = {
    "comments", "delimiters", "interpolation",  "inverted",
    "partials", "sections",   "~dynamic-names", "~inheritance",
};

START_TEST(specification_holds)
{
    run_specification(specifications[_i]);
}
END_TEST

static void check_render(const char *template, const char *data, const char *expected)
{
    json_object *value = json_tokener_parse(data);
    char *out = render(template, value);
    ck_assert_str_eq(out, expected);
    free(out);
    json_object_put(value);
}

START_TEST(apostrophe_is_escaped)
{
    check_render("<a title='{{t}}'>", "{\"t\":\"it's\"}", "<a title='it&#39;s'>");
}
END_TEST

START_TEST(empty_text_counts_as_absent)
{
    check_render("{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":\"\"}", "no");
}
END_TEST

START_TEST(zero_counts_as_present)
{
    check_render("{{#n}}{{n}} left{{/n}}", "{\"n\":0}", "0 left");
}
END_TEST

START_TEST(value_with_tags_is_not_a_template)
{
    check_render("{{{t}}}", "{\"t\":\"{{>secret}}\"}", "{{>secret}}");
}
END_TEST

START_TEST(recursion_without_end_stops)
{
    partials = json_tokener_parse("{\"loop\":\"x{{>loop}}\",\"fan\":\"{{>fan}}{{>fan}}\","
                                  "\"block\":\"{{$b}}{{/b}}\"}");
    json_object *data = json_object_new_object();
    char *out = render("{{>loop}}", data);
    ck_assert_uint_eq(strlen(out), 64);
    free(out);
    out = render("{{>fan}}", data);
    ck_assert_str_eq(out, "");
    free(out);
    out = render("{{<block}}{{$b}}y{{$b}}{{/b}}{{/b}}{{/block}}", data);
    ck_assert_int_eq(out[0], 'y');
    free(out);
    json_object_put(data);
    json_object_put(partials);
    partials = NULL;
}
END_TEST

static const struct {
    const char *template, *problem;
} broken[] = {
    {"a\n{{#b}}", "line 2: is never closed: b"},
    {"{{/b}}", "line 1: closes what is not open: b"},
    {"{{#a}}{{#b}}{{/a}}{{/b}}", "line 1: closes what is not open: a"},
    {"\n\n{{name", "line 3: a tag is not closed"},
    {"{{{name}}", "line 1: a tag is not closed"},
    {"{{}}", "line 1: a tag has no name"},
    {"{{=only=}}", "line 1: these cannot be delimiters"},
    {"{{!\n\n}}{{#a}}", "line 3: is never closed: a"},
};

START_TEST(broken_template_is_refused_with_its_line)
{
    char *problem = NULL;
    ck_assert_ptr_null(mustache_new(broken[_i].template, strlen(broken[_i].template), &problem));
    ck_assert_str_eq(problem, broken[_i].problem);
    free(problem);
}
END_TEST

START_TEST(nesting_is_bounded)
{
    char text[80 * 6 + 1] = "", *problem = NULL;
    for (int i = 0; i < 80; i++)
        strcat(text, "{{#a}}");
    ck_assert_ptr_null(mustache_new(text, strlen(text), &problem));
    ck_assert_str_eq(problem, "line 1: nested too deep: a");
    free(problem);
}
END_TEST

static Suite *mustache_suite(void)
{
    Suite *suite = suite_create("mustache");
    TCase *rules = tcase_create("specification"), *own = tcase_create("own");
    tcase_add_loop_test(rules, specification_holds, 0,
                        sizeof specifications / sizeof *specifications);
    tcase_add_test(own, apostrophe_is_escaped);
    tcase_add_test(own, empty_text_counts_as_absent);
    tcase_add_test(own, zero_counts_as_present);
    tcase_add_test(own, value_with_tags_is_not_a_template);
    tcase_add_test(own, recursion_without_end_stops);
    tcase_add_loop_test(own, broken_template_is_refused_with_its_line, 0,
                        sizeof broken / sizeof *broken);
    tcase_add_test(own, nesting_is_bounded);
    suite_add_tcase(suite, rules);
    suite_add_tcase(suite, own);
    return suite;
}

UNIT_MAIN(mustache_suite)
