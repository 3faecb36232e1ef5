/* markdown: what may stand in a page of what somebody wrote. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "page/markdown.h"
#include "unit.h"

static void assert_html(const char *text, const char *html)
{
    struct arena *arena = arena_new();
    ck_assert_str_eq(markdown_html(arena, text), html);
    arena_free(arena);
}

START_TEST(what_is_common_is_shown)
{
    assert_html("", "");
    assert_html("**a** *b* ~~c~~ `d`",
                "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>\n");
    assert_html("one\ntwo", "<p>one<br />\ntwo</p>\n");
    assert_html("- [x](https://example.com)",
                "<ul>\n<li><a href=\"https://example.com\">x</a></li>\n</ul>\n");
    assert_html("See https://example.com.",
                "<p>See <a href=\"https://example.com\">https://example.com</a>.</p>\n");
    assert_html("| a |\n| - |\n| 1 |",
                "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n"
                "</tr>\n</tbody>\n</table>\n");
}
END_TEST

START_TEST(headings_begin_below_those_of_the_page)
{
    assert_html("# a", "<h3>a</h3>\n");
    assert_html("###### a", "<h6>a</h6>\n");
}
END_TEST

START_TEST(html_is_text_and_dangerous_addresses_lead_nowhere)
{
    struct arena *arena = arena_new();
    assert_html("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
    assert_html("<b>\n<i>", "<p>&lt;b&gt;<br />\n&lt;i&gt;</p>\n");
    assert_html("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n");
    assert_html("[a](javascript:alert(1))", "<p><a href=\"\">a</a></p>\n");
    assert_html("[a](JaVaScRiPt:alert(1) \"t\")", "<p><a href=\"\" title=\"t\">a</a></p>\n");
    assert_html("<javascript:x>", "<p><a href=\"\">javascript:x</a></p>\n");
    assert_html("1 < 2 & \"3\"", "<p>1 &lt; 2 &amp; &quot;3&quot;</p>\n");
    ck_assert_ptr_null(strstr(markdown_html(arena, "[a](data:text/html,x)"), "data:"));
    arena_free(arena);
}
END_TEST

START_TEST(a_picture_is_a_link_to_it)
{
    assert_html("![tree](https://example.com/t.png)",
                "<p><a href=\"https://example.com/t.png\">tree</a></p>\n");
    assert_html("![](https://example.com/t.png)",
                "<p><a href=\"https://example.com/t.png\">https://example.com/t.png</a></p>\n");
    assert_html("![a ![b](/b) c](/a)", "<p><a href=\"/a\">a b c</a></p>\n");
    assert_html("![a [b](/b) c](/a)", "<p><a href=\"/a\">a b c</a></p>\n");
    assert_html("[![a](/a)](/b)", "<p><a href=\"/b\">a</a></p>\n");
    assert_html("![a](javascript:x)", "<p><a href=\"\">a</a></p>\n");
}
END_TEST

START_TEST(a_table_that_would_grow_beyond_measure_is_none)
{
    struct arena *arena = arena_new();
    struct buf text;
    buf_init(&text, arena);
    for (int i = 0; i < 50; i++)
        buf_puts(&text, "|a");
    buf_puts(&text, "\n");
    for (int i = 0; i < 50; i++)
        buf_puts(&text, "|-");
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "\na");
    ck_assert_uint_lt(strlen(markdown_html(arena, text.data)), 20000);
    arena_free(arena);
}
END_TEST

START_TEST(a_cell_shows_the_words_alone)
{
    struct arena *arena = arena_new();
    ck_assert_str_eq(markdown_plain(arena, "# a\n\n**b** [c](/d)"), "a\n\nb c");
    ck_assert_str_eq(markdown_plain(arena, ""), "");
    arena_free(arena);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("markdown");
    TCase *tests = tcase_create("markdown");
    tcase_add_test(tests, what_is_common_is_shown);
    tcase_add_test(tests, headings_begin_below_those_of_the_page);
    tcase_add_test(tests, html_is_text_and_dangerous_addresses_lead_nowhere);
    tcase_add_test(tests, a_picture_is_a_link_to_it);
    tcase_add_test(tests, a_table_that_would_grow_beyond_measure_is_none);
    tcase_add_test(tests, a_cell_shows_the_words_alone);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN(make_suite)
