/* frame: what stands around every page, from the request, tenant and session. */
#include <ctype.h>
#include <string.h>

#include "access/access.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/clock.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "page/template.h"
#include "page/unread.h"

bool frame_is_fragment(const struct cx *cx)
{
    return request_header(&cx->request, "HX-Request") &&
           text_equal(request_header(&cx->request, "HX-Request-Type"), "partial");
}

const char *frame_address(struct cx *cx)
{
    const struct request *request = &cx->request;
    bool shown = request->method == HTTP_GET || request->method == HTTP_HEAD;
    if (!shown || !request->path)
        return frame_home(cx);
    struct buf address;
    buf_init(&address, cx->arena);
    for (const char *at = request->path; *at;) {
        size_t len = strcspn(at, "/");
        text_url(&address, arena_copy(cx->arena, at, len));
        at += len;
        if (*at == '/')
            buf_putc(&address, *at++);
    }
    if (request->query_string && *request->query_string)
        buf_printf(&address, "?%s", request->query_string);
    return address.data;
}

static void add_theme(struct cx *cx, json_object *frame)
{
    const char *theme = request_cookie(&cx->request, cookie_name(cx, "theme"));
    bool light = text_equal(theme, "light"), dark = text_equal(theme, "dark");
    page_set(frame, "theme", light ? "light" : dark ? "dark" : "auto");
    page_set(frame, "scheme", light ? "light" : dark ? "dark" : "light dark");
    page_set_bool(frame, "is_light", light);
    page_set_bool(frame, "is_dark", dark);
    page_set_bool(frame, "is_auto", !light && !dark);
}

/* The first character of a name, whole. */
static char *initial_of(struct cx *cx, const char *name)
{
    size_t len = *name != 0;
    while (len && ((unsigned char)name[len] & 0xc0) == 0x80)
        len++;
    char *initial = arena_copy(cx->arena, name, len);
    if (len == 1)
        initial[0] = (char)toupper((unsigned char)initial[0]);
    return initial;
}

/* "Ada B. Lin": "AL". */
const char *show_initials(struct cx *cx, const char *name)
{
    const char *last = strrchr(name, ' ');
    return arena_printf(cx->arena, "%s%s", initial_of(cx, name),
                        last && last != name ? initial_of(cx, last + 1) : "");
}

/* One that was uploaded is shown from this very host, also where it is inherited. */
static const char *local_logo(const char *address)
{
    const char *local = address ? strstr(address, "/brand/logo?v=") : NULL;
    return local ? local : address;
}

static void add_brand(struct cx *cx, json_object *frame)
{
    const struct branding *own = brand_of(cx);
    json_object *brand = page_add(frame, "brand");
    page_set(brand, "name", brand_name(cx));
    page_set(brand, "initial", initial_of(cx, brand_name(cx)));
    page_set(brand, "logo", own ? local_logo(own->logo_url) : NULL);
    const char *logo = own ? local_logo(own->logo_url) : NULL;
    page_set(brand, "favicon",
             own && own->favicon_url && *own->favicon_url ? own->favicon_url
             : logo && *logo                              ? logo
                                                          : "/static/icon.svg");
    page_set(brand, "footer", own ? own->footer : NULL);
    page_set(brand, "login_text", own ? own->login_text : NULL);
    page_set(brand, "version", brand_version(cx));
}

/* Without a count when it cannot be told, as while the database is away. */
static void add_bell(struct cx *cx, json_object *user)
{
    int64_t unread = notify_unread(cx);
    page_set(user, "bell",
             unread > 0 ? cx_printf(cx, "Notifications, %s unread", show_number(cx, unread))
                        : "Notifications");
    page_set(user, "unread", unread > 99 ? "99+" : unread > 0 ? show_number(cx, unread) : NULL);
}

static void add_user(struct cx *cx, json_object *frame)
{
    const struct session *session = cx->session;
    if (!session) {
        page_set(frame, "user", NULL);
        return;
    }
    const char *name = session->name && *session->name ? session->name : session->email;
    json_object *user = page_add(frame, "user");
    page_set(user, "id", session->user_id);
    page_set(user, "name", name);
    page_set(user, "email", session->email);
    page_set(user, "role", session->role ? show_choice(cx, session->role) : NULL);
    page_set(user, "initials", show_initials(cx, name));
    page_set(user, "photo", cx->tenant && !session->is_operator ? "/account/photo" : NULL);
    add_bell(cx, user);
    menu_add_user_links(user);
}

/* An operator who acts as somebody is told so by every page. */
static void add_acting(struct cx *cx, json_object *frame)
{
    const struct session *session = cx->session;
    char text[32];
    int64_t us;
    if (!session || !session->impersonator_id) {
        page_set(frame, "acting", NULL);
        return;
    }
    json_object *acting = page_add(frame, "acting");
    bool ends =
        session->ends_at && clock_from_database(session->ends_at, text) && clock_parse(text, &us);
    page_set(acting, "user", session->name);
    page_set(acting, "role", session->role ? show_choice(cx, session->role) : NULL);
    page_set(acting, "operator", session->impersonator_name);
    page_set(acting, "until", ends ? show_instant(cx, us) : NULL);
}

/* A page that tells of a failure before the session was known has no forms of
 * its own, and makes no cookie for them; but a sign-in form is shown again. */
static bool has_forms(const struct cx *cx)
{
    return cx->session || (cx->tenant && (cx->failure.status == 0 || cx->failure.status == 422 ||
                                          access_has_csrf(cx)));
}

/* Each way begins at the overview; where a page names none to itself, by its place in the
 * menu. */
static void add_crumbs(struct cx *cx, json_object *data)
{
    const char *home = frame_home(cx), *title, *path;
    json_object *own = NULL;
    if (!cx->session || text_equal(cx->request.path, home))
        return;
    json_object_object_get_ex(data, "crumbs", &own);
    json_object *first = own ? json_object_array_get_idx(own, 0) : NULL;
    if (first && text_equal(json_object_get_string(json_object_object_get(first, "path")), home))
        return;
    json_object_get(own); /* in hand while its place is filled anew */
    json_object_object_del(data, "crumbs");
    page_crumb(data, "Overview", home);
    if (!own && menu_place(cx, &title, &path) && !text_equal(path, home) &&
        !text_equal(path, cx->request.path))
        page_crumb(data, title, path);
    json_object *crumbs = json_object_object_get(data, "crumbs");
    for (size_t i = 0; own && i < json_object_array_length(own); i++)
        json_object_array_add(crumbs, json_object_get(json_object_array_get_idx(own, i)));
    json_object_put(own);
}

/* Whoever added them: what endangers first, the main one last. */
static void order_actions(json_object *data)
{
    json_object *actions = NULL, *ordered = json_object_new_array();
    json_object_object_get_ex(data, "actions", &actions);
    size_t count = actions ? json_object_array_length(actions) : 0;
    for (int place = 0; place < 3; place++)
        for (size_t i = 0; i < count; i++) {
            json_object *it = json_object_array_get_idx(actions, i);
            bool danger = json_object_get_boolean(json_object_object_get(it, "danger"));
            bool primary = json_object_get_boolean(json_object_object_get(it, "primary"));
            if ((danger ? 0 : primary ? 2 : 1) == place)
                json_object_array_add(ordered, json_object_get(it));
        }
    json_object_object_add(data, "actions", ordered);
}

void frame_add(struct cx *cx, json_object *data, const char *title)
{
    json_object *frame = page_add(data, "frame");
    page_set(data, "title", title);
    page_set(frame, "language", cx->language ? cx->language->code : "en");
    page_set_bool(frame, "is_english", !cx->language || cx->language == languages);
    page_set(data, "csrf", has_forms(cx) ? access_csrf(cx) : NULL);
    page_set(data, "once", text_random(cx->arena, 18));
    page_set(frame, "version", static_version());
    page_set(frame, "path", frame_address(cx));
    page_set(frame, "layout", cx->session ? "layout/app" : "layout/bare");
    page_set_bool(frame, "fragment", frame_is_fragment(cx));
    add_theme(cx, frame);
    add_brand(cx, frame);
    add_user(cx, frame);
    add_acting(cx, frame);
    switcher_add(cx, frame);
    menu_add(cx, frame, json_object_object_get(data, "crumbs"));
    marked_add(cx, frame);
    notice_add(cx, frame);
    add_crumbs(cx, data);
    order_actions(data);
    form_add_error(cx, data);
}
