/* owner: who owns a record that is made, and to whom it may be given. Nobody gives
 * a record out of their own sight: who may change their own records alone keeps them. */
#include <string.h>

#include "access/session.h"
#include "access/tenant.h"
#include "base/text.h"
#include "http/cx.h"
#include "resource/internal.h"
#include "resource/reference.h"

STATEMENT(owner_is_mate,
          "select exists (\n"
          "    select\n"
          "    from team_members mine\n"
          "    join team_members other on other.tenant_id = mine.tenant_id\n"
          "                            and other.team_id = mine.team_id\n"
          "    where mine.user_id = $1::uuid and other.user_id = $2::uuid)",
          0);

bool sight_refuse(struct cx *cx, const struct resource *resource, enum sight sight)
{
    const char *whose = sight == SIGHT_OWN    ? "only with your own"
                        : sight == SIGHT_TEAM ? "only with your own and your teams'"
                                              : "with none";
    return fail(cx, 403, "not_yours", "You may see this %s, but do that %s.", resource->one, whose);
}

static struct value *owner_value(const struct resource *resource, const struct input *input)
{
    for (const struct field *field = input->fields; field->type != FIELD_END; field++)
        if (text_equal(field->name, resource->owner))
            return &input->values[field - input->fields];
    return NULL;
}

static bool refuse_owner(struct cx *cx, const struct resource *resource,
                         const struct viewer *viewer)
{
    const struct field *field = field_find(resource->fields, resource->owner);
    return fail_field(cx, field_json_name(field), "owner_out_of_sight",
                      viewer->sight == SIGHT_TEAM
                          ? "You may give it to members of your teams, or keep it yourself."
                          : "You may keep it yourself, and not give it to others.");
}

static bool sees_owner(struct cx *cx, const struct viewer *viewer, const char *owner_id)
{
    if (viewer->sight == SIGHT_ALL || (owner_id && text_equal(owner_id, viewer->user_id)))
        return true;
    if (!owner_id || viewer->sight != SIGHT_TEAM)
        return false;
    struct rows *rows = db_get(&cx->db, &owner_is_mate, viewer->user_id, owner_id);
    return rows ? rows_bool(rows, 0, 0) : fail_db(cx);
}

static bool check_owner(struct cx *cx, const struct resource *resource, const struct viewer *viewer,
                        const char *owner_id)
{
    return sees_owner(cx, viewer, owner_id) ||
           (cx->failure.status == 0 && refuse_owner(cx, resource, viewer));
}

bool record_is_in_sight(struct cx *cx, const struct resource *resource,
                        const struct list_result *record, const char *permission)
{
    const struct viewer viewer = viewer_with(cx, resource, permission);
    return !resource->owner || sees_owner(cx, &viewer, record_value(record, resource->owner));
}

bool record_owner_is_fixed(const struct cx *cx, const struct resource *resource, bool creating)
{
    const struct viewer viewer =
        creating ? viewer_of_maker(cx, resource) : viewer_of(cx, resource, "update");
    return resource->owner && viewer.sight == SIGHT_OWN;
}

/* Who is signed in, where they are a user of the tenant in which the record is made. */
static const char *maker_of(const struct cx *cx)
{
    bool at_home = cx->session && strcmp(cx->session->tenant_id, cx->db.tenant_id) == 0;
    return at_home ? cx->session->user_id : NULL;
}

/* Whether the tenant's rules choose, as far as the one who makes it may make it for anybody. */
static bool owner_is_assigned(struct cx *cx, const struct resource *resource,
                              const struct viewer *viewer)
{
    return resource->assigned_when.section && viewer->sight == SIGHT_ALL && cx->tenant &&
           text_equal(
               tenant_setting(cx, resource->assigned_when.section, resource->assigned_when.key),
               "true");
}

bool owner_take_new(struct cx *cx, const struct resource *resource, struct input *input)
{
    struct value *value = resource->owner ? owner_value(resource, input) : NULL;
    const struct viewer viewer = viewer_of_maker(cx, resource);
    if (resource->personal)
        input_set(input, resource->personal, cx->session->user_id);
    if (!value || !cx->session)
        return true;
    bool named = value->presence == GIVEN || (value->presence == IS_NULL && !input->is_form);
    if (!named && maker_of(cx) && !owner_is_assigned(cx, resource, &viewer)) {
        value->presence = GIVEN;
        value->text = maker_of(cx);
    }
    return check_owner(cx, resource, &viewer, value->presence == GIVEN ? value->text : NULL);
}

bool owner_may_change(struct cx *cx, const struct resource *resource, struct input *input)
{
    struct value *value = resource->owner ? owner_value(resource, input) : NULL;
    if (!value || value->presence == ABSENT)
        return true;
    const struct viewer viewer = viewer_of(cx, resource, "update");
    if (viewer.sight == SIGHT_OWN && value->presence == IS_NULL && input->is_form) {
        value->presence = ABSENT; /* the form has no name to offer but theirs */
        return true;
    }
    return check_owner(cx, resource, &viewer, value->presence == GIVEN ? value->text : NULL);
}

bool resource_may(const struct cx *cx, const struct resource *resource, const char *permission)
{
    if (resource->personal)
        return cx->session != NULL;
    enum sight sight = sight_of(cx, permission);
    return sight == SIGHT_ALL || (sight != SIGHT_NONE && resource->owner);
}

unsigned sight_route_flags(const struct resource *resource)
{
    return (resource->owner ? ROUTE_KEEPS_SIGHT : 0) | (resource->for_keys ? ROUTE_FOR_KEYS : 0);
}

/* What is sent back as it is refers to nothing new. */
static bool is_stored(struct cx *cx, const struct resource *resource, const char *record_id,
                      const struct field *field, const char *id)
{
    struct list_result there;
    if (!record_id || (field->flags & MADE) ||
        !record_look(cx, resource, record_id, &viewer_of_all, NULL, 0, &there))
        return false;
    return rows_count(there.rows) == 1 && text_equal(record_value(&there, field->name), id);
}

static bool is_seen(struct cx *cx, const struct resource *resource, const char *record_id,
                    const struct field *field, const char *id)
{
    const struct resource *target = reference_target(field);
    const struct viewer viewer = viewer_of(cx, target, "read");
    struct list_result found;
    bool has_key = !(field->flags & MADE); /* a foreign key, which looks itself */
    if (has_key && (viewer.sight == SIGHT_ALL || viewer.sight == SIGHT_NONE))
        return true;
    if (!record_look(cx, target, id, &viewer, NULL, 0, &found))
        return false;
    return rows_count(found.rows) == 1 || is_stored(cx, resource, record_id, field, id) ||
           fail_field(cx, field_json_name(field), "unknown_reference", "There is no such %s.",
                      target->one);
}

bool references_are_seen(struct cx *cx, const struct resource *resource, const char *id,
                         const struct input *input)
{
    bool good = true;
    for (const struct field *field = input->fields; field->type != FIELD_END; field++) {
        const struct value *value = &input->values[field - input->fields];
        if (value->nested)
            good = references_are_seen(cx, resource, NULL, value->nested) && good;
        else if (value->presence == GIVEN && reference_target(field))
            good = is_seen(cx, resource, id, field, value->text) && good;
    }
    return good;
}
