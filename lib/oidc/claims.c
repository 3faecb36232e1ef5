/* claims: questions about what a provider says of a person. */
#include <string.h>

#include "base/text.h"
#include "oidc/oidc.h"

enum { PATH_MOST = 8 };

const char *oidc_claim_text(json_object *claims, const char *name)
{
    json_object *value = NULL;
    return json_object_is_type(claims, json_type_object) &&
                   json_object_object_get_ex(claims, name, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

bool oidc_claim_true(json_object *claims, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(claims, name, &value);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static json_object *follow_path(json_object *at, const char *path)
{
    char part[256];
    for (int depth = 0; depth < PATH_MOST && json_object_is_type(at, json_type_object); depth++) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof part)
            return NULL;
        memcpy(part, path, len);
        part[len] = 0;
        json_object *next = NULL;
        json_object_object_get_ex(at, part, &next);
        if (path[len] == 0)
            return next;
        at = next;
        path += len + 1;
    }
    return NULL;
}

static bool is_value(json_object *one, const char *value)
{
    return json_object_get_type(one) != json_type_object &&
           json_object_get_type(one) != json_type_array &&
           text_equal(json_object_get_string(one), value);
}

bool oidc_claim_has(json_object *claims, const char *name, const char *value)
{
    json_object *found = NULL;
    if (!json_object_object_get_ex(claims, name, &found))
        found = follow_path(claims, name);
    if (!json_object_is_type(found, json_type_array))
        return found && is_value(found, value);
    for (size_t i = 0; i < json_object_array_length(found); i++)
        if (is_value(json_object_array_get_idx(found, i), value))
            return true;
    return false;
}
