/* pages: signing up in the browser. */
#include <string.h>

#include "access/policy.h"
#include "access/tenant.h"
#include "account/tenant_slug.h"
#include "base/config.h"
#include "base/text.h"
#include "http/cx.h"
#include "page/page.h"
#include "signup.h"

static bool show_closed(struct cx *cx)
{
    return page_render(cx, 200, "signup/closed", "Sign up", page_object(cx));
}

static void set_help(json_object *fields, const char *name, const char *help)
{
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        json_object *field = json_object_array_get_idx(fields, i), *value = NULL;
        json_object_object_get_ex(field, "name", &value);
        if (text_equal(json_object_get_string(value), name))
            page_set(field, "help", help);
    }
}

/* What stands in the form when its slug cannot be had. */
static void add_suggestion(struct cx *cx, json_object *data)
{
    struct failure why = cx->failure;
    const char *name = parameter_get(cx->request.form, "organisation");
    bool wanted = why.status == 409 && name && *name;
    cx->failure = (struct failure){.status = 0};
    page_set(data, "suggestion", wanted ? tenant_slug_suggest(cx, name) : NULL);
    cx->failure = why;
}

static bool show_form(struct cx *cx, int status)
{
    json_object *data = page_object(cx);
    json_object *fields = page_form_fields(cx, signup_fields, NULL, true);
    set_help(fields, "password", password_policy_help(cx, cx->tenant));
    set_help(fields, "slug",
             cx_printf(cx,
                       "Your workspace answers at ADDRESS.%s. Left empty, we make one of the "
                       "organisation's name.",
                       config_text(CONFIG_TULOU_DOMAIN)));
    json_object_object_add(data, "fields", fields);
    add_suggestion(cx, data);
    return page_render(cx, status, "signup/form", "Sign up", data);
}

static bool form_page(struct cx *cx)
{
    return tenant_takes_signups(cx) ? show_form(cx, 200) : show_closed(cx);
}

static bool show_ready(struct cx *cx, const struct signup *made)
{
    json_object *data = page_object(cx);
    page_set(data, "address", made->url);
    page_set(data, "ticket", made->ticket);
    page_set(data, "email", input_text(cx, "email"));
    return page_render(cx, 200, "signup/ready", "Your workspace is ready", data);
}

/* What the browser says its reader reads: "de-AT,de;q=0.9" is "de". */
static const char *language_of(struct cx *cx)
{
    const char *header = request_header(&cx->request, "Accept-Language");
    size_t len = header ? strspn(header, "abcdefghijklmnopqrstuvwxyz") : 0;
    return len == 2 ? arena_copy(cx->arena, header, len) : NULL;
}

static void take_language(struct cx *cx)
{
    struct value *value =
        &cx->input->values[field_find(cx->input->fields, "locale") - cx->input->fields];
    const char *language = language_of(cx);
    if (value->presence != GIVEN && language)
        *value = (struct value){.presence = GIVEN, .text = language};
}

static bool form_submit(struct cx *cx)
{
    struct signup made;
    if (!tenant_takes_signups(cx)) {
        cx->failure = (struct failure){.status = 0};
        return show_closed(cx);
    }
    if (cx->failure.status != 0)
        return show_form(cx, cx->failure.status);
    take_language(cx);
    if (signup_register(cx, &made))
        return show_ready(cx, &made);
    return cx->failure.status < 500 ? show_form(cx, cx->failure.status) : false;
}

const struct route signup_pages[] = {
    ROUTE(GET, "/signup", PUBLIC(PLATFORM), form_page, "Sign-up page.", .answer = ANSWER_PAGE),
    ROUTE(POST, "/signup", PUBLIC(PLATFORM), form_submit, "Sign up by page.", .answer = ANSWER_PAGE,
          .body = signup_fields, .flags = ROUTE_FORM | ROUTE_SHOWS_ERRORS | ROUTE_AUTH_LIMIT),
    {.path = NULL},
};
