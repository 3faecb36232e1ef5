#include "resource/permission_words.h"

#include <string.h>

#include "base/text.h"
#include "http/cx.h"
#include "resource/model.h"
#include "resource/resource.h"

/* Of no resource, or of several that are called otherwise. */
static const struct {
    const char *permission, *subject;
} subjects[] = {
    {"crm.analytics", "Analytics"},
    {"insight.dashboard", "Dashboard"},
    {"tenants.branding", "Branding"},
    {"tenants.features", "Features"},
    {"tenants.profile", "Organisation"},
    {"tenants.settings", "Settings"},
    {"access.security", "Security"},
    {"users.admins", "Administrators"},
    {"users.credentials", "Passwords and addresses"},
    {"platform.mail", "Mail"},
    {"platform.settings", "Settings of the platform"},
    {"platform.users", "People of all tenants"},
    {"views.views", "Saved views"},
};

static const struct {
    const char *verb, *words;
} actions[] = {
    {"read", "See"},
    {"create", "Add"},
    {"update", "Change"},
    {"delete", "Delete"},
    {"export", "Export"},
    {"import", "Import"},
    {"open", "Open"},
    {"verify", "Verify"},
    {"assign", "Give to people"},
    {"suspend", "Suspend and activate"},
    {"impersonate", "Act as their people"},
};

/* "custom_fields": "Custom fields" */
static const char *plain_words(struct cx *cx, const char *name)
{
    char *words = arena_text(cx->arena, name);
    for (char *c = words; *c; c++)
        if (*c == '_')
            *c = ' ';
    return text_title(cx->arena, words);
}

static const char *subject_of(struct cx *cx, const char *permission)
{
    const char *dot = strchr(permission, '.');
    for (size_t i = 0; i < COUNT(subjects); i++)
        if (strcmp(subjects[i].permission, permission) == 0)
            return cx_text(cx, subjects[i].subject);
    for (size_t i = 0; i < model_count(); i++)
        if (text_equal(model_at(i)->permission, permission))
            return cx_text(cx, model_at(i)->title);
    return cx_text(cx, plain_words(cx, dot ? dot + 1 : permission));
}

struct permission_words permission_words(struct cx *cx, const char *name, const char *title)
{
    size_t len = strcspn(name, ":");
    const char *verb = name[len] ? name + len + 1 : "";
    struct permission_words out = {.subject = subject_of(cx, arena_copy(cx->arena, name, len))};
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(actions[i].verb, verb) == 0)
            out.action = cx_text(cx, actions[i].words);
    if (!out.action)
        out.action = title ? cx_text(cx, title) : plain_words(cx, verb);
    return out;
}
