/* route: the router, a tree with a level for each segment of the path. */
#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

struct node {
    char *segment;        /* NULL: a parameter */
    struct node *child;   /* first of the next level */
    struct node *sibling; /* next of this level; the parameter stands last */
    const struct route *routes[HTTP_OTHER];
};

struct router {
    struct node root;
};

static bool is_segment(const struct node *node, const char *segment, size_t len)
{
    return node->segment && strncmp(node->segment, segment, len) == 0 && node->segment[len] == '\0';
}

static struct node *add_child(struct node *parent, const char *segment, size_t len)
{
    bool parameter = segment[0] == ':';
    struct node **at = &parent->child;
    for (; *at && (parameter || (*at)->segment); at = &(*at)->sibling)
        if (parameter ? !(*at)->segment : is_segment(*at, segment, len))
            return *at;
    struct node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    if (!parameter && !(node->segment = strndup(segment, len))) {
        free(node);
        return NULL;
    }
    node->sibling = *at;
    *at = node;
    return node;
}

static bool add_route(struct router *router, const struct route *route)
{
    struct node *node = &router->root;
    int parameters = 0;
    for (const char *at = route->path; node && *at == '/' && at[1];) {
        const char *end = strchrnul(at + 1, '/');
        parameters += at[1] == ':';
        node = add_child(node, at + 1, (size_t)(end - at - 1));
        at = end;
    }
    if (!node || parameters > ROUTE_PARAMS_MAX || node->routes[route->method]) {
        log_error(parameters > ROUTE_PARAMS_MAX ? "a route has too many parameters"
                                                : "two routes with one address",
                  "method", method_name(route->method), "path", route->path);
        return false;
    }
    node->routes[route->method] = route;
    return true;
}

struct router *router_new(const struct route *const *routes, size_t count)
{
    struct router *router = calloc(1, sizeof *router);
    for (size_t i = 0; router && i < count; i++)
        if (!add_route(router, routes[i])) {
            router_free(router);
            return NULL;
        }
    return router;
}

static void free_children(struct node *node)
{
    for (struct node *child = node->child, *next; child; child = next) {
        next = child->sibling;
        free_children(child);
        free(child->segment);
        free(child);
    }
}

void router_free(struct router *router)
{
    if (!router)
        return;
    free_children(&router->root);
    free(router);
}

static bool has_routes(const struct node *node)
{
    for (int i = 0; i < HTTP_OTHER; i++)
        if (node->routes[i])
            return true;
    return false;
}

/* Literal segments first; when they lead nowhere, the parameter. */
static const struct node *walk(const struct node *node, const char *path, struct arena *arena,
                               const char **values, int count)
{
    if (*path == '\0')
        return has_routes(node) ? node : NULL;
    if (path[0] != '/' || path[1] == '/' || path[1] == '\0')
        return NULL; /* no parameter is empty */
    const char *end = strchrnul(path + 1, '/');
    size_t len = (size_t)(end - path - 1);
    for (const struct node *child = node->child; child; child = child->sibling) {
        if (child->segment && !is_segment(child, path + 1, len))
            continue;
        int next = count;
        if (!child->segment)
            values[next++] = arena_copy(arena, path + 1, len);
        const struct node *found = walk(child, end, arena, values, next);
        if (found)
            return found;
    }
    return NULL;
}

static char *allowed(const struct node *node, struct arena *arena)
{
    struct buf list;
    buf_init(&list, arena);
    for (int i = 0; i < HTTP_OTHER; i++)
        if (node->routes[i] || (i == HTTP_HEAD && node->routes[HTTP_GET])) {
            buf_puts(&list, list.len ? ", " : "");
            buf_puts(&list, method_name((enum http_method)i));
        }
    return list.data;
}

static const struct route *route_of(const struct node *node, enum http_method method)
{
    if (method == HTTP_HEAD && !node->routes[HTTP_HEAD])
        method = HTTP_GET;
    return method < HTTP_OTHER ? node->routes[method] : NULL;
}

struct route_match router_find(const struct router *router, struct arena *arena,
                               enum http_method method, const char *path)
{
    struct route_match match = {.route = NULL};
    size_t len = strlen(path);
    bool api = strncmp(path, "/api/", 5) == 0;
    if (len == 1 && path[0] == '/')
        path = "";
    else if (len > 1 && path[len - 1] == '/' && !api)
        path = arena_copy(arena, path, len - 1);
    const struct node *node = walk(&router->root, path, arena, match.values, 0);
    if (!node)
        return match;
    match.route = route_of(node, method);
    if (!match.route)
        match.allow = allowed(node, arena);
    return match;
}
