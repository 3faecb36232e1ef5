#include "access/permission.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>

#include "access/session.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "http/cx.h"

static const char platform_area[] = "platform.";

static size_t word_length(const char *at)
{
    size_t len = 0;
    while (islower((unsigned char)at[len]) || isdigit((unsigned char)at[len]) || at[len] == '_')
        len++;
    return len;
}

/* "*", "*:read", "area.*", "area.*:read", "area.resource:*", "area.resource:action" */
bool permission_is_grant(const char *text)
{
    const char *at = text;
    if (*at == '*') {
        at++;
    } else {
        at += word_length(at);
        if (at == text || *at++ != '.')
            return false;
        size_t len = *at == '*' ? 1 : word_length(at);
        if (len == 0)
            return false;
        bool any = *at == '*';
        at += len;
        if (!any && *at != ':')
            return false;
    }
    if (*at == '\0')
        return true;
    if (*at++ != ':')
        return false;
    size_t len = *at == '*' ? 1 : word_length(at);
    return len > 0 && at[len] == '\0';
}

/* The part before ':' and the action behind it ("" for none: any). */
static const char *action_of(const char *text)
{
    const char *colon = strchr(text, ':');
    return colon ? colon + 1 : "*";
}

static bool subject_covers(const char *grant, const char *permission)
{
    size_t len = strcspn(grant, ":"), subject = strcspn(permission, ":");
    if (len == 1 && grant[0] == '*')
        return !text_starts(permission, platform_area);
    if (len >= 2 && grant[len - 1] == '*')
        return subject >= len - 1 && strncmp(grant, permission, len - 1) == 0;
    return len == subject && strncmp(grant, permission, len) == 0;
}

bool grant_covers(const char *grant, const char *permission)
{
    const char *action = action_of(grant);
    return subject_covers(grant, permission) &&
           (strcmp(action, "*") == 0 || strcmp(action, action_of(permission)) == 0);
}

bool permissions_allow(const struct permissions *permissions, const char *permission)
{
    for (size_t i = 0; i < permissions->count; i++)
        if (grant_covers(permissions->grants[i], permission))
            return true;
    return false;
}

/* A grant with wildcards is covered by one that is as wide: the same test, with
 * the wildcards of the narrower taken as words. "*" itself needs "*". */
bool permissions_cover(const struct permissions *permissions, const char *grant)
{
    for (size_t i = 0; i < permissions->count; i++) {
        const char *own = permissions->grants[i];
        if (strcmp(own, grant) == 0 || (grant[0] != '*' && grant_covers(own, grant)))
            return true;
        if (grant[0] == '*' && own[0] == '*' &&
            (strcmp(action_of(own), "*") == 0 || strcmp(action_of(own), action_of(grant)) == 0))
            return true;
    }
    return false;
}

const char *permissions_lacking(const struct permissions *all, const struct permissions *some)
{
    for (size_t i = 0; i < some->count; i++)
        if (!permissions_cover(all, some->grants[i]))
            return some->grants[i];
    return NULL;
}

/* The narrower of two, when one holds the other: subjects without their action. */
static const char *narrower_subject(const char *a, const char *b)
{
    return subject_covers(a, b) ? b : subject_covers(b, a) ? a : NULL;
}

static const char *narrower_action(const char *a, const char *b)
{
    const char *of_a = action_of(a), *of_b = action_of(b);
    return strcmp(of_a, "*") == 0                              ? of_b
           : strcmp(of_b, "*") == 0 || strcmp(of_a, of_b) == 0 ? of_a
                                                               : NULL;
}

/* NULL: nothing is allowed by both. */
static const char *meet(struct arena *arena, const char *a, const char *b)
{
    const char *subject = narrower_subject(a, b), *action = narrower_action(a, b);
    if (!subject || !action)
        return NULL;
    int len = (int)strcspn(subject, ":");
    bool all = subject[len - 1] == '*' && strcmp(action, "*") == 0;
    return arena_printf(arena, "%.*s%s%s", len, subject, all ? "" : ":", all ? "" : action);
}

struct permissions permissions_meet(struct arena *arena, const struct permissions *a,
                                    const struct permissions *b)
{
    const char **grants = arena_alloc(arena, sizeof *grants * (a->count * b->count + 1));
    struct permissions both = {grants, 0};
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < b->count; k++) {
            const char *grant = meet(arena, a->grants[i], b->grants[k]);
            if (grant && !permissions_cover(&both, grant))
                grants[both.count++] = grant;
        }
    return both;
}

/* One item of a text[] ("{a,\"b\"}"), unquoted; NULL at the end. */
static char *next_item(struct arena *arena, const char **at)
{
    while (**at == '{' || **at == ',')
        (*at)++;
    if (**at == '\0' || **at == '}')
        return NULL;
    bool quoted = **at == '"';
    *at += quoted;
    size_t len = strcspn(*at, quoted ? "\"" : ",}");
    char *item = arena_copy(arena, *at, len);
    *at += len;
    *at += quoted && **at == '"';
    return item;
}

/* No grant holds a character that text[] escapes, so one with such is none. */
static size_t read_array(struct arena *arena, const char *text, const char **grants)
{
    size_t count = 0;
    for (char *item; (item = next_item(arena, &text)) != NULL;)
        if (permission_is_grant(item))
            grants[count++] = item;
    return count;
}

static size_t read_json(struct arena *arena, json_object *list, const char **grants)
{
    size_t count = 0;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *item = json_object_array_get_idx(list, i);
        const char *grant = json_object_get_string(item);
        if (json_object_is_type(item, json_type_string) && permission_is_grant(grant))
            grants[count++] = arena_text(arena, grant);
    }
    return count;
}

static size_t commas(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == ',';
    return count;
}

struct permissions permissions_read(struct arena *arena, const char *text)
{
    if (!text || (text[0] != '{' && text[0] != '['))
        return (struct permissions){NULL, 0};
    const char **grants = arena_alloc(arena, sizeof *grants * (commas(text) + 1));
    if (text[0] == '{')
        return (struct permissions){grants, read_array(arena, text, grants)};
    json_object *list = json_tokener_parse(text);
    size_t count = json_object_is_type(list, json_type_array) ? read_json(arena, list, grants) : 0;
    json_object_put(list);
    return (struct permissions){grants, count};
}

const char *permissions_write(struct arena *arena, const struct permissions *permissions)
{
    struct buf out;
    struct json json;
    buf_init(&out, arena);
    json_start(&json, &out);
    json_open_array(&json);
    for (size_t i = 0; i < permissions->count; i++)
        json_put_text(&json, permissions->grants[i]);
    json_close_array(&json);
    return out.data;
}

bool may(const struct cx *cx, const char *permission)
{
    return cx->session && permissions_allow(&cx->session->permissions, permission);
}
