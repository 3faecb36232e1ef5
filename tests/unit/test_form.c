/* Forms: what they keep, what they escape, where they say what is wrong. */
#include "resource/field.h"
#include "resource/input.h"
#include "sheet.h"

static const struct field *const fields = FIELDS(
    {"full_name", TEXT, REQUIRED, 1, 200, .help = "As on letters."}, {"email", EMAIL, NULLABLE},
    {"status", CHOICE, REQUIRED, .choices = CHOICES("new", "in_review"), .initial = "new"},
    {"password", SECRET, REQUIRED}, {"news", BOOL, 0, .initial = "true"},
    {"interests", ARRAY, 0, .item = CHOICE, .choices = CHOICES("tennis", "gym")},
    {"note", LONG, NULLABLE}, {"internal", TEXT, HIDDEN}, {"score", INT, READ_ONLY},
    {"code", SLUG, CREATE_ONLY});

static json_object *form_field(bool creating, const char *name)
{
    json_object *list = page_form_fields(cx, fields, NULL, creating), *data = page_object(cx);
    json_object_object_add(data, "fields", list);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *it = json_object_array_get_idx(list, i);
        if (strcmp(json_object_get_string(json_object_object_get(it, "name")), name) == 0)
            return it;
    }
    return NULL;
}

static bool is_true(json_object *object, const char *key)
{
    return json_object_get_boolean(json_object_object_get(object, key));
}

START_TEST(empty_form_shows_initial_values)
{
    ck_assert_ptr_null(member(form_field(true, "fullName"), "value"));
    ck_assert_str_eq(member(form_field(true, "status"), "value"), "new");
    ck_assert(is_true(form_field(true, "news"), "checked"));
}
END_TEST

START_TEST(form_keeps_what_was_typed)
{
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "fullName", "  Ada <b>");
    add_parameter(&cx->request.form, "news", "false");
    add_parameter(&cx->request.form, "interests", "gym");
    ck_assert_str_eq(member(form_field(true, "fullName"), "value"), "  Ada <b>");
    ck_assert(!is_true(form_field(true, "news"), "checked"));
    json_object *ticks = json_object_object_get(form_field(true, "interests"), "options");
    ck_assert(!is_true(json_object_array_get_idx(ticks, 0), "selected"));
    ck_assert(is_true(json_object_array_get_idx(ticks, 1), "selected"));
}
END_TEST

static const struct field *const priced =
    FIELDS({"price", MONEY, REQUIRED, .currency = "currency"}, {"currency", CURRENCY, REQUIRED});

static const struct input *read_price(const char *price, const char *currency)
{
    static struct route route;
    struct input *input;
    route.body = priced;
    next_request(HTTP_POST, "/x");
    cx->route = &route;
    add_parameter(&cx->request.form, "priceAmount", price);
    add_parameter(&cx->request.form, "currency", currency);
    return input_read_form(cx, priced, INPUT_CREATE, &input) ? input : NULL;
}

START_TEST(amounts_are_typed_as_people_write_them)
{
    ck_assert_str_eq(input_value(read_price("12.5", "EUR"), "price")->text, "1250");
    ck_assert_str_eq(input_value(read_price("12", "JPY"), "price")->text, "12");
    ck_assert_ptr_null(read_price("12.505", "EUR"));
    ck_assert_str_eq(cx->failure.details->code, "invalid_amount");
}
END_TEST

static const struct field *const offered = FIELDS(
    {"fee", MONEY, 0, .initial = "50"}, {"dinars", MONEY, 0, .initial = "1500", .currency = "unit"},
    {"unit", CURRENCY, 0, .initial = "KWD"},
    {"yen", MONEY, 0, .initial = "50", .currency = "other"}, {"other", CURRENCY, NULLABLE});

/* What a form offers is what it reads when it is saved as it came. */
START_TEST(amounts_begin_in_the_units_that_people_write)
{
    static const char *const shown[] = {"0.50", "1.500", "KWD", "0.50"};
    static const char *const read[] = {"50", "1500", "KWD", "50"};
    static struct route route;
    cx->tenant = &tenant;
    json_object *list = page_form_fields(cx, offered, NULL, true);
    for (size_t i = 0; i < COUNT(shown); i++)
        ck_assert_str_eq(member(json_object_array_get_idx(list, i), "value"), shown[i]);
    route.body = offered;
    next_request(HTTP_POST, "/x");
    cx->route = &route;
    cx->tenant = &tenant;
    for (size_t i = 0; i < COUNT(shown); i++)
        add_parameter(&cx->request.form, field_json_name(&offered[i]), shown[i]);
    struct input *input;
    ck_assert(input_read_form(cx, offered, INPUT_CREATE, &input));
    for (size_t i = 0; i < COUNT(read); i++)
        ck_assert_str_eq(input_value(input, offered[i].name)->text, read[i]);
}
END_TEST

START_TEST(secret_is_never_shown_again)
{
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "password", "hunter2hunter2");
    ck_assert_ptr_null(member(form_field(true, "password"), "value"));
}
END_TEST

START_TEST(form_leaves_out_what_cannot_be_entered)
{
    ck_assert_ptr_null(form_field(true, "internal"));
    ck_assert_ptr_null(form_field(true, "score"));
    ck_assert_ptr_nonnull(form_field(true, "code"));
    ck_assert_ptr_null(form_field(false, "code"));
}
END_TEST

START_TEST(error_stands_beside_its_field)
{
    fail_field(cx, "fullName", "required", "must not be empty");
    json_object *field = form_field(true, "fullName");
    ck_assert_str_eq(member(field, "error"), "must not be empty");
    ck_assert_str_eq(member(field, "described"), "f-fullName-help f-fullName-error");
    ck_assert_ptr_null(member(form_field(true, "email"), "error"));
}
END_TEST

static bool render_form(void)
{
    json_object *data = page_object(cx);
    json_object_object_add(data, "fields", page_form_fields(cx, fields, NULL, true));
    page_set(data, "action", "/x");
    page_set(data, "back", "/x");
    page_set(data, "submit", "Save");
    return page_render(cx, 422, "layout/form", "New <lead>", data);
}

START_TEST(error_summary_leads_to_the_fields)
{
    struct route route = {.body = fields};
    cx->route = &route;
    cx->request.method = HTTP_POST;
    fail_field(cx, "fullName", "required", "must not be empty");
    fail_field(cx, "email", "invalid", "is not an e-mail address");
    sign_in("*");
    const char *body = body_of(render_form());
    ck_assert_ptr_nonnull(strstr(body, "Please correct 2 fields"));
    ck_assert_ptr_nonnull(strstr(body, "href=\"#f-fullName\""));
    ck_assert_ptr_nonnull(strstr(body, "Full name: must not be empty"));
    ck_assert_ptr_nonnull(strstr(body, "id=\"f-email\""));
}
END_TEST

START_TEST(values_and_titles_are_escaped)
{
    static const char bad[] = "</textarea>\"'><script>alert(1)</script>{{csrf}}";
    cx->request.method = HTTP_POST;
    add_parameter(&cx->request.form, "fullName", bad);
    add_parameter(&cx->request.form, "note", bad);
    sign_in("*");
    session.name = bad;
    const char *body = body_of(render_form());
    ck_assert_ptr_null(strstr(body, "<script>alert"));
    ck_assert_ptr_null(strstr(body, "</textarea>\""));
    ck_assert_ptr_nonnull(strstr(body, "&lt;script&gt;alert(1)"));
    ck_assert_ptr_nonnull(strstr(body, "{{csrf}}"));
    ck_assert_ptr_nonnull(strstr(body, "New &lt;lead&gt;"));
}
END_TEST

START_TEST(form_carries_its_tokens)
{
    sign_in("*");
    const char *body = body_of(render_form());
    const char *token = arena_printf(cx->arena, "name=\"_csrf\" value=\"%s\"", access_csrf(cx));
    ck_assert_ptr_nonnull(strstr(body, token));
    ck_assert_ptr_nonnull(strstr(body, "name=\"_once\" value=\""));
}
END_TEST

static Suite *form_suite(void)
{
    Suite *suite = suite_create("form");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, empty_form_shows_initial_values);
    tcase_add_test(all, form_keeps_what_was_typed);
    tcase_add_test(all, amounts_are_typed_as_people_write_them);
    tcase_add_test(all, amounts_begin_in_the_units_that_people_write);
    tcase_add_test(all, secret_is_never_shown_again);
    tcase_add_test(all, form_leaves_out_what_cannot_be_entered);
    tcase_add_test(all, error_stands_beside_its_field);
    tcase_add_test(all, error_summary_leads_to_the_fields);
    tcase_add_test(all, values_and_titles_are_escaped);
    tcase_add_test(all, form_carries_its_tokens);
    suite_add_tcase(suite, all);
    return suite;
}

UNIT_MAIN(form_suite)
