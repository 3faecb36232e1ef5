/* notice: one sentence that the next page shows, in a cookie of a minute. Its
 * signature covers the session, so that nobody can plant one. */
#include <sodium.h>
#include <string.h>

#include "access/session.h"
#include "base/language.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"

static const char cookie[] = "notice";
enum { MAC_BYTES = 16, TEXT_MAX = 600, LIFE_S = 60 };

static const struct {
    const char *kind, *icon;
} kinds[] = {
    {"success", /* icon */ "circle-check"},
    {"warning", /* icon */ "alert-triangle"},
    {"danger", /* icon */ "alert-circle"},
    {"info", /* icon */ "info-circle"},
};

static void sign(const struct cx *cx, const char *message, size_t len,
                 unsigned char mac[static MAC_BYTES])
{
    unsigned char key[SECRET_BYTES];
    crypto_generichash_state state;
    secret_derive("notice", key);
    crypto_generichash_init(&state, key, sizeof key, MAC_BYTES);
    if (cx->session)
        crypto_generichash_update(&state, (const unsigned char *)cx->session->id,
                                  strlen(cx->session->id));
    crypto_generichash_update(&state, (const unsigned char *)"\n", 1);
    crypto_generichash_update(&state, (const unsigned char *)message, len);
    crypto_generichash_final(&state, mac, MAC_BYTES);
    sodium_memzero(key, sizeof key);
}

/* Not within a character. */
static size_t cut(const char *text, size_t most)
{
    size_t len = strlen(text);
    if (len <= most)
        return len;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

void page_notice(struct cx *cx, const char *kind, const char *text)
{
    page_notice_link(cx, kind, text, "", "");
}

void page_notice_link(struct cx *cx, const char *kind, const char *text, const char *path,
                      const char *title)
{
    struct buf message;
    unsigned char mac[MAC_BYTES];
    if (language_is_constant(text))
        text = cx_text(cx, text);
    buf_init(&message, cx->arena);
    buf_printf(&message, "%s\n%s\n%s\n%.*s", kind, path, cx_text(cx, title),
               (int)cut(text, TEXT_MAX), text);
    sign(cx, message.data, message.len, mac);
    buf_add(&message, mac, sizeof mac);
    size_t room = sodium_base64_encoded_len(message.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *value = arena_alloc(cx->arena, room);
    sodium_bin2base64(value, room, (const unsigned char *)message.data, message.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    response_cookie(cx, cookie_name(cx, cookie), value, LIFE_S);
}

/* A line of the message, which goes on behind it; NULL: there is none. */
static char *take_line(char **message)
{
    char *line = *message, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = 0;
    *message = end + 1;
    return line;
}

/* What a cookie says that we signed; NULL otherwise. */
static char *read_notice(struct cx *cx, const char *value)
{
    size_t room = strlen(value), len;
    unsigned char mac[MAC_BYTES];
    char *message = arena_alloc(cx->arena, room + 1);
    if (sodium_base642bin((unsigned char *)message, room, value, room, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        len <= MAC_BYTES)
        return NULL;
    len -= MAC_BYTES;
    sign(cx, message, len, mac);
    if (sodium_memcmp(mac, message + len, MAC_BYTES) != 0)
        return NULL;
    message[len] = 0;
    return message;
}

void notice_add(struct cx *cx, json_object *frame)
{
    const char *value = request_cookie(&cx->request, cookie_name(cx, cookie));
    json_object *notices = page_list(frame, "notices");
    char *text = value && *value ? read_notice(cx, value) : NULL;
    if (value)
        response_cookie(cx, cookie_name(cx, cookie), "", 0);
    const char *kind = text ? take_line(&text) : NULL, *path = kind ? take_line(&text) : NULL,
               *title = path ? take_line(&text) : NULL;
    if (!title)
        return;
    json_object *notice = page_item(notices);
    page_set(notice, "kind", kind);
    page_set(notice, "text", text);
    page_set(notice, "path", *path ? path : NULL);
    page_set(notice, "title", title);
    page_set(notice, "icon", "info-circle");
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            page_set(notice, "icon", kinds[i].icon);
}
