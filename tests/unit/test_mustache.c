/* The rules of Mustache, what the specification leaves open, and the specification. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* ---- rule by rule ---- */

static const struct {
    const char *rule, *template, *data, *partials, *expected;
} rules[] = {
    {"a comment says nothing", "club{{! closed on Mondays }}house", "{}", NULL, "clubhouse"},
    {"a comment may be long", "a{{!\n b\n c }}d", "{}", NULL, "ad"},
    {"a comment alone takes its line with it", "one\n  {{! aside }}\ntwo\n", "{}", NULL,
     "one\ntwo\n"},
    {"a comment with text beside it leaves the line", "one {{! aside }} \ntwo", "{}", NULL,
     "one  \ntwo"},
    {"lines may end as on Windows", "one\r\n{{! aside }}\r\ntwo", "{}", NULL, "one\r\ntwo"},
    {"a comment on the last line", "one\n  {{! aside }}", "{}", NULL, "one\n"},
    {"a comment is no name", "{{! court }}{{court}}", "{\"court\":4,\"! court\":5}", NULL, "4"},
    {"other delimiters", "{{=<% %>=}}<%court%> {{court}}", "{\"court\":3}", NULL, "3 {{court}}"},
    {"and back again", "{{=| |=}}|a|{{a}}|={{ }}=|{{a}}|a|", "{\"a\":\"x\"}", NULL, "x{{a}}x|a|"},
    {"delimiters hold within sections", "{{=[ ]=}}[#a][b]{{b}}[/a]", "{\"a\":{\"b\":1}}", NULL,
     "1{{b}}"},
    {"delimiters do not reach into partials", "{{=[ ]=}}[>p]", "{\"a\":7}", "{\"p\":\"{{a}}[a]\"}",
     "7[a]"},
    {"nor out of them", "{{>p}}{{a}}", "{\"a\":7}", "{\"p\":\"{{=[ ]=}}[a]\"}", "77"},
    {"a change of delimiters alone takes its line", "x\n {{=[ ]=}} \n[a]", "{\"a\":1}", NULL,
     "x\n1"},
    {"delimiters with spaces", "{{=  @  @  =}}@a@", "{\"a\":1}", NULL, "1"},
    {"text alone", "No tags } here {", "{}", NULL, "No tags } here {"},
    {"a value", "Court {{ number }}.", "{\"number\":12}", NULL, "Court 12."},
    {"a value is escaped", "{{t}}", "{\"t\":\"<b> & \\\"c\\\"\"}", NULL,
     "&lt;b&gt; &amp; &quot;c&quot;"},
    {"three braces do not escape", "{{{t}}}", "{\"t\":\"<b> & \\\"c\\\"\"}", NULL, "<b> & \"c\""},
    {"nor an ampersand", "{{& t }}", "{\"t\":\"<i>\"}", NULL, "<i>"},
    {"what came of a value is text", "{{a}}", "{\"a\":\"{{b}}\",\"b\":\"no\"}", NULL, "{{b}}"},
    {"fractions", "{{p}} {{{p}}} {{&p}}", "{\"p\":1.25}", NULL, "1.25 1.25 1.25"},
    {"null is nothing", "[{{n}}{{{n}}}{{&n}}]", "{\"n\":null}", NULL, "[]"},
    {"what is not there is nothing", "[{{n}}{{{n}}}{{&n}}]", "{}", NULL, "[]"},
    {"dots lead inside", "{{club.owner.name}}", "{\"club\":{\"owner\":{\"name\":\"Ana\"}}}", NULL,
     "Ana"},
    {"a chain that breaks is nothing", "[{{a.b.c}}]", "{\"a\":{\"b\":{}},\"c\":\"no\"}", NULL,
     "[]"},
    {"the first of a chain decides where", "{{#a}}{{b.c}}{{/a}}",
     "{\"a\":{\"b\":{}},\"b\":{\"c\":\"no\"}}", NULL, ""},
    {"the first of a chain may stand further out", "{{#a}}{{b.c}}{{/a}}",
     "{\"a\":{\"x\":1},\"b\":{\"c\":\"yes\"}}", NULL, "yes"},
    {"a key with a dot is not meant", "[{{a.b}}]", "{\"a.b\":\"no\"}", NULL, "[]"},
    {"the dot alone is the value", "{{.}}", "\"plain & whole\"", NULL, "plain &amp; whole"},
    {"the dot unescaped", "{{{.}}}{{&.}}", "\"&\"", NULL, "&&"},
    {"a value keeps what is around it", "  {{a}}\n", "{\"a\":1}", NULL, "  1\n"},
    {"a section of true", "{{#on}}shown{{/on}}", "{\"on\":true}", NULL, "shown"},
    {"a section of false", "[{{#on}}hidden{{/on}}]", "{\"on\":false}", NULL, "[]"},
    {"a section of null or of nothing", "[{{#n}}x{{/n}}{{#m}}x{{/m}}]", "{\"n\":null}", NULL, "[]"},
    {"an object is the place of its section", "{{#who}}{{name}}{{/who}}",
     "{\"who\":{\"name\":\"Ben\"},\"name\":\"no\"}", NULL, "Ben"},
    {"names further out are seen", "{{#a}}{{#b}}{{x}}{{y}}{{z}}{{/b}}{{/a}}",
     "{\"x\":1,\"a\":{\"y\":2,\"b\":{\"z\":3}}}", NULL, "123"},
    {"the nearest name is meant", "{{#a}}{{#b}}{{x}}{{/b}}{{x}}{{/a}}{{x}}",
     "{\"x\":1,\"a\":{\"x\":2,\"b\":{\"x\":3}}}", NULL, "321"},
    {"a list repeats", "{{#courts}}{{n}};{{/courts}}",
     "{\"courts\":[{\"n\":1},{\"n\":2},{\"n\":3}]}", NULL, "1;2;3;"},
    {"an empty list does not", "[{{#courts}}x{{/courts}}]", "{\"courts\":[]}", NULL, "[]"},
    {"a list of values", "{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",2,\"<\"]}", NULL, "(a)(2)(&lt;)"},
    {"a list of values unescaped", "{{#l}}{{{.}}}{{&.}}{{/l}}", "{\"l\":[\"<\"]}", NULL, "<<"},
    {"a list of lists", "{{#l}}[{{#.}}{{.}}{{/.}}]{{/l}}", "{\"l\":[[1,2],[3]]}", NULL, "[12][3]"},
    {"a list at the root", "{{#.}}{{v}},{{/.}}", "[{\"v\":1},{\"v\":2}]", NULL, "1,2,"},
    {"a text is its own place", "{{#t}}{{.}}!{{/t}}", "{\"t\":\"go\"}", NULL, "go!"},
    {"the same section twice", "{{#a}}1{{/a}}-{{#a}}2{{/a}}", "{\"a\":true}", NULL, "1-2"},
    {"sections within sections", "{{#a}}A{{#b}}B{{/b}}C{{/a}}", "{\"a\":true,\"b\":false}", NULL,
     "AC"},
    {"a section by dots", "{{#a.b}}yes{{/a.b}}{{#a.c}}no{{/a.c}}{{#a.b.x}}no{{/a.b.x}}",
     "{\"a\":{\"b\":true}}", NULL, "yes"},
    {"tags alone take their lines", "<ul>\n  {{#l}}\n  <li>{{.}}</li>\n  {{/l}}\n</ul>\n",
     "{\"l\":[1,2]}", NULL, "<ul>\n  <li>1</li>\n  <li>2</li>\n</ul>\n"},
    {"a section in a line stays in it", " {{#a}}x {{/a}} y\n", "{\"a\":true}", NULL, " x  y\n"},
    {"a section on the first and the last line", "  {{#a}}\nx\n  {{/a}}", "{\"a\":true}", NULL,
     "x\n"},
    {"a section with lines of Windows", "{{#a}}\r\nx\r\n{{/a}}\r\n", "{\"a\":true}", NULL, "x\r\n"},
    {"room around the name", "{{# a }}x{{/ a }}", "{\"a\":true}", NULL, "x"},
    {"the inverse of false", "{{^on}}off{{/on}}", "{\"on\":false}", NULL, "off"},
    {"the inverse of true", "[{{^on}}off{{/on}}]", "{\"on\":true}", NULL, "[]"},
    {"the inverse of null, nothing and an empty list", "{{^n}}1{{/n}}{{^m}}2{{/m}}{{^l}}3{{/l}}",
     "{\"n\":null,\"l\":[]}", NULL, "123"},
    {"the inverse of a list or an object", "[{{^l}}x{{/l}}{{^o}}x{{/o}}]",
     "{\"l\":[0],\"o\":{\"a\":1}}", NULL, "[]"},
    {"the inverse by dots", "{{^a.b}}1{{/a.b}}{{^a.c}}2{{/a.c}}", "{\"a\":{\"b\":true}}", NULL,
     "2"},
    {"the inverse alone takes its lines", "a\n {{^b}}\nc\n {{/b}}\nd", "{}", NULL, "a\nc\nd"},
    {"one and its inverse", "{{#a}}1{{^b}}2{{/b}}{{/a}}{{^a}}3{{/a}}", "{\"a\":true}", NULL, "12"},
    {"a partial", "[{{>p}}]", "{}", "{\"p\":\"from it\"}", "[from it]"},
    {"a partial that is not there", "[{{>p}}]", "{}", "{}", "[]"},
    {"a partial sees where it is", "{{#a}}{{>p}}{{/a}}", "{\"a\":{\"x\":1},\"y\":2}",
     "{\"p\":\"{{x}}{{y}}\"}", "12"},
    {"a partial of itself ends with the data", "{{>n}}",
     "{\"v\":1,\"l\":[{\"v\":2,\"l\":[{\"v\":3,\"l\":[]}]}]}",
     "{\"n\":\"{{v}}{{#l}}({{>n}}){{/l}}\"}", "1(2(3))"},
    {"a partial within a line brings no indent", "| {{>p}} |", "{}", "{\"p\":\"a\\nb\"}",
     "| a\nb |"},
    {"a partial alone is indented as it stands", "<\n  {{>p}}\n>", "{\"v\":\"1\\n2\"}",
     "{\"p\":\"a\\n{{{v}}}\\n\"}", "<\n  a\n  1\n2\n>"},
    {"a partial alone with lines of Windows", "<\r\n{{>p}}\r\n>", "{}", "{\"p\":\"a\"}", "<\r\na>"},
    {"a partial on the last line", "<\n  {{>p}}", "{}", "{\"p\":\"a\\nb\"}", "<\n  a\n  b"},
    {"room around a partial's name", "{{> p }}", "{}", "{\"p\":\"a\"}", "a"},
    {"a partial that the data names", "{{>*which}}", "{\"which\":\"b\"}",
     "{\"a\":\"A\",\"b\":\"B\"}", "B"},
    {"by dots and with room", "{{> * look.row }}", "{\"look\":{\"row\":\"a\"}}", "{\"a\":\"A\"}",
     "A"},
    {"the data names none, or one that is not there", "[{{>*which}}{{>*other}}]",
     "{\"other\":\"z\"}", "{\"which\":\"no\"}", "[]"},
    {"each of a list its own", "{{#l}}{{>*kind}}{{/l}}",
     "{\"l\":[{\"kind\":\"a\",\"v\":1},{\"kind\":\"b\",\"v\":2}]}",
     "{\"a\":\"A{{v}}\",\"b\":\"B{{v}}\"}", "A1B2"},
    {"one by name alone is indented", "<\n  {{>*p}}\n>", "{\"p\":\"a\"}", "{\"a\":\"x\\ny\\n\"}",
     "<\n  x\n  y\n>"},
    {"a block has what stands in it", "{{$title}}Tulou{{/title}}", "{}", NULL, "Tulou"},
    {"a block renders", "{{$t}}{{a}}{{#l}}{{.}}{{/l}}{{^n}}!{{/n}}{{/t}}",
     "{\"a\":\"&\",\"l\":[1,2]}", NULL, "&amp;12!"},
    {"a parent as it is", "{{<p}}{{/p}}", "{}", "{\"p\":\"<{{$b}}old{{/b}}>\"}", "<old>"},
    {"a parent with a block of ours", "{{<p}}{{$b}}new{{/b}}{{/p}}", "{}",
     "{\"p\":\"<{{$b}}old{{/b}}>\"}", "<new>"},
    {"one block of two", "{{<p}}{{$b}}2{{/b}}{{/p}}", "{}",
     "{\"p\":\"{{$a}}1{{/a}}{{$b}}x{{/b}}\"}", "12"},
    {"the data is no block", "{{<p}}{{$b}}new{{/b}}{{/p}}{{$b}}plain{{/b}}", "{\"b\":\"no\"}",
     "{\"p\":\"{{$b}}old{{/b}}\"}", "newplain"},
    {"the same parent twice", "{{<p}}{{$b}}1{{/b}}{{/p}}{{<p}}{{$b}}2{{/b}}{{/p}}", "{}",
     "{\"p\":\"({{$b}}{{/b}})\"}", "(1)(2)"},
    {"a grandparent", "{{<p}}{{$b}}mine{{/b}}{{/p}}", "{}",
     "{\"p\":\"{{<g}}{{$b}}theirs{{/b}}{{/g}}\",\"g\":\"[{{$b}}old{{/b}}]\"}", "[mine]"},
    {"a grandparent by the parent alone", "{{<p}}{{/p}}", "{}",
     "{\"p\":\"{{<g}}{{$b}}theirs{{/b}}{{/g}}\",\"g\":\"[{{$b}}old{{/b}}]\"}", "[theirs]"},
    {"text within a parent's tag is not said", "{{<p}}words{{$b}}x{{/b}} {{c}}{{/p}}",
     "{\"c\":\"no\"}", "{\"p\":\"{{$b}}{{/b}}\"}", "x"},
    {"a block in a section sees its place", "{{<p}}{{$b}}{{v}}{{/b}}{{/p}}",
     "{\"v\":\"out\",\"l\":{\"v\":\"in\"}}", "{\"p\":\"{{#l}}{{$b}}{{/b}}{{/l}}\"}", "in"},
};

START_TEST(rule_holds)
{
    json_object *data = json_tokener_parse(rules[_i].data);
    partials = rules[_i].partials ? json_tokener_parse(rules[_i].partials) : NULL;
    char *out = render(rules[_i].template, data);
    ck_assert_msg(strcmp(out, rules[_i].expected) == 0, "%s: %s", rules[_i].rule, out);
    free(out);
    json_object_put(data);
    json_object_put(partials);
    partials = NULL;
}
END_TEST

/* ---- the specification's own cases, where somebody has them ---- */

static const char *const specifications[] = {
    "comments", "delimiters", "interpolation",  "inverted",
    "partials", "sections",   "~dynamic-names", "~inheritance",
};

static json_object *read_specification(const char *name)
{
    char path[512];
    const char *shared = getenv("SHARED");
    snprintf(path, sizeof path, "%s/data/mustache/%s.json", shared ? shared : "../shared", name);
    return access(path, R_OK) == 0 ? json_object_from_file(path) : NULL;
}

START_TEST(specification_holds)
{
    const char *name = specifications[_i];
    json_object *file = read_specification(name);
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
END_TEST

/* The runner counts them apart (tests/run.mjs): a clone has what is in it. */
static void add_specification(TCase *tests)
{
    const int count = sizeof specifications / sizeof *specifications;
    for (int i = 0; i < count; i++) {
        json_object *file = read_specification(specifications[i]);
        if (!file)
            return;
        json_object_put(file);
    }
    tcase_add_loop_test(tests, specification_holds, 0, count);
    printf("apart: %d of the Mustache specification\n", count);
    fflush(stdout);
}

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
    TCase *own = tcase_create("own"), *specification = tcase_create("specification");
    tcase_add_loop_test(own, rule_holds, 0, sizeof rules / sizeof *rules);
    add_specification(specification);
    tcase_add_test(own, apostrophe_is_escaped);
    tcase_add_test(own, empty_text_counts_as_absent);
    tcase_add_test(own, zero_counts_as_present);
    tcase_add_test(own, value_with_tags_is_not_a_template);
    tcase_add_test(own, recursion_without_end_stops);
    tcase_add_loop_test(own, broken_template_is_refused_with_its_line, 0,
                        sizeof broken / sizeof *broken);
    tcase_add_test(own, nesting_is_bounded);
    suite_add_tcase(suite, own);
    suite_add_tcase(suite, specification);
    return suite;
}

UNIT_MAIN(mustache_suite)
