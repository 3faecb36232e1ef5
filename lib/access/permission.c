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

/* "@own" or "@team", or nothing. */
static bool is_scope(const char *text)
{
    return *text == '\0' || strcmp(text, "@own") == 0 || strcmp(text, "@team") == 0;
}

/* "*", "*:read", "area.*", "area.*:read", "area.resource:*", "area.resource:action", and any of
 * them with a scope. */
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
    if (*at != ':')
        return is_scope(at);
    at++;
    size_t len = *at == '*' ? 1 : word_length(at);
    return len > 0 && is_scope(at + len);
}

static const char *const sight_words[] = {
    [SIGHT_NONE] = "none", [SIGHT_OWN] = "own", [SIGHT_TEAM] = "team", [SIGHT_ALL] = "all"};

const char *sight_word(enum sight sight)
{
    return sight_words[sight];
}

enum sight grant_sight(const char *grant)
{
    const char *scope = strchr(grant, '@');
    return !scope ? SIGHT_ALL : strcmp(scope, "@team") == 0 ? SIGHT_TEAM : SIGHT_OWN;
}

const char *grant_permission(struct arena *arena, const char *grant)
{
    return arena_copy(arena, grant, strcspn(grant, "@"));
}

const char *permission_with_sight(struct arena *arena, const char *permission, enum sight sight)
{
    return sight == SIGHT_ALL ? permission
                              : arena_printf(arena, "%s@%s", permission, sight_words[sight]);
}

/* The part before ':', the action behind it (none is any), and the scope. */
struct parts {
    const char *subject, *action;
    size_t subject_len, action_len;
    enum sight sight;
};

static struct parts parts_of(const char *text)
{
    size_t subject = strcspn(text, ":@"), end = subject + strcspn(text + subject, "@");
    bool named = text[subject] == ':';
    return (struct parts){.subject = text,
                          .subject_len = subject,
                          .action = named ? text + subject + 1 : "*",
                          .action_len = named ? end - subject - 1 : 1,
                          .sight = grant_sight(text)};
}

static bool is_any(const char *text, size_t len)
{
    return len == 1 && *text == '*';
}

static bool subject_covers(const struct parts *wide, const struct parts *narrow)
{
    size_t len = wide->subject_len;
    if (is_any(wide->subject, len))
        return !text_starts(narrow->subject, platform_area);
    if (len >= 2 && wide->subject[len - 1] == '*')
        return narrow->subject_len >= len - 1 &&
               strncmp(wide->subject, narrow->subject, len - 1) == 0;
    return len == narrow->subject_len && strncmp(wide->subject, narrow->subject, len) == 0;
}

static bool action_covers(const struct parts *wide, const struct parts *narrow)
{
    return is_any(wide->action, wide->action_len) ||
           (wide->action_len == narrow->action_len &&
            strncmp(wide->action, narrow->action, wide->action_len) == 0);
}

static bool names_same(const struct parts *wide, const struct parts *narrow)
{
    return subject_covers(wide, narrow) && action_covers(wide, narrow);
}

bool grant_covers(const char *grant, const char *permission)
{
    const struct parts wide = parts_of(grant), narrow = parts_of(permission);
    return names_same(&wide, &narrow) && wide.sight >= narrow.sight;
}

enum sight permissions_sight(const struct permissions *permissions, const char *permission)
{
    const struct parts asked = parts_of(permission);
    enum sight widest = SIGHT_NONE;
    for (size_t i = 0; i < permissions->count && widest < SIGHT_ALL; i++) {
        const struct parts grant = parts_of(permissions->grants[i]);
        if (grant.sight > widest && names_same(&grant, &asked))
            widest = grant.sight;
    }
    return widest;
}

bool permissions_allow(const struct permissions *permissions, const char *permission)
{
    return permissions_sight(permissions, permission) == SIGHT_ALL;
}

/* A grant with wildcards is covered by one that is as wide: the same test, with
 * the wildcards of the narrower taken as words. "*" itself needs "*". */
bool permissions_cover(const struct permissions *permissions, const char *grant)
{
    const struct parts asked = parts_of(grant);
    for (size_t i = 0; i < permissions->count; i++) {
        const struct parts own = parts_of(permissions->grants[i]);
        bool named = grant[0] != '*' ? subject_covers(&own, &asked) : *own.subject == '*';
        if (named && action_covers(&own, &asked) && own.sight >= asked.sight)
            return true;
    }
    return false;
}

struct permissions permissions_of_all(struct arena *arena, const struct permissions *permissions)
{
    const char **grants = arena_alloc(arena, sizeof *grants * (permissions->count + 1));
    for (size_t i = 0; i < permissions->count; i++)
        grants[i] = grant_permission(arena, permissions->grants[i]);
    return (struct permissions){grants, permissions->count};
}

const char *permissions_lacking(const struct permissions *all, const struct permissions *some)
{
    for (size_t i = 0; i < some->count; i++)
        if (!permissions_cover(all, some->grants[i]))
            return some->grants[i];
    return NULL;
}

/* NULL: nothing is allowed by both. */
static const char *meet(struct arena *arena, const char *a, const char *b)
{
    const struct parts of_a = parts_of(a), of_b = parts_of(b);
    const struct parts *subject = subject_covers(&of_a, &of_b)   ? &of_b
                                  : subject_covers(&of_b, &of_a) ? &of_a
                                                                 : NULL;
    const struct parts *action = action_covers(&of_a, &of_b)   ? &of_b
                                 : action_covers(&of_b, &of_a) ? &of_a
                                                               : NULL;
    if (!subject || !action)
        return NULL;
    bool all = subject->subject[subject->subject_len - 1] == '*' &&
               is_any(action->action, action->action_len);
    const char *both =
        all ? arena_copy(arena, subject->subject, subject->subject_len)
            : arena_printf(arena, "%.*s:%.*s", (int)subject->subject_len, subject->subject,
                           (int)action->action_len, action->action);
    return permission_with_sight(arena, both, of_a.sight < of_b.sight ? of_a.sight : of_b.sight);
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

enum sight sight_of(const struct cx *cx, const char *permission)
{
    return cx->session ? permissions_sight(&cx->session->permissions, permission) : SIGHT_NONE;
}

bool may(const struct cx *cx, const char *permission)
{
    return sight_of(cx, permission) == SIGHT_ALL;
}
