/* model_check: what the areas' tables say of each other, checked when they are built. */
#include <string.h>

#include "base/text.h"
#include "resource/areas.h"
#include "resource/described.h"
#include "resource/event_kind.h"
#include "resource/initial.h"
#include "resource/model.h"
#include "resource/shape.h"

/* On a form, or by the words of a filter. */
static bool is_found_by_words(const struct resource *resource, const struct field *field)
{
    bool is_asked_for = resource->page && !(field->flags & READ_ONLY);
    return (is_asked_for || (field->flags & FILTERED)) && !(field->flags & HIDDEN);
}

static void check_reference(const struct resource *resource, const struct field *field,
                            struct buf *report)
{
    const struct resource *target = model_resource(field->refers);
    const char *name = model_name(resource);
    if (field->type != UUID)
        buf_printf(report, "%s: %s refers to %s, but is no UUID.\n", name, field->name,
                   field->refers);
    else if (!target)
        buf_printf(report, "%s: %s refers to %s, which no area has.\n", name, field->name,
                   field->refers);
    else if (!text_ends(field->name, "_id"))
        buf_printf(report, "%s: %s refers to %s; end its name in _id.\n", name, field->name,
                   field->refers);
    else if (is_found_by_words(resource, field) && !resource_is_searched(target))
        buf_printf(report, "%s: %s is found by words, but %s has no SEARCHED field.\n", name,
                   field->name, field->refers);
    if (field->on_delete == SET_NULL && !(field->flags & NULLABLE))
        buf_printf(report, "%s: %s is set to null by a deletion, but is not NULLABLE.\n", name,
                   field->name);
}

/* Pages show it as a text with headings and tables: a cell of a list has no room for it. */
static void check_markdown(const struct resource *resource, const struct field *field,
                           struct buf *report)
{
    if (field->type != LONG || (field->flags & LISTED))
        buf_printf(report, "%s: %s is MARKDOWN; it must be LONG and not LISTED.\n",
                   model_name(resource), field->name);
}

static void check_currency(const struct resource *resource, const struct field *field,
                           struct buf *report)
{
    const struct field *beside = field_find(resource->fields, field->currency);
    if (!beside || beside->type != CURRENCY)
        buf_printf(report, "%s: the currency of %s is %s, which is no CURRENCY beside it.\n",
                   model_name(resource), field->name, field->currency);
}

/* Whether the order in which the resource is listed names the field. */
static bool is_sorted_by(const struct resource *resource, const struct field *field)
{
    const char *at = resource->sort ? resource->sort : "-createdAt", *name = field_json_name(field);
    size_t len = strlen(name);
    for (; *at; at += *at == ',') {
        at += *at == '-';
        size_t end = strcspn(at, ",");
        if (end == len && strncmp(at, name, len) == 0)
            return true;
        at += end;
    }
    return false;
}

static void check_permission(const struct resource *resource, const struct field *field,
                             const char *permission, struct buf *report)
{
    if (permission && !areas_permission_exists(permission))
        buf_printf(report, "%s: %s needs %s, a permission that no area declares.\n",
                   model_name(resource), field->name, permission);
}

/* What only some may see is in nothing that others ask for. */
static void check_limited(const struct resource *resource, const struct field *field,
                          struct buf *report)
{
    const char *name = model_name(resource);
    check_permission(resource, field, field->seen_with, report);
    check_permission(resource, field, field->changed_with, report);
    if (field->flags & REQUIRED)
        buf_printf(report, "%s: %s is REQUIRED of everybody, but only some may write it.\n", name,
                   field->name);
    if (field->changed_with && field->child)
        buf_printf(report,
                   "%s: %s is rows, which are seen and written by the same: leave "
                   ".changed_with out.\n",
                   name, field->name);
    if (!field->seen_with)
        return;
    if ((field->flags & SEARCHED) || is_sorted_by(resource, field) ||
        text_equal(resource->owner, field->name) ||
        strcmp(resource_label(resource), field->name) == 0)
        buf_printf(report,
                   "%s: %s names, sorts or finds records for everybody, but only some may "
                   "see it.\n",
                   name, field->name);
}

/* Defaults of the tenant's, and what is offered. */
static void check_words(const struct resource *resource, const struct field *field,
                        struct buf *report)
{
    const char *name = model_name(resource);
    if (field->initial_of && !initial_is_setting(field->initial_of))
        buf_printf(report, "%s: %s begins as %s, which is no setting of a tenant.\n", name,
                   field->name, field->initial_of);
    if (field->offered && !field->refers)
        buf_printf(report, "%s: %s is offered, but refers to nothing.\n", name, field->name);
    if (field->follows_sql && (!field->offered || !strchr(field->follows_sql, '$')))
        buf_printf(report, "%s: .follows_sql of %s is of what is offered, and names it as $.\n",
                   name, field->name);
}

static void check_condition(const struct resource *resource, const struct field *field,
                            struct buf *report)
{
    const struct shown_when *when = field->shown_when;
    const struct field *beside = field_find(resource->fields, when->field);
    const struct resource *target = beside ? model_resource(beside->refers) : NULL;
    const struct field *asked =
        when->of ? (target ? field_find(target->fields, when->of) : NULL) : beside;
    const char *name = model_name(resource);
    if (!asked)
        buf_printf(report, "%s: %s is shown by %s%s%s, which there is not.\n", name, field->name,
                   when->field, when->of ? "." : "", when->of ? when->of : "");
    else if (beside->seen_with || asked->seen_with || field->seen_with)
        buf_printf(report, "%s: whether %s is shown is not for some alone to see.\n", name,
                   field->name);
    if (!(field->flags & NULLABLE))
        buf_printf(report, "%s: %s is not always there, so it is NULLABLE.\n", name, field->name);
}

/* No index serves an order by what is computed. */
static void check_order_of_computed(const struct resource *resource, const struct field *field,
                                    struct buf *report)
{
    if (field->sql && (field->flags & SORTED) && !field->sorted_by)
        buf_printf(report, "%s: %s is computed, and sorted without an index; leave SORTED out.\n",
                   model_name(resource), field->name);
}

/* Only fields of the resource itself may be of some alone. */
static void check_nested(const struct resource *resource, const struct field *field,
                         struct buf *report)
{
    for (const struct field *it = field->fields; it && it->type != FIELD_END; it++)
        if (it->seen_with || it->changed_with || it->initial_of || it->initial_sql || it->offered)
            buf_printf(report,
                       "%s: %s.%s cannot be of some alone, offered or of the tenant's; say it of "
                       "%s.\n",
                       model_name(resource), field->name, it->name, field->name);
}

static void check_fields(const struct resource *resource, struct buf *report)
{
    int limited = 0;
    const struct field *fields = resource->fields;
    for (const struct field *it = fields; it->type != FIELD_END; it++) {
        if (it->refers)
            check_reference(resource, it, report);
        if (it->currency)
            check_currency(resource, it, report);
        if (it->flags & MARKDOWN)
            check_markdown(resource, it, report);
        if (it->seen_with || it->changed_with)
            check_limited(resource, it, report);
        limited += it->seen_with != NULL;
        check_words(resource, it, report);
        check_order_of_computed(resource, it, report);
        if (it->shown_when)
            check_condition(resource, it, report);
        check_nested(resource, it, report);
        if (field_find(fields, it->name) != it)
            buf_printf(report, "%s: %s stands there twice.\n", model_name(resource), it->name);
    }
    for (const char *const *it = resource->alike; it && *it; it++) {
        const struct field *field = field_find(fields, *it);
        if (!field || !(field->flags & FILTERED) || field->seen_with ||
            (field->type == TEXT && !(field->flags & SEARCHED)))
            buf_printf(report, "%s: by %s it cannot be told what is there already.\n",
                       model_name(resource), *it);
    }
    if (limited > SHAPE_LIMITED_MAX)
        buf_printf(report, "%s: more than %d fields are seen by some alone.\n",
                   model_name(resource), SHAPE_LIMITED_MAX);
    if (resource->label && !field_find(fields, resource->label) &&
        !field_find(resource_common_fields, resource->label))
        buf_printf(report, "%s: its label %s is no field of it.\n", model_name(resource),
                   resource->label);
}

static void check_addresses(const struct resource *resource, struct buf *report)
{
    if (resource->api && !text_starts(resource->api, "/api/"))
        buf_printf(report, "%s: its address %s does not begin with /api/.\n", model_name(resource),
                   resource->api);
    if (resource->page && *resource->page != '/')
        buf_printf(report, "%s: its page %s does not begin with a slash.\n", model_name(resource),
                   resource->page);
}

static void check_twins(const struct resource *resource, size_t before, struct buf *report)
{
    for (size_t i = 0; i < before; i++) {
        const struct resource *other = model_at(i);
        if (text_equal(model_name(other), model_name(resource)))
            buf_printf(report, "%s: two resources have this name.\n", model_name(resource));
        if (resource->api && text_equal(other->api, resource->api))
            buf_printf(report, "%s: %s has its address %s too.\n", model_name(resource),
                       model_name(other), resource->api);
        if (resource->page && text_equal(other->page, resource->page))
            buf_printf(report, "%s: %s has its page %s too.\n", model_name(resource),
                       model_name(other), resource->page);
    }
}

/* References of routes, which have no resource: of bodies and queries. */
static void check_route_fields(json_object *route, const char *key, struct buf *report)
{
    json_object *list;
    if (!json_object_object_get_ex(route, key, &list))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *it = json_object_array_get_idx(list, i);
        const char *refers = described_text(it, "refers");
        if (refers && !model_resource(refers))
            buf_printf(report, "%s %s: %s refers to %s, which no area has.\n",
                       described_text(route, "method"), described_text(route, "path"),
                       described_text(it, "name"), refers);
    }
}

static bool is_asked_for(const char *permission)
{
    struct described_place place = {0};
    for (json_object *it; (it = described_next("routes", &place)) != NULL;)
        if (text_equal(described_text(it, "level"), "permission") &&
            text_equal(described_text(it, "needs"), permission))
            return true;
    return false;
}

static void check_menu(struct buf *report)
{
    struct described_place place = {0};
    for (json_object *it; (it = described_next("menu", &place)) != NULL;) {
        struct described_place before = {0};
        const char *needs = described_text(it, "needs");
        if (needs && !is_asked_for(needs))
            buf_printf(report, "Menu \"%s\": no route asks for the permission %s.\n",
                       described_text(it, "title"), needs);
        for (json_object *other; (other = described_next("menu", &before)) != it;)
            if (text_equal(described_text(other, "path"), described_text(it, "path")) &&
                text_equal(described_text(other, "set"), described_text(it, "set")))
                buf_printf(report, "Menu \"%s\": \"%s\" leads to %s too.\n",
                           described_text(it, "title"), described_text(other, "title"),
                           described_text(it, "path"));
    }
}

bool model_check(struct buf *report)
{
    struct described_place place = {0};
    for (size_t i = 0; i < model_count(); i++) {
        check_twins(model_at(i), i, report);
        check_addresses(model_at(i), report);
        check_fields(model_at(i), report);
    }
    for (json_object *it; (it = described_next("routes", &place)) != NULL;) {
        check_route_fields(it, "body", report);
        check_route_fields(it, "query", report);
    }
    check_menu(report);
    event_kinds_check(report);
    return report->len == 0;
}
