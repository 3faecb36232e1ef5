/* page: a page's data, and rendering it inside its frame. */
#include "page/page.h"

#include <string.h>

#include "access/tenant.h"
#include "base/language.h"
#include "base/language_format.h"
#include "base/log.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "page/template.h"

static void put(void *object)
{
    json_object_put(object);
}

/* Data knows its language, and so does what is added to it. */
static json_object *speak_as(json_object *made, const json_object *other)
{
    json_object_set_userdata(made, json_object_get_userdata((json_object *)(uintptr_t)other), NULL);
    return made;
}

void page_speak(json_object *data, const struct language *language)
{
    json_object_set_userdata(data, (void *)(uintptr_t)language, NULL);
}

static const struct language *language_of(json_object *data)
{
    return json_object_get_userdata(data);
}

json_object *page_object(struct cx *cx)
{
    json_object *object = json_object_new_object();
    arena_defer(cx->arena, put, object);
    page_speak(object, cx->language);
    return object;
}

json_object *page_array(struct cx *cx)
{
    json_object *array = json_object_new_array();
    page_speak(array, cx->language);
    return array;
}

/* One word in small letters is a name: of an icon, an input, a state. */
static bool is_prose(const char *text)
{
    return language_is_constant(text) && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789"
                                                           "_-/.")] != '\0';
}

void page_set(json_object *object, const char *key, const char *text)
{
    const struct language *language = language_of(object);
    if (text && language && is_prose(text))
        text = language_text(language, text);
    json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
}

bool page_flag(json_object *object, const char *key)
{
    return json_object_get_boolean(json_object_object_get(object, key));
}

const char *page_text(json_object *object, const char *key)
{
    return json_object_get_string(json_object_object_get(object, key));
}

void page_set_int(json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

void page_set_bool(json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

json_object *page_add(json_object *object, const char *key)
{
    json_object *member = speak_as(json_object_new_object(), object);
    json_object_object_add(object, key, member);
    return member;
}

json_object *page_list(json_object *object, const char *key)
{
    json_object *member = speak_as(json_object_new_array(), object);
    json_object_object_add(object, key, member);
    return member;
}

json_object *page_item(json_object *array)
{
    json_object *item = speak_as(json_object_new_object(), array);
    json_object_array_add(array, item);
    return item;
}

/* nginx puts them into the policy (nginx/tulou.conf). An origin has no space. */
void page_posts_to(struct cx *cx, const char *origin)
{
    static const char name[] = "X-Tulou-Form-Action";
    const struct header *before = cx->response.headers;
    while (before && strcmp(before->name, name) != 0)
        before = before->next;
    response_header_set(cx, name,
                        before ? arena_printf(cx->arena, "%s %s", before->value, origin) : origin);
}

static json_object *list_of(json_object *data, const char *key)
{
    json_object *list = json_object_object_get(data, key);
    return list ? list : page_list(data, key);
}

void page_crumb(json_object *data, const char *title, const char *path)
{
    json_object *crumb = page_item(list_of(data, "crumbs"));
    page_set(crumb, "title", title);
    page_set(crumb, "path", path);
    page_set_bool(data, "has_crumbs", true);
}

json_object *page_action(json_object *data, const char *title, const char *path, const char *icon)
{
    json_object *action = page_item(list_of(data, "actions"));
    page_set(action, "title", title);
    page_set(action, "path", path);
    page_set(action, "icon", icon);
    page_set_bool(action, "primary", false);
    page_set_bool(action, "danger", false);
    page_set_bool(action, "download", false);
    page_set_bool(action, "post", false);
    page_set_bool(action, "folded", false);
    return action;
}

bool page_render(struct cx *cx, int status, const char *template, const char *title,
                 json_object *data)
{
    void *language = (void *)(uintptr_t)cx->language;
    const struct mustache *found = template_find(language, template);
    if (!found) {
        log_error("a page names a template that is not there", "template", template);
        return fail(cx, 500, "internal", "Something went wrong on our side.");
    }
    if (!data)
        data = page_object(cx);
    frame_add(cx, data, title);
    mustache_render(found, data, template_find, language, &cx->response.body);
    /* a form shown again is not a place to come back to */
    if (status >= 400 && request_header(&cx->request, "HX-Request"))
        response_header_set(cx, "HX-Push-Url", "false");
    return respond_html(cx, status);
}

bool page_template_exists(const char *template)
{
    return template_find(NULL, template) != NULL;
}

bool page_fill(const char *template, json_object *data, bool plain, struct buf *out)
{
    void *language = (void *)(uintptr_t)language_of(data);
    const struct mustache *found = template_find(language, template);
    if (!found)
        return false;
    (plain ? mustache_render_plain : mustache_render)(found, data, template_find, language, out);
    return true;
}

bool page_go(struct cx *cx, const char *path)
{
    return respond_redirect(cx, path);
}

json_object *page_chart(json_object *data, const char *key, const char *kind, const char *title)
{
    json_object *chart = page_add(data, key);
    page_set(chart, "kind", kind);
    page_set(chart, "title", title);
    page_set(chart, "note", NULL);
    page_set(chart, "label_title", "Label");
    page_set(chart, "value_title", "Value");
    page_list(chart, "points");
    return chart;
}

void page_chart_point(json_object *chart, const char *label, int64_t value)
{
    json_object *point = page_item(json_object_object_get(chart, "points"));
    page_set(point, "label", label);
    page_set_int(point, "value", value);
}

void page_chart_day(struct cx *cx, json_object *chart, const char *date, int64_t value)
{
    page_chart_point(chart, language_day(cx->arena, cx->language, tenant_date_order(cx), date),
                     value);
}
