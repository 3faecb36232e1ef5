/* Rendering: one walk over the flat tree, with the stack of contexts and the
 * stack of inherited arguments on the C stack. */
#include <string.h>

#include "base/text.h"
#include "page/mustache.h"
#include "page/mustache_node.h"

enum {
    TEMPLATES_MAX = 64,  /* partials and parents within each other */
    DEPTH_MAX = 200,     /* those, sections and blocks together: bounds the C stack */
    STEPS_MAX = 1000000, /* nodes shown in one page: bounds templates that fan out */
};

struct scope {
    const struct scope *outer;
    json_object *value;
};

/* The blocks given between the tags of a parent. */
struct arguments {
    const struct arguments *outer;
    const struct mustache *template;
    unsigned parent;
};

/* Indentation of the lines of a partial is that of the tag, within that of its
 * own template. */
struct indent {
    const struct indent *outer;
    struct slice text;
};

struct render {
    mustache_find *find;
    void *arg;
    struct buf *out;
    long steps;
    int templates, depth;
    bool plain;      /* values as they are */
    bool line_begun; /* the place of a block has begun the line that its content begins */
};

struct place {
    const struct mustache *template;
    const struct scope *scope;
    const struct arguments *arguments;
    const struct indent *indent;
};

static void render_nodes(struct render *render, const struct place *place, unsigned from,
                         unsigned to);

/* The value of a name, NULL for null, false and what is not there. */
static json_object *look_up(const struct scope *scope, const struct node *node)
{
    const char *part = node->name;
    json_object *value = NULL;
    if (node->parts == 0)
        return scope->value;
    for (; scope; scope = scope->outer)
        if (json_object_is_type(scope->value, json_type_object) &&
            json_object_object_get_ex(scope->value, part, &value))
            break;
    for (unsigned i = 1; i < node->parts && value; i++) {
        part += strlen(part) + 1;
        if (!json_object_is_type(value, json_type_object) ||
            !json_object_object_get_ex(value, part, &value))
            return NULL;
    }
    return value;
}

/* Besides false, null and the empty list, an empty text counts as nothing. */
static bool is_shown(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return false;
    case json_type_boolean:
        return json_object_get_boolean(value);
    case json_type_array:
        return json_object_array_length(value) > 0;
    case json_type_string:
        return json_object_get_string_len(value) > 0;
    default:
        return true;
    }
}

static void put_indent(struct buf *out, const struct indent *indent)
{
    if (!indent)
        return;
    put_indent(out, indent->outer);
    buf_add(out, indent->text.at, indent->text.len);
}

static void begin_line(struct render *render, const struct place *place)
{
    if (render->line_begun)
        render->line_begun = false;
    else
        put_indent(render->out, place->indent);
}

static void render_value(struct render *render, const struct scope *scope, const struct node *node)
{
    json_object *value = look_up(scope, node);
    if (!value)
        return;
    const char *text = json_object_get_string(value);
    size_t len = json_object_is_type(value, json_type_string)
                     ? (size_t)json_object_get_string_len(value)
                     : strlen(text);
    if (node->kind == NODE_RAW || render->plain)
        buf_add(render->out, text, len);
    else
        text_html(render->out, text, len);
}

static void render_within(struct render *render, const struct place *place, json_object *value,
                          unsigned from, unsigned to)
{
    struct scope scope = {place->scope, value};
    struct place inner = *place;
    inner.scope = &scope;
    render_nodes(render, &inner, from, to);
}

static void render_section(struct render *render, const struct place *place, unsigned index)
{
    const struct node *node = &place->template->nodes[index];
    json_object *value = look_up(place->scope, node);
    bool shown = is_shown(value);
    if (node->kind == NODE_INVERTED) {
        if (!shown)
            render_nodes(render, place, index + 1, node->end);
    } else if (shown && json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        for (size_t i = 0; i < count; i++)
            render_within(render, place, json_object_array_get_idx(value, i), index + 1, node->end);
    } else if (shown) {
        render_within(render, place, value, index + 1, node->end);
    }
}

static void render_template(struct render *render, const struct place *place, unsigned index)
{
    const struct node *node = &place->template->nodes[index];
    const char *name = node->name;
    if (node->dynamic) {
        json_object *value = look_up(place->scope, node);
        name = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    }
    const struct mustache *found = name ? render->find(render->arg, name) : NULL;
    if (!found || render->templates == TEMPLATES_MAX)
        return;
    struct indent indent = {place->indent, node->indent};
    struct arguments given = {place->arguments, place->template, index};
    struct place inner = {.template = found,
                          .scope = place->scope,
                          .arguments = node->end > index + 1 ? &given : place->arguments,
                          .indent = node->standalone ? &indent : NULL};
    render->templates++;
    render_nodes(render, &inner, 0, found->count);
    render->templates--;
}

/* What a parent's tags give for the block, NULL when nothing. */
static const struct node *argument_in(const struct arguments *arguments, const char *name)
{
    const struct node *nodes = arguments->template->nodes;
    for (unsigned i = arguments->parent + 1; i < nodes[arguments->parent].end; i = nodes[i].end)
        if (nodes[i].kind == NODE_BLOCK && strcmp(nodes[i].name, name) == 0)
            return &nodes[i];
    return NULL;
}

/* The outermost template that gives the block wins. */
static void render_block(struct render *render, const struct place *place, unsigned index)
{
    const struct node *site = &place->template->nodes[index], *content = site;
    const struct mustache *template = place->template;
    for (const struct arguments *it = place->arguments; it; it = it->outer) {
        const struct node *given = argument_in(it, site->name);
        if (given) {
            content = given;
            template = it->template;
        }
    }
    struct indent indent = {place->indent, site->indent};
    struct place inner = *place;
    inner.template = template;
    inner.indent = &indent;
    unsigned from = (unsigned)(content - template->nodes) + 1;
    if (from == content->end)
        return;
    if (site->standalone && content->inline_content)
        put_indent(render->out, &indent);
    render->line_begun = !site->standalone && !content->inline_content;
    render_nodes(render, &inner, from, content->end);
    render->line_begun = false;
}

static void render_nodes(struct render *render, const struct place *place, unsigned from,
                         unsigned to)
{
    const struct node *nodes = place->template->nodes;
    if (render->depth == DEPTH_MAX)
        return;
    render->depth++;
    for (unsigned i = from; i < to && render->steps < STEPS_MAX; i = nodes[i].end) {
        const struct node *node = &nodes[i];
        render->steps++;
        switch (node->kind) {
        case NODE_NOTHING:
            break;
        case NODE_LINE:
            begin_line(render, place);
            break;
        case NODE_TEXT:
            buf_add(render->out, node->text.at, node->text.len);
            break;
        case NODE_VALUE:
        case NODE_RAW:
            render_value(render, place->scope, node);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            render_section(render, place, i);
            break;
        case NODE_PARTIAL:
        case NODE_PARENT:
            render_template(render, place, i);
            break;
        case NODE_BLOCK:
            render_block(render, place, i);
            break;
        }
    }
    render->depth--;
}

static void render_all(struct render *render, const struct mustache *template, json_object *data)
{
    struct scope scope = {NULL, data};
    struct place place = {.template = template, .scope = &scope};
    render_nodes(render, &place, 0, template->count);
}

void mustache_render(const struct mustache *template, json_object *data, mustache_find *find,
                     void *arg, struct buf *out)
{
    render_all(&(struct render){.find = find, .arg = arg, .out = out}, template, data);
}

void mustache_render_plain(const struct mustache *template, json_object *data, mustache_find *find,
                           void *arg, struct buf *out)
{
    render_all(&(struct render){.find = find, .arg = arg, .out = out, .plain = true}, template,
               data);
}
