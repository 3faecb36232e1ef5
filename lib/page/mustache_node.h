/* mustache_node: what a compiled template is made of; private to mustache_*.c.
 *
 * A template is one flat array: the children of node i are the nodes from i+1
 * up to nodes[i].end. Texts are slices of the template's own copy of its
 * source, so that taking indentation away is moving a pointer.
 */
#ifndef PAGE_MUSTACHE_NODE_H
#define PAGE_MUSTACHE_NODE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
    const char *at;
    size_t len;
};

enum node_kind {
    NODE_NOTHING, /* was taken out again when its line proved to be standalone */
    NODE_LINE,    /* a line begins here: indentation goes out */
    NODE_TEXT,
    NODE_VALUE,    /* {{name}} */
    NODE_RAW,      /* {{{name}}} {{&name}} */
    NODE_SECTION,  /* {{#name}} */
    NODE_INVERTED, /* {{^name}} */
    NODE_PARTIAL,  /* {{>name}} */
    NODE_PARENT,   /* {{<name}} */
    NODE_BLOCK     /* {{$name}} */
};

struct node {
    enum node_kind kind;
    bool standalone;     /* partial, parent, block: its tag has the line for itself */
    bool dynamic;        /* partial, parent: {{>*name}} */
    bool inline_content; /* block: the content begins on the tag's own line */
    unsigned parts;      /* of a dotted name; 0 means "." */
    unsigned end;        /* index after the last child */
    char *name;          /* parts, each closed by NUL */
    struct slice text;   /* of NODE_TEXT */
    struct slice indent; /* what each line of a partial, parent or block gets */
};

struct mustache {
    char *source;
    struct node *nodes;
    unsigned count, room;
};

/* ---- mustache_token.c: the source cut into lines of texts and tags ---- */
struct token {
    char tag;            /* 0: text; else one of "vr#^/!=><$" (v: value, r: raw) */
    bool line_start;     /* the first of its line */
    bool ends_line;      /* a text that ends in a newline */
    bool standalone;     /* a tag that has the line for itself */
    struct slice text;   /* of a text; of a tag: its name */
    struct slice indent; /* of a standalone tag */
    unsigned line;
};

struct tokens {
    struct token *items;
    size_t count, room;
};

/* Heap; false with *problem (heap) when a tag is never closed and the like. */
bool tokens_read(const char *source, size_t len, struct tokens *out, char **problem);
bool slice_is_blank(struct slice text); /* spaces, tabs and line ends only */

#endif
