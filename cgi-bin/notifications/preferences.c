/* preferences: by which channels a user wants to be told of what. The kinds are
 * those that the areas declare. */
#include <string.h>

#include "access/session.h"
#include "base/text.h"
#include "http/cx.h"
#include "notifications.h"
#include "page/page.h"
#include "resource/tables.h"

STATEMENT(preferences_get,
          "select type, channel, is_on\n"
          "from notification_preferences\n"
          "where tenant_id = $1::uuid and user_id = $2::uuid\n"
          "limit 1000",
          0);

STATEMENT(preferences_set,
          "insert into notification_preferences (tenant_id, user_id, type, channel, is_on)\n"
          "values ($1::uuid, $2::uuid, $3, $4, $5::bool)\n"
          "on conflict (tenant_id, user_id, type, channel) do update\n"
          "set is_on = excluded.is_on\n"
          "where notification_preferences.is_on <> excluded.is_on",
          DB_WRITES);

static const char *const channels[] = {"in_app", "email"};

#define CHANNELS CHOICES("in_app", "email")

static const struct field preference_fields[] = {
    {"type", TEXT}, {"title", TEXT}, {"channel", TEXT}, {"enabled", BOOL}, {.type = FIELD_END}};

/* One kind by one channel. */
struct choice {
    const char *type, *title, *about, *channel;
    bool on;
};

struct choices {
    struct choice *all;
    size_t count;
};

static const char *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return json_object_get_string(value);
}

static bool member_true(json_object *object, const char *key)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, key, &value) && json_object_get_boolean(value);
}

static bool chosen(const struct rows *rows, const char *type, const char *channel, bool otherwise)
{
    for (size_t i = 0; i < rows_count(rows); i++)
        if (text_equal(rows_text(rows, i, 0), type) && text_equal(rows_text(rows, i, 1), channel))
            return rows_bool(rows, i, 2);
    return otherwise;
}

static void add_kind(struct choices *out, const struct table_notice *kind, const struct rows *rows)
{
    for (size_t i = 0; i < COUNT(channels); i++)
        out->all[out->count++] =
            (struct choice){kind->type, kind->title, kind->about, channels[i],
                            chosen(rows, kind->type, channels[i], i == 0 || kind->email)};
}

/* All kinds by all channels, as the one signed in has chosen. */
static bool load(struct cx *cx, struct choices *out)
{
    const struct table_notice *kinds = tables_notices();
    size_t count = 0;
    struct rows *rows =
        db_get(&cx->db, &preferences_get, cx->session->tenant_id, cx->session->user_id);
    if (!rows)
        return fail_db(cx);
    while (kinds[count].type)
        count++;
    *out = (struct choices){
        arena_alloc(cx->arena, sizeof *out->all * (count * COUNT(channels) + 1)), 0};
    for (size_t i = 0; i < count; i++)
        add_kind(out, &kinds[i], rows);
    return true;
}

static bool store(struct cx *cx, const char *type, const char *channel, bool on)
{
    return db_get(&cx->db, &preferences_set, cx->session->tenant_id, cx->session->user_id, type,
                  channel, on ? "true" : "false") ||
           fail_db(cx);
}

/* ---- the API ---- */

static bool get_api(struct cx *cx)
{
    struct choices choices = {0};
    if (!load(cx, &choices))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_array(json);
    for (size_t i = 0; i < choices.count; i++) {
        json_open_object(json);
        json_pair(json, "type", choices.all[i].type);
        json_pair(json, "title", choices.all[i].title);
        json_pair(json, "channel", choices.all[i].channel);
        json_pair_bool(json, "enabled", choices.all[i].on);
        json_close_object(json);
    }
    json_close_array(json);
    return respond_end(cx);
}

static bool is_kind(const struct choices *choices, const char *type)
{
    for (size_t i = 0; i < choices->count; i++)
        if (text_equal(choices->all[i].type, type))
            return true;
    return false;
}

static bool store_given(struct cx *cx, const struct choices *choices, json_object *given)
{
    const char *type = member(given, "type"), *channel = member(given, "channel");
    if (!is_kind(choices, type))
        return fail_field(cx, "preferences", "unknown_type", "There is no kind \"%s\".", type);
    return store(cx, type, channel, member_true(given, "enabled"));
}

static bool put_api(struct cx *cx)
{
    struct choices choices = {0};
    json_object *list = input_value(cx->input, "preferences")->json;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!load(cx, &choices))
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++)
        if (!store_given(cx, &choices, json_object_array_get_idx(list, i)))
            return false;
    return (db_commit(&cx->db) || fail_db(cx)) && get_api(cx);
}

/* ---- pages ---- */

static char *box_name(struct cx *cx, const struct choice *choice)
{
    return arena_printf(cx->arena, "%s/%s", choice->channel, choice->type);
}

static bool show(struct cx *cx)
{
    struct choices choices = {0};
    json_object *data = page_object(cx), *kinds = page_list(data, "kinds"), *boxes = NULL;
    if (!load(cx, &choices))
        return false;
    for (size_t i = 0; i < choices.count; i++) {
        const struct choice *choice = &choices.all[i];
        if (i % COUNT(channels) == 0) {
            json_object *kind = page_item(kinds);
            page_set(kind, "title", cx_text(cx, choice->title));
            page_set(kind, "about", cx_text(cx, choice->about));
            boxes = page_list(kind, "boxes");
        }
        json_object *box = page_item(boxes);
        page_set(box, "name", box_name(cx, choice));
        page_set(box, "label", text_equal(choice->channel, "email") ? "By e-mail" : "At the bell");
        page_set_bool(box, "on", choice->on);
    }
    page_crumb(data, "Notifications", "/notifications");
    return page_render(cx, 200, "notifications/preferences", "Notification preferences", data);
}

static bool save(struct cx *cx)
{
    struct choices choices = {0};
    if (!db_begin(&cx->db))
        return fail_db(cx);
    if (!load(cx, &choices))
        return false;
    for (size_t i = 0; i < choices.count; i++) {
        const struct choice *choice = &choices.all[i];
        bool on = parameter_get(cx->request.form, box_name(cx, choice)) != NULL;
        if (on != choice->on && !store(cx, choice->type, choice->channel, on))
            return false;
    }
    if (!db_commit(&cx->db))
        return fail_db(cx);
    page_notice(cx, "success", "Preferences saved.");
    return page_go(cx, "/notifications/preferences");
}

const struct route preference_routes[] = {
    ROUTE(GET, "/api/notifications/preferences", SIGNED_IN(TENANT), get_api,
          "Every kind of notification, and by which channels one wants it.",
          .operation = "listNotificationPreferences", .answer_name = "notification preference",
          .answer = ANSWER_LIST, .answer_fields = preference_fields),
    ROUTE(PUT, "/api/notifications/preferences", SIGNED_IN(TENANT), put_api,
          "Change the preferences that are named; the others stay.",
          .operation = "updateNotificationPreferences", .answer_name = "notification preference",
          .body =
              FIELDS({"preferences", ARRAY, REQUIRED, 0, 200,
                      .example = "[{\"type\": \"auth.password_changed\", \"channel\": \"in_app\", "
                                 "\"enabled\": true}]",
                      .fields = FIELDS({"type", TEXT, REQUIRED, 3, 100},
                                       {"channel", CHOICE, REQUIRED, .choices = CHANNELS},
                                       {"enabled", BOOL, REQUIRED})}),
          .answer = ANSWER_LIST, .answer_fields = preference_fields),
    ROUTE(GET, "/notifications/preferences", SIGNED_IN(TENANT), show,
          "Which notifications one wants.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/notifications/preferences", SIGNED_IN(TENANT), save,
          "Save which notifications one wants.", .answer = ANSWER_PAGE,
          .flags = ROUTE_FORM | ROUTE_LOOSE_BODY),
    {.path = NULL},
};
