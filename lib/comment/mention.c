/* mention: whom a comment names, and telling them. */
#include <ctype.h>
#include <string.h>

#include "access/roles.h"
#include "access/session.h"
#include "base/json.h"
#include "base/language.h"
#include "base/text.h"
#include "comment/comment.h"
#include "http/cx.h"
#include "resource/internal.h"

enum {
    NAMES_MOST = 40, /* that are looked up */
    WORDS_MOST = 4,  /* of one name */
    USERS_MOST = 100 /* who are called so: as the statement below says */
};

STATEMENT(
    mention_users,
    "select id, name, email\n"
    "from users\n"
    "where tenant_id = $1::uuid and status = 'active'\n"
    "and (email = any (array(select lower(it) from jsonb_array_elements_text($2::jsonb) it))\n"
    "     or name collate \"und-x-icu\" = any (array(select "
    "jsonb_array_elements_text($2::jsonb))))\n"
    "limit 100",
    0);

STATEMENT(mention_insert,
          "insert into comment_mentions (tenant_id, comment_id, user_id)\n"
          "values ($1::uuid, $2::uuid, $3::uuid)\n"
          "on conflict (tenant_id, comment_id, user_id) do nothing\n"
          "returning id",
          DB_WRITES);

const struct notification_kind notice_mentioned = {
    "comments.mentioned", "Mentions", "Somebody named you in a comment.", .email = true};

/* Part of a word, or of what is not English. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

/* The '@' behind `from` that begins a name; NULL: there is none. */
static const char *mention_next(const char *text, const char *from)
{
    for (const char *at = strchr(from, '@'); at; at = strchr(at + 1, '@'))
        if ((at == text || !is_word(at[-1])) && is_word(at[1]))
            return at;
    return NULL;
}

static size_t word_length(const char *text)
{
    size_t len = strcspn(text, " \t\r\n,;:!?()\"");
    while (len > 0 && text[len - 1] == '.')
        len--;
    return len;
}

/* As many beginnings of what follows as could be a name: its first word, its first two … */
static void add_names(struct json *json, struct arena *arena, const char *text, int *count)
{
    size_t len = 0;
    for (int words = 0; words < WORDS_MOST && *count < NAMES_MOST; words++) {
        size_t more = word_length(text + len);
        if (more == 0)
            return;
        len += more;
        json_put_text(json, arena_copy(arena, text, len));
        ++*count;
        if (text[len] != ' ')
            return;
        len++;
    }
}

static struct rows *find_users(struct cx *cx, const char *text)
{
    struct buf names;
    struct json json;
    int count = 0;
    buf_init(&names, cx->arena);
    json_start(&json, &names);
    json_open_array(&json);
    for (const char *at = mention_next(text, text); at; at = mention_next(text, at + 1))
        add_names(&json, cx->arena, at + 1, &count);
    json_close_array(&json);
    return db_get(&cx->db, &mention_users, cx->db.tenant_id, names.data);
}

static size_t named_by(const char *text, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return len > 0 && strncasecmp(text, name, len) == 0 && !is_word(text[len]) ? len : 0;
}

/* The user whose name, or address, is the longest that stands there. */
static bool find_named(const struct rows *users, const char *text, size_t *row)
{
    size_t longest = 0;
    for (size_t i = 0; i < rows_count(users); i++) {
        size_t name = named_by(text, rows_text(users, i, 1));
        size_t email = named_by(text, rows_text(users, i, 2));
        size_t len = name > email ? name : email;
        if (len > longest) {
            longest = len;
            *row = i;
        }
    }
    return longest > 0;
}

/* Whether the user may see the record. false in *good: the failure is set. */
static bool user_sees(struct cx *cx, const struct resource *resource, const char *record_id,
                      const char *user_id, bool *good)
{
    struct rights rights;
    struct list_result found;
    *good = rights_load(&cx->db, cx->db.tenant_id, user_id, &rights) || fail_db(cx);
    if (!*good)
        return false;
    enum sight sight = permissions_sight(&rights.permissions,
                                         arena_printf(cx->arena, "%s:read", resource->permission));
    if (sight == SIGHT_NONE || (sight != SIGHT_ALL && !resource->owner))
        return false;
    const struct viewer viewer = {.sight = sight, .user_id = sight == SIGHT_ALL ? NULL : user_id};
    *good = record_look(cx, resource, record_id, &viewer, NULL, 0, &found);
    return *good && rows_count(found.rows) == 1;
}

static bool tell_one(struct cx *cx, const struct resource *resource, const char *record_id,
                     const char *comment_id, const char *user_id)
{
    const struct rows *first =
        db_get(&cx->db, &mention_insert, cx->db.tenant_id, comment_id, user_id);
    if (!first)
        return fail_db(cx);
    if (rows_count(first) == 0 || text_equal(user_id, cx->session->user_id))
        return true;
    const struct notification notice = {
        .title = SAID("%s mentioned you in a comment"),
        .about = cx->session->name,
        .link =
            resource->page ? arena_printf(cx->arena, "%s/%s", resource->page, record_id) : NULL};
    return notify_user(cx, &cx->db, cx->db.tenant_id, user_id, &notice_mentioned, &notice);
}

/* The users whom the text names, each once: it has room for thousands of names, and each user costs
 * some statements. In *rows, which has room for all of `users`. */
static size_t list_named(const struct rows *users, const char *text, size_t *rows)
{
    size_t count = 0;
    for (const char *at = mention_next(text, text); at; at = mention_next(text, at + 1)) {
        size_t row = 0, i = 0;
        if (!find_named(users, at + 1, &row))
            continue;
        while (i < count && rows[i] != row)
            i++;
        if (i == count)
            rows[count++] = row;
    }
    return count;
}

bool mention_tell(struct cx *cx, const struct resource *resource, const char *record_id,
                  const char *comment_id, const char *text, const char **unseen)
{
    struct buf names;
    buf_init(&names, cx->arena);
    buf_puts(&names, "");
    const struct rows *users = mention_next(text, text) ? find_users(cx, text) : NULL;
    if (!users && mention_next(text, text))
        return fail_db(cx);
    size_t named[USERS_MOST], count = users ? list_named(users, text, named) : 0;
    for (size_t i = 0; i < count; i++) {
        bool good = true;
        const char *id = rows_text(users, named[i], 0);
        bool sees = user_sees(cx, resource, record_id, id, &good);
        if (!good || (sees && !tell_one(cx, resource, record_id, comment_id, id)))
            return false;
        if (!sees)
            buf_printf(&names, "%s%s", names.len ? ", " : "", rows_text(users, named[i], 1));
    }
    *unseen = names.data;
    return true;
}
