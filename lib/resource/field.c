#include "resource/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/registry.h"
#include "base/text.h"
#include "http/cx.h"

/* Derived once for each field and kept, since they never change. A field that is no constant of the
 * program is MADE; should one that is not come to the address of another, it has its own name all
 * the same, for `of` and `type` say whose these are. */
struct names {
    const char *of, *json, *label, *ordered;
    enum field_type type;
};

static struct arena *forever(void)
{
    static struct arena *arena;
    if (!arena)
        arena = arena_new();
    return arena;
}

/* Whose values people read in order: by the rules of language and not by the numbers of the
 * characters, in comparisons too, so that one index serves both. The collation is deterministic:
 * texts are equal to it only when they are the same. */
static const char *ordered_name(const struct field *field)
{
    if (field->sql || field->type != TEXT || !(field->flags & SORTED))
        return field->sql ? field->sql : field->name;
    return arena_printf(forever(), "%s collate \"und-x-icu\"", field->name);
}

static const char *member_name(const struct field *field)
{
    if (field->member || field->flags & AS_NAMED)
        return field->member ? field->member : field->name;
    const char *name = text_camel(forever(), field->name);
    bool is_called_so = text_ends(name, "Amount") || strcmp(name, "amount") == 0;
    return field->type != MONEY || is_called_so ? name : arena_printf(forever(), "%sAmount", name);
}

static const struct names *names_of(const struct field *field)
{
    static struct registry known;
    struct names *names = registry_find(&known, field);
    if (names && names->of == field->name && names->type == field->type)
        return names;
    if (!names) {
        names = arena_alloc(forever(), sizeof *names);
        registry_add(&known, field, names);
    }
    *names =
        (struct names){.of = field->name,
                       .type = field->type,
                       .json = member_name(field),
                       .label = field->label ? field->label : text_title(forever(), field->name),
                       .ordered = ordered_name(field)};
    return names;
}

const char *field_ordered(const struct field *field)
{
    if (field->flags & MADE)
        return field->sql;
    return names_of(field)->ordered;
}

const char *field_json_name(const struct field *field)
{
    if (field->flags & MADE)
        return field->name;
    return names_of(field)->json;
}

const char *field_label(const struct field *field)
{
    if (field->flags & MADE)
        return field->label;
    return names_of(field)->label;
}

const char *field_title(const struct cx *cx, const struct field *field)
{
    return field->flags & MADE ? field_label(field) : cx_text(cx, field_label(field));
}

static const char *const type_names[] = {
    [TEXT] = "text",         [LONG] = "long",         [EMAIL] = "email",
    [PHONE] = "phone",       [URL] = "url",           [ORIGIN] = "origin",
    [SLUG] = "slug",         [COLOR] = "color",       [SECRET] = "secret",
    [INT] = "int",           [MONEY] = "money",       [BASIS_POINTS] = "basisPoints",
    [BOOL] = "bool",         [CHOICE] = "choice",     [UUID] = "uuid",
    [TIME] = "time",         [DATE] = "date",         [ZONE] = "zone",
    [LOCALE] = "locale",     [CURRENCY] = "currency", [AGENT] = "agent",
    [SENTENCE] = "sentence", [JSON] = "json",         [OBJECT] = "object",
    [ARRAY] = "array",       [FILE_FIELD] = "file",   [DECIMAL] = "decimal",
    [CUSTOM] = "custom",
};

const char *field_type_name(enum field_type type)
{
    return type_names[type];
}

enum field_type field_type_named(const char *name)
{
    for (size_t i = 0; name && i < COUNT(type_names); i++)
        if (text_equal(type_names[i], name))
            return (enum field_type)i;
    return FIELD_END;
}

static const struct {
    unsigned flag;
    const char *name;
} flag_names[] = {{REQUIRED, "required"},
                  {NULLABLE, "nullable"},
                  {READ_ONLY, "readOnly"},
                  {CREATE_ONLY, "createOnly"},
                  {INPUT_ONLY, "inputOnly"},
                  {SEARCHED, "searched"},
                  {FILTERED, "filtered"},
                  {SORTED, "sorted"},
                  {LISTED, "listed"},
                  {HIDDEN, "hidden"},
                  {LIST_OMITTED, "listOmitted"},
                  {AS_NAMED, "asNamed"},
                  {COLUMN_ONLY, "columnOnly"},
                  {MEMBER_ONLY, "memberOnly"},
                  {GUARDED, "guarded"},
                  {MARKDOWN, "markdown"}};

const char *field_flag_at(size_t index, unsigned *flag)
{
    if (index >= COUNT(flag_names))
        return NULL;
    *flag = flag_names[index].flag;
    return flag_names[index].name;
}

static const char *const on_delete_names[] = {
    [REFUSE] = "refuse", [CASCADE] = "cascade", [SET_NULL] = "setNull", [LEFT] = "left"};

const char *field_on_delete_name(enum on_delete on_delete)
{
    return on_delete_names[on_delete];
}

enum on_delete field_on_delete_named(const char *name)
{
    for (size_t i = 0; name && i < COUNT(on_delete_names); i++)
        if (strcmp(on_delete_names[i], name) == 0)
            return (enum on_delete)i;
    return REFUSE;
}

size_t field_count(const struct field *fields)
{
    size_t count = 0;
    while (fields && fields[count].type != FIELD_END)
        count++;
    return count;
}

const struct field *field_find(const struct field *fields, const char *name)
{
    for (; fields && fields->type != FIELD_END; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

const struct field *field_find_json(const struct field *fields, const char *json_name)
{
    for (; fields && fields->type != FIELD_END; fields++)
        if (strcmp(field_json_name(fields), json_name) == 0)
            return fields;
    return NULL;
}

bool field_is_column(const struct field *field)
{
    return !field->sql && !field->child && !(field->flags & (READ_ONLY | INPUT_ONLY)) &&
           field->type != FILE_FIELD;
}

const char *field_word_title(struct cx *cx, const char *word)
{
    char *text = text_title(cx->arena, word);
    for (char *c = text; *c; c++)
        if (*c == '-')
            *c = ' ';
    return cx_text(cx, text);
}

const char *field_choice_title(struct cx *cx, const struct field *field, const char *choice)
{
    for (size_t i = 0; field->choice_labels && field->choices[i]; i++)
        if (strcmp(field->choices[i], choice) == 0)
            return field->flags & MADE ? field->choice_labels[i]
                                       : cx_text(cx, field->choice_labels[i]);
    return field->choice_labels ? choice : field_word_title(cx, choice);
}
