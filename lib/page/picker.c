/* picker: a record is chosen by its name. Without scripts it is a search with a list of results in
 * the form itself, which comes back with what was found; with them (static/picker.js) a list that
 * follows what is typed. */
#include <string.h>

#include "base/text.h"
#include "db/db.h"
#include "http/cx.h"
#include "page/page_parts.h"
#include "resource/reference.h"

static void add_option(json_object *options, const char *value, const char *title, bool selected)
{
    json_object *option = page_item(options);
    page_set(option, "value", value);
    page_set(option, "title", title);
    page_set_bool(option, "selected", selected);
}

/* What is chosen is called as the row says, else as the database does. */
static const char *chosen_title(struct cx *cx, const struct field *field, const char *id,
                                const struct list_result *row)
{
    int column = row ? show_column(row, field->name) : -1;
    bool is_stored = column >= 0 && text_equal(rows_text(row->rows, 0, column), id);
    const char *title =
        is_stored ? reference_label(row, 0, field) : reference_label_of(cx, field, id);
    return title ? title : "(not visible)";
}

static void add_found(struct cx *cx, json_object *out, json_object *options,
                      const struct field *field, const char *chosen)
{
    struct list_result found;
    const char *words = reference_form_words(cx, field);
    if (!words || !reference_find(cx, field, words, REFERENCES_FOUND, &found))
        return;
    size_t count = rows_count(found.rows);
    for (size_t i = 0; i < count; i++)
        if (!text_equal(rows_text(found.rows, i, 0), chosen))
            add_option(options, rows_text(found.rows, i, 0), rows_text(found.rows, i, 1), false);
    page_set(
        out, "found",
        count == 0 ? cx_printf(cx, "Nothing matches “%s”.", words)
        : count == REFERENCES_FOUND
            ? cx_printf(cx, "The first %d that match: more words find others.", REFERENCES_FOUND)
            : NULL);
}

void picker_add(struct cx *cx, json_object *out, const struct field *field, const char *chosen,
                bool needed, const struct list_result *row)
{
    const struct resource *target = reference_target(field);
    const struct field *label = field_find(target->fields, resource_label(target));
    json_object *options = page_list(out, "options");
    bool any = chosen && uuid_is(chosen);
    const char *title = any ? chosen_title(cx, field, chosen, row) : NULL;
    page_set(out, "found", NULL);
    if (any)
        add_option(options, chosen, title, true);
    add_found(cx, out, options, field, any ? chosen : NULL);
    if (!needed)
        add_option(options, "", "None", !any);
    page_set(out, "chosen", any ? chosen : NULL);
    page_set(out, "chosen_title", title);
    page_set(out, "words", reference_form_words(cx, field));
    page_set(out, "among", cx_in_sentence(cx, target->title));
    page_set(out, "api", target->api);
    page_set(out, "member", label ? field_json_name(label) : "id");
}
