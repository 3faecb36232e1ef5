/* avatar: one's own photo: the file that the field "avatar" of a user holds, a square or less of
 * 256 pixels, made anew from what was sent. */
#include <string.h>

#include "access/session.h"
#include "auth.h"
#include "base/text.h"
#include "file/held.h"
#include "http/cx.h"
#include "page/page.h"
#include "resource/field.h"

enum { AVATAR_MAX = 10 << 20, BODY_MAX = AVATAR_MAX + 65536, AVATAR_EDGE = 256 };

static const struct file_rules avatar_rules = {
    .bytes_max = AVATAR_MAX, .pictures = true, .edge = AVATAR_EDGE};

static struct held held_avatar(const struct cx *cx)
{
    return (struct held){"users", cx->session->user_id, "avatar"};
}

static bool take(struct cx *cx)
{
    const struct held held = held_avatar(cx);
    struct file file = {.store = NULL};
    if (!held_take(cx, &held, &avatar_rules, &file))
        return false;
    if (!db_begin(&cx->db))
        return fail_db(cx);
    return held_put(cx, &held, &file) && (db_commit(&cx->db) || fail_db(cx));
}

static bool drop(struct cx *cx)
{
    const struct held held = held_avatar(cx);
    return held_remove(cx, &held);
}

static bool show(struct cx *cx)
{
    const struct held held = held_avatar(cx);
    struct file file = {.bytes = 0};
    if (!held_find(cx, &held, &file))
        return false;
    if (file.bytes == 0)
        return fail(cx, 404, "not_found", "You have no photo.");
    return file_answer(cx, &file, cx->db.tenant_id, true);
}

/* Over one's initials in the bar of every page: nothing is no failure there. */
static bool show_in_bar(struct cx *cx)
{
    static const char nothing[] = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    const struct held held = held_avatar(cx);
    struct file file = {.bytes = 0};
    if (!held_find(cx, &held, &file))
        return false;
    if (file.bytes > 0)
        return file_answer(cx, &file, cx->db.tenant_id, true);
    respond_file(cx, "image/svg+xml", "photo.svg");
    response_header_set(cx, "Content-Disposition", "inline");
    response_header_set(cx, "Cache-Control", "private, no-cache");
    buf_puts(&cx->response.body, nothing);
    return true;
}

bool avatar_add_to_page(struct cx *cx, json_object *data)
{
    const struct held held = held_avatar(cx);
    struct file file = {.bytes = 0};
    if (!held_find(cx, &held, &file))
        return false;
    page_set(data, "avatar",
             file.bytes > 0 ? arena_printf(cx->arena, "/account/avatar?v=%.16s", file.sha256)
                            : NULL);
    return true;
}

/* ---- by API ---- */

static bool api_upload(struct cx *cx)
{
    return take(cx) && respond_nothing(cx);
}

static bool api_delete(struct cx *cx)
{
    return drop(cx) && respond_nothing(cx);
}

/* ---- by page ---- */

static bool page_upload(struct cx *cx)
{
    if (take(cx)) {
        page_notice(cx, "success", "Photo saved.");
        return page_go(cx, "/account");
    }
    const struct failure failure = cx->failure;
    if (failure.status != 422 && failure.status != 413 && failure.status != 403)
        return false;
    page_notice(cx, "danger", failure.details ? failure.details->message : failure.message);
    cx->failure = (struct failure){.status = 0};
    return page_go(cx, "/account");
}

static bool page_delete(struct cx *cx)
{
    if (!drop(cx))
        return false;
    page_notice(cx, "success", "Photo removed.");
    return page_go(cx, "/account");
}

const struct route avatar_routes[] = {
    ROUTE(GET, "/api/auth/me/avatar", SIGNED_IN(TENANT), show, "One's own photo.",
          .operation = "getMyAvatar", .answer = ANSWER_FILE, .media = "image/*"),
    ROUTE(POST, "/api/auth/me/avatar", SIGNED_IN(TENANT), api_upload,
          "Set one's own photo: PNG, JPEG or WebP, 10 MiB at most, as multipart/form-data.",
          .operation = "setMyAvatar", .answer = ANSWER_NOTHING,
          .flags = ROUTE_UPLOAD | ROUTE_CALLS_OUT, .sample = "photo.png", .body_limit = BODY_MAX,
          .errors = "403 quota_exceeded, 422 file.file_type, 422 file.file_type_differs, "
                    "422 file.invalid_image, 422 file.image_too_large, 503 storage_unavailable"),
    ROUTE(DELETE, "/api/auth/me/avatar", SIGNED_IN(TENANT), api_delete, "Remove one's own photo.",
          .operation = "deleteMyAvatar", .answer = ANSWER_NOTHING),
    ROUTE(GET, "/account/avatar", SIGNED_IN(TENANT), show, "One's own photo, for pages.",
          .answer = ANSWER_DOWNLOAD, .query = FIELDS({"v", TEXT, 0, 0, 64})),
    ROUTE(GET, "/account/photo", SIGNED_IN(TENANT), show_in_bar,
          "One's own photo for the bar of pages, or an empty picture.", .answer = ANSWER_DOWNLOAD),
    ROUTE(POST, "/account/avatar", SIGNED_IN(TENANT), page_upload, "Set one's own photo by page.",
          .answer = ANSWER_PAGE, .flags = ROUTE_FORM | ROUTE_UPLOAD | ROUTE_CALLS_OUT,
          .body_limit = BODY_MAX),
    ROUTE(POST, "/account/avatar/delete", SIGNED_IN(TENANT), page_delete,
          "Remove one's own photo by page.", .answer = ANSWER_PAGE, .flags = ROUTE_FORM),
    {.path = NULL},
};
