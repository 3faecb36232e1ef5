#include "access/first_login.h"

#include <json-c/json.h>
#include <unistd.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "http/cx.h"

static const char *file_path(struct arena *arena)
{
    return arena_printf(arena, "%s/first-login.json", config_text(CONFIG_TULOU_VAR));
}

const char *first_login_email(struct arena *arena)
{
    const char *path = file_path(arena);
    json_object *file = access(path, R_OK) == 0 ? json_object_from_file(path) : NULL;
    json_object *email = NULL;
    const char *found = NULL;
    if (file && json_object_object_get_ex(file, "email", &email))
        found = arena_text(arena, json_object_get_string(email));
    json_object_put(file);
    return found;
}

void first_login_remove(struct arena *arena)
{
    const char *path = file_path(arena);
    if (unlink(path) != 0)
        log_warn("the file of a password that is void cannot be removed", "path", path);
}

void first_login_used(struct cx *cx)
{
    if (cx->tenant->kind == TENANT_PLATFORM &&
        text_equal(first_login_email(cx->arena), cx->session->email))
        first_login_remove(cx->arena);
}
