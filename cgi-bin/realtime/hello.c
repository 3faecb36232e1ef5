/* hello: the messages that clients send by WebSocket:
 *     {"type": "hello", "token": "…", "since": 41, "channels": ["events"]}
 *     {"type": "ping"} */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "realtime.h"

enum { TOKEN_MAX = 6000 };

static const struct {
    const char *name;
    enum channel channel;
} channels[] = {{"events", CHANNEL_EVENTS},
                {"notifications", CHANNEL_NOTIFICATIONS},
                {"presence", CHANNEL_PRESENCE},
                {"jobs", CHANNEL_JOBS}};

static unsigned channel_of(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(channels); i++)
        if (strlen(channels[i].name) == len && memcmp(channels[i].name, name, len) == 0)
            return channels[i].channel;
    return 0;
}

unsigned hello_channels(const char *list, size_t len)
{
    unsigned all = 0;
    for (const char *at = list, *end = list + len; at <= end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        unsigned one = channel_of(at, (size_t)((comma ? comma : end) - at));
        if (!one)
            return 0;
        all |= one;
        at = (comma ? comma : end) + 1;
    }
    return all;
}

static json_object *member(json_object *object, const char *key, json_type type, bool *bad)
{
    json_object *value = NULL;
    if (json_object_object_get_ex(object, key, &value) && !json_object_is_type(value, type))
        *bad = true;
    return *bad ? NULL : value;
}

/* Goes into a header of the request, so it is what a header may hold. */
static bool is_token(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return len > 0 && len <= TOKEN_MAX;
}

static const char *read_channels(json_object *list, struct heard *out)
{
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(list, i);
        unsigned one =
            json_object_is_type(item, json_type_string)
                ? channel_of(json_object_get_string(item), (size_t)json_object_get_string_len(item))
                : 0;
        if (!one)
            return "bad_channel";
        out->channels |= one;
    }
    return NULL;
}

static const char *read_hello(json_object *message, struct heard *out)
{
    bool bad = false;
    json_object *token = member(message, "token", json_type_string, &bad);
    if (bad || (token && !is_token(json_object_get_string(token))))
        return "bad_token";
    json_object *since = member(message, "since", json_type_int, &bad);
    if (bad || (since && json_object_get_int64(since) < 0))
        return "bad_since";
    json_object *list = member(message, "channels", json_type_array, &bad);
    if (bad)
        return "bad_channel";
    out->kind = HEARD_HELLO;
    out->token = token ? json_object_get_string(token) : NULL;
    out->since = since ? json_object_get_int64(since) : -1;
    return read_channels(list, out);
}

const char *hello_read(struct arena *arena, const char *data, size_t len, struct heard *out)
{
    static const struct json_limits limits = {.depth = 3, .max_members = 20};
    struct json_problem problem;
    bool is_null, bad = false;
    *out = (struct heard){.since = -1};
    if (len > MESSAGE_MAX)
        return "bad_message";
    json_object *message = json_read(arena, data, len, &limits, &is_null, &problem);
    if (!json_object_is_type(message, json_type_object))
        return "bad_message";
    const char *type = json_object_get_string(member(message, "type", json_type_string, &bad));
    if (text_equal(type, "hello"))
        return read_hello(message, out);
    out->kind = HEARD_PING;
    return text_equal(type, "ping") ? NULL : "bad_message";
}
