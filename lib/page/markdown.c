/* markdown: see markdown.h; cmark-gfm reads and writes, here is what a page needs besides. */
#include "page/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { HEADING_BELOW = 2, HEADING_LOWEST = 6 };

/* cmark-gfm fills each row of a table up to the width of its head: a few thousand characters could
 * become megabytes of empty cells. */
enum { TABLE_CELLS_MOST = 5000 };

/* The widest line by all lines bounds the cells of all tables. */
static bool has_few_cells(const char *text)
{
    size_t lines = 1, bars = 0, widest = 0;
    for (; *text; text++) {
        bars = *text == '\n' ? 0 : bars + (*text == '|');
        lines += *text == '\n';
        widest = bars > widest ? bars : widest;
    }
    return (widest + 1) * lines <= TABLE_CELLS_MOST;
}

static void attach(cmark_parser *parser, const char *extension)
{
    cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extension));
}

static cmark_node *markdown_parse(const char *text)
{
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_DEFAULT);
    attach(parser, "strikethrough");
    attach(parser, "autolink");
    if (has_few_cells(text))
        attach(parser, "table");
    cmark_parser_feed(parser, text, strlen(text));
    cmark_node *document = cmark_parser_finish(parser);
    cmark_parser_free(parser);
    return document;
}

static void unwrap(cmark_node *node)
{
    cmark_node *child;
    while ((child = cmark_node_first_child(node)))
        cmark_node_insert_before(node, child);
    cmark_node_free(node);
}

static cmark_node *new_text(const char *literal)
{
    cmark_node *text = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(text, literal);
    return text;
}

/* The picture's place is taken by a link to it that says what the picture shows. */
static void replace_picture(cmark_node *picture)
{
    cmark_node *link = cmark_node_new(CMARK_NODE_LINK), *child;
    cmark_node_set_url(link, cmark_node_get_url(picture));
    cmark_node_insert_before(picture, link);
    while ((child = cmark_node_first_child(picture)))
        cmark_node_append_child(link, child);
    if (!cmark_node_first_child(link))
        cmark_node_append_child(link, new_text(cmark_node_get_url(picture)));
    cmark_node_free(picture);
}

/* A paragraph of the lines of a text. */
static cmark_node *new_lines(const char *text)
{
    cmark_node *paragraph = cmark_node_new(CMARK_NODE_PARAGRAPH);
    char *lines = strdup(text), *rest = lines, *line;
    while ((line = strsep(&rest, "\n"))) {
        cmark_node_append_child(paragraph, new_text(line));
        if (rest && *rest)
            cmark_node_append_child(paragraph, cmark_node_new(CMARK_NODE_LINEBREAK));
    }
    free(lines);
    return paragraph;
}

/* What looks like HTML was written to be read, like "a < b > c": it stands there as it was. */
static void show_as_text(cmark_node *html)
{
    bool block = cmark_node_get_type(html) == CMARK_NODE_HTML_BLOCK;
    const char *literal = cmark_node_get_literal(html);
    cmark_node_insert_before(html, block ? new_lines(literal) : new_text(literal));
    cmark_node_free(html);
}

static void lower_heading(cmark_node *heading)
{
    int level = cmark_node_get_heading_level(heading) + HEADING_BELOW;
    cmark_node_set_heading_level(heading, level < HEADING_LOWEST ? level : HEADING_LOWEST);
}

/* What is replaced is so when the walk leaves it; what stands before it is not walked again. HTML
 * knows no link within a link: the words of the inner one stay. */
static void fit_into_page(cmark_node *document)
{
    cmark_iter *walk = cmark_iter_new(document);
    int links = 0; /* around the node, pictures among them */
    for (cmark_event_type event; (event = cmark_iter_next(walk)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(walk);
        cmark_node_type type = cmark_node_get_type(node);
        bool leads = type == CMARK_NODE_LINK || type == CMARK_NODE_IMAGE;
        links += !leads ? 0 : event == CMARK_EVENT_ENTER ? 1 : -1;
        if (leads && event == CMARK_EVENT_EXIT && links > 0)
            unwrap(node);
        else if (type == CMARK_NODE_IMAGE && event == CMARK_EVENT_EXIT)
            replace_picture(node);
        else if (type == CMARK_NODE_HTML_INLINE || type == CMARK_NODE_HTML_BLOCK)
            show_as_text(node);
        else if (type == CMARK_NODE_HEADING && event == CMARK_EVENT_ENTER)
            lower_heading(node);
    }
    cmark_iter_free(walk);
}

static char *keep(struct arena *arena, cmark_node *document, char *rendered)
{
    char *kept = arena_text(arena, rendered);
    cmark_get_default_mem_allocator()->free(rendered);
    cmark_node_free(document);
    return kept;
}

char *markdown_html(struct arena *arena, const char *text)
{
    cmark_node *document = markdown_parse(text);
    fit_into_page(document);
    return keep(arena, document, cmark_render_html(document, CMARK_OPT_HARDBREAKS, NULL));
}

char *markdown_plain(struct arena *arena, const char *text)
{
    cmark_node *document = markdown_parse(text);
    char *plain = keep(arena, document, cmark_render_plaintext(document, CMARK_OPT_DEFAULT, 0));
    size_t len = strlen(plain);
    while (len && plain[len - 1] == '\n')
        plain[--len] = '\0';
    return plain;
}
