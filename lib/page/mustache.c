/* The second pass: tokens become the flat tree of mustache_node.h. */
#include "page/mustache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "page/mustache_node.h"

#define NESTING_MAX 64

struct builder {
    struct mustache *template;
    struct tokens tokens;
    size_t at;                  /* of the token in hand */
    unsigned open[NESTING_MAX]; /* indexes of the nodes whose end is awaited */
    size_t opened[NESTING_MAX]; /* and of their tokens */
    int depth;
    char **problem;
};

static bool refuse(struct builder *builder, const struct token *token, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "line %u: %s: %.*s", token->line, what,
             token->text.len < 80 ? (int)token->text.len : 80, token->text.at);
    *builder->problem = strdup(text);
    return false;
}

static void *need(void *memory)
{
    if (!memory)
        log_out_of_memory();
    return memory;
}

static struct node *node_add(struct builder *builder, enum node_kind kind)
{
    struct mustache *template = builder->template;
    if (template->count == template->room) {
        template->room = template->room ? template->room * 2 : 64;
        template->nodes = need(realloc(template->nodes, template->room * sizeof *template->nodes));
    }
    struct node *node = &template->nodes[template->count++];
    *node = (struct node){.kind = kind, .end = template->count};
    return node;
}

static void node_name(struct node *node, struct slice name, bool dotted)
{
    node->name = need(strndup(name.at, name.len));
    node->parts = 1;
    if (!dotted)
        return;
    if (strcmp(node->name, ".") == 0) {
        node->parts = 0;
        return;
    }
    size_t len = strlen(node->name);
    for (size_t i = 0; i < len; i++)
        if (node->name[i] == '.') {
            node->name[i] = 0;
            node->parts++;
        }
}

/* {{>*name}}: the name of a template is itself looked up. */
static void node_template_name(struct node *node, struct slice name)
{
    node->dynamic = name.at[0] == '*';
    if (node->dynamic)
        do
            name = (struct slice){name.at + 1, name.len - 1};
        while (name.len && (name.at[0] == ' ' || name.at[0] == '\t'));
    node_name(node, name, node->dynamic);
}

/* Texts of the same line before the token in hand that are blank, back to the
 * line's start; false when something else stands before it. */
static bool leads_line(const struct builder *builder, size_t token, struct slice *indent)
{
    const struct token *items = builder->tokens.items;
    *indent = (struct slice){items[token].text.at, 0};
    if (items[token].line_start)
        return true;
    if (token == 0 || items[token - 1].tag || !items[token - 1].line_start)
        return false;
    *indent = items[token - 1].text;
    return slice_is_blank(items[token - 1].text);
}

/* Whether only blanks follow the token on its line. */
static bool ends_line(const struct builder *builder, size_t token)
{
    if (token + 1 == builder->tokens.count)
        return true;
    const struct token *next = &builder->tokens.items[token + 1];
    return !next->tag && slice_is_blank(next->text) &&
           (next->ends_line || token + 2 == builder->tokens.count);
}

static bool within_parent(const struct builder *builder)
{
    return builder->depth > 0 &&
           builder->template->nodes[builder->open[builder->depth - 1]].kind == NODE_PARENT;
}

/* The blanks that follow the token on its line, and the line's end. */
static void drop_rest(struct builder *builder)
{
    if (builder->at + 1 < builder->tokens.count)
        builder->tokens.items[builder->at + 1].text.len = 0;
}

/* A block whose tag does not stand alone as other tags do. What stands between
 * a parent's tags is not output, so a block there has its line for itself when
 * nothing follows. */
static void open_block(struct builder *builder, struct node *node, bool in_parent)
{
    if (!leads_line(builder, builder->at, &node->indent))
        node->indent.len = 0;
    if (in_parent && ends_line(builder, builder->at)) {
        node->standalone = true;
        drop_rest(builder);
    }
    node->inline_content = !node->standalone;
}

static bool open_node(struct builder *builder, const struct token *token, enum node_kind kind)
{
    if (builder->depth == NESTING_MAX)
        return refuse(builder, token, "nested too deep");
    bool in_parent = within_parent(builder);
    struct node *node = node_add(builder, kind);
    if (kind == NODE_PARENT)
        node_template_name(node, token->text);
    else
        node_name(node, token->text, kind != NODE_BLOCK);
    node->standalone = token->standalone;
    node->indent = token->indent;
    if (kind == NODE_BLOCK && !token->standalone)
        open_block(builder, node, in_parent);
    builder->opened[builder->depth] = builder->at;
    builder->open[builder->depth++] = builder->template->count - 1;
    return true;
}

static struct slice without(struct slice text, struct slice indent)
{
    size_t same = 0;
    while (same < text.len && same < indent.len && text.at[same] == indent.at[same])
        same++;
    return same == 0 ? text : (struct slice){text.at + same, text.len - same};
}

/* Takes the block's own indentation from its content; the place where the
 * content is shown gives its own. */
static void take_indent(struct mustache *template, unsigned block)
{
    struct slice indent = template->nodes[block].indent;
    unsigned i = block + 1;
    while (i < template->count) {
        struct node *node = &template->nodes[i];
        if (node->kind == NODE_TEXT && template->nodes[i - 1].kind == NODE_LINE)
            node->text = without(node->text, indent);
        if (node->kind == NODE_PARTIAL || node->kind == NODE_PARENT || node->kind == NODE_BLOCK)
            node->indent = without(node->indent, indent);
        /* content of inner blocks was relieved of all of theirs already */
        bool skip = node->kind == NODE_PARENT || node->kind == NODE_BLOCK;
        i = skip ? node->end : i + 1;
    }
}

/* When the tag has a line for itself, the content's first line tells how far
 * the content is indented. */
static void settle_block(struct mustache *template, unsigned block)
{
    struct node *node = &template->nodes[block];
    if (node->standalone && template->count > block + 1) {
        const struct node *first = node + 1;
        if (first->kind == NODE_LINE && template->count > block + 2 && node[2].kind == NODE_TEXT) {
            size_t len = 0;
            while (len < node[2].text.len && strchr(" \t", node[2].text.at[len]))
                len++;
            node->indent = (struct slice){node[2].text.at, len};
        } else if (first->kind == NODE_PARTIAL || first->kind == NODE_PARENT ||
                   first->kind == NODE_BLOCK) {
            node->indent = first->indent;
        } else if (first->kind == NODE_LINE) {
            node->indent.len = 0;
        }
    }
    take_indent(template, block);
}

/* A parent may stand alone on a line although its tags share it with blocks:
 * then the blanks around both tags go, and are the parent's indentation. */
static void settle_parent(struct builder *builder, unsigned parent, size_t opened)
{
    struct node *nodes = builder->template->nodes;
    struct slice indent;
    if (!leads_line(builder, opened, &indent) || !ends_line(builder, builder->at))
        return;
    drop_rest(builder);
    if (nodes[parent].standalone)
        return;
    nodes[parent].standalone = true;
    nodes[parent].indent = indent;
    if (indent.len > 0)
        nodes[parent - 1].kind = NODE_NOTHING;
    nodes[parent - 1 - (indent.len > 0)].kind = NODE_NOTHING; /* its NODE_LINE */
}

static bool names_match(const struct builder *builder, const struct token *token)
{
    struct slice open = builder->tokens.items[builder->opened[builder->depth - 1]].text;
    return open.len == token->text.len && memcmp(open.at, token->text.at, open.len) == 0;
}

static bool close_node(struct builder *builder, const struct token *token)
{
    if (builder->depth == 0 || !names_match(builder, token))
        return refuse(builder, token, "closes what is not open");
    struct mustache *template = builder->template;
    unsigned index = builder->open[--builder->depth];
    struct slice indent;
    enum node_kind kind = template->nodes[index].kind;
    if (kind == NODE_BLOCK) {
        /* blanks before the end tag of an argument are not part of it */
        struct node *last = &template->nodes[template->count - 1];
        if (within_parent(builder) && !token->standalone &&
            leads_line(builder, builder->at, &indent) && indent.len > 0 &&
            template->count > index + 2 && last->kind == NODE_TEXT)
            template->count -= 2; /* that text and its NODE_LINE */
        settle_block(template, index);
    }
    template->nodes[index].end = template->count;
    if (kind == NODE_PARENT && !token->standalone)
        settle_parent(builder, index, builder->opened[builder->depth]);
    return true;
}

static bool add_partial(struct builder *builder, const struct token *token)
{
    struct node *node = node_add(builder, NODE_PARTIAL);
    node_template_name(node, token->text);
    node->standalone = token->standalone;
    node->indent = token->indent;
    return true;
}

/* The first thing shown of a line that is not standalone begins it. */
static bool begins_line(const struct token *token)
{
    return token->line_start && (token->tag ? !token->standalone : token->text.len > 0);
}

/* The end of a section belongs to it with the line that it stands on; what
 * follows a block or a parent is not its own. */
static bool build_end(struct builder *builder, const struct token *token)
{
    bool begins = begins_line(token), section = false;
    if (builder->depth > 0) {
        enum node_kind kind = builder->template->nodes[builder->open[builder->depth - 1]].kind;
        section = kind == NODE_SECTION || kind == NODE_INVERTED;
    }
    if (begins && section)
        node_add(builder, NODE_LINE);
    if (!close_node(builder, token))
        return false;
    if (begins && !section)
        node_add(builder, NODE_LINE);
    return true;
}

static bool build_token(struct builder *builder, const struct token *token)
{
    if (token->tag == '/')
        return build_end(builder, token);
    if (begins_line(token))
        node_add(builder, NODE_LINE);
    switch (token->tag) {
    case 0:
        if (token->text.len)
            node_add(builder, NODE_TEXT)->text = token->text;
        return true;
    case 'v':
    case 'r':
        node_name(node_add(builder, token->tag == 'v' ? NODE_VALUE : NODE_RAW), token->text, true);
        return true;
    case '#':
        return open_node(builder, token, NODE_SECTION);
    case '^':
        return open_node(builder, token, NODE_INVERTED);
    case '<':
        return open_node(builder, token, NODE_PARENT);
    case '$':
        return open_node(builder, token, NODE_BLOCK);
    case '>':
        return add_partial(builder, token);
    default:
        return true; /* comments and delimiters */
    }
}

static bool build(struct builder *builder)
{
    for (; builder->at < builder->tokens.count; builder->at++)
        if (!build_token(builder, &builder->tokens.items[builder->at]))
            return false;
    if (builder->depth > 0)
        return refuse(builder, &builder->tokens.items[builder->opened[builder->depth - 1]],
                      "is never closed");
    return true;
}

struct mustache *mustache_new(const char *text, size_t len, char **problem)
{
    struct mustache *template = need(calloc(1, sizeof *template));
    struct builder builder = {.template = template, .problem = problem};
    template->source = need(malloc(len + 1));
    memcpy(template->source, text, len);
    template->source[len] = 0;
    bool good = tokens_read(template->source, len, &builder.tokens, problem) && build(&builder);
    free(builder.tokens.items);
    if (good)
        return template;
    mustache_free(template);
    return NULL;
}

void mustache_free(struct mustache *template)
{
    if (!template)
        return;
    for (unsigned i = 0; i < template->count; i++)
        free(template->nodes[i].name);
    free(template->nodes);
    free(template->source);
    free(template);
}
