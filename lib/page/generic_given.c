/* generic_given: what was given besides a record, on the page that follows: a secret is shown
 * this once, a number is said. */
#include "base/text.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/reference.h"
#include "resource/resource.h"

static bool is_shown_once(const struct field *field)
{
    return field->type == TEXT || field->type == SECRET;
}

bool generic_gives_secret(const struct field *gives)
{
    for (const struct field *it = gives; it && it->type != FIELD_END; it++)
        if (is_shown_once(it))
            return true;
    return false;
}

bool generic_show_given(struct cx *cx, const struct field *gives, const char *title,
                        const char *path)
{
    json_object *data = page_object(cx), *list = page_list(data, "given");
    page_list(data, "actions");
    page_set(data, "subtitle", NULL);
    page_set(data, "path", path);
    for (const struct field *it = gives; it->type != FIELD_END; it++) {
        json_object *item = page_item(list);
        page_set(item, "name", it->name);
        page_set(item, "label", field_title(cx, it));
        page_set(item, "help", it->help ? cx_text(cx, it->help) : NULL);
        page_set(item, "value", record_given(cx, it->name));
    }
    generic_crumbs(cx, data, cx->route->about);
    response_header_set(cx, "Cache-Control", "no-store");
    return page_render(cx, 200, "layout/given", title, data);
}

const char *generic_say_given(struct cx *cx, const struct field *gives, const char *done)
{
    const char *said = cx_text(cx, done);
    for (const struct field *it = gives; it && it->type != FIELD_END; it++)
        if (it->type != UUID && record_given(cx, it->name))
            said = arena_printf(cx->arena, "%s %s: %s.", said, field_title(cx, it),
                                record_given(cx, it->name));
    return said;
}

const char *generic_given_path(struct cx *cx, const struct field *gives, const char **title)
{
    const char *path = NULL;
    for (const struct field *it = gives; it && it->type != FIELD_END; it++) {
        const char *id = it->refers ? record_given(cx, it->name) : NULL;
        const char *page = id ? show_reference_path(cx, it, id) : NULL;
        if (!page)
            continue;
        path = page;
        *title = cx_printf(cx, "Show the %s", reference_target(it)->one);
    }
    return path;
}
