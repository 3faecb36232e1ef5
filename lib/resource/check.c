/* check: whether a text is a value of a field's type, and its normal form. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/email.h"
#include "base/money.h"
#include "base/origin.h"
#include "base/text.h"
#include "base/unicode.h"
#include "http/cx.h"
#include "resource/input.h"

struct check {
    struct cx *cx;
    const struct field *field;
    struct value *out;
    const char **code, **message;
};

static bool refuse(struct check *check, const char *code, const char *message)
{
    *check->code = code;
    *check->message = message;
    return false;
}

static bool accept(struct check *check, const char *text)
{
    check->out->presence = GIVEN;
    check->out->text = text;
    return true;
}

static bool check_length(struct check *check, const char *text, int64_t max)
{
    int64_t count = (int64_t)text_count(text);
    if (count < check->field->min)
        return refuse(
            check, count == 0 ? "required" : "too_short",
            cx_printf(check->cx, "Use at least %lld characters.", (long long)check->field->min));
    if (count > max)
        return refuse(check, "too_long",
                      cx_printf(check->cx, "Use at most %lld characters.", (long long)max));
    return true;
}

static bool check_is_there(struct check *check, const char *text)
{
    bool needed = (check->field->flags & REQUIRED) || check->field->min > 0;
    return *text || !needed || refuse(check, "required", "This is required.");
}

/* Names and the like: what nobody can see is empty. */
static bool check_text(struct check *check, const char *text)
{
    int64_t max = check->field->max ? check->field->max : 1000;
    if (unicode_has_control(text, false))
        return refuse(check, "control_character", "Control characters are not allowed here.");
    if (unicode_has_override(text))
        return refuse(check, "control_character",
                      "Characters that turn the direction of writing are not allowed here.");
    const char *trimmed = unicode_is_visible(text) ? text_trim(check->cx->arena, text) : "";
    return check_is_there(check, trimmed) && check_length(check, trimmed, max) &&
           accept(check, trimmed);
}

static bool check_long(struct check *check, const char *text)
{
    if (unicode_has_control(text, true))
        return refuse(check, "control_character", "Control characters are not allowed here.");
    return check_is_there(check, unicode_is_visible(text) ? text : "") &&
           check_length(check, text, check->field->max ? check->field->max : 20000) &&
           accept(check, text);
}

static bool check_email(struct check *check, const char *text)
{
    char *email = email_read(check->cx->arena, text);
    return email ? accept(check, email)
                 : refuse(check, "invalid_email", "This is not an e-mail address.");
}

static bool check_phone(struct check *check, const char *text)
{
    char *phone = arena_text(check->cx->arena, text), *to = phone;
    size_t digits = 0;
    for (const char *c = text; *c; c++) {
        if (isdigit((unsigned char)*c))
            digits++;
        else if (*c != '+' || to != phone) {
            if (!strchr(" -()./", *c))
                return refuse(check, "invalid_phone", "This is not a telephone number.");
            continue;
        }
        *to++ = *c;
    }
    *to = '\0';
    if (digits < 4 || digits > 15) /* ITU-T E.164 */
        return refuse(check, "invalid_phone", "This is not a telephone number.");
    return accept(check, phone);
}

static bool check_url(struct check *check, const char *text)
{
    const char *rest = text_starts(text, "https://")  ? text + 8
                       : text_starts(text, "http://") ? text + 7
                                                      : NULL;
    bool good = rest && *rest && *rest != '/' && strlen(text) <= 2000;
    for (const char *c = text; good && *c; c++)
        good = (unsigned char)*c > 0x20 && !strchr("\"<>\\^`{|}", *c);
    return good ? accept(check, text)
                : refuse(check, "invalid_url", "This is not a web address (http or https).");
}

static bool check_origin(struct check *check, const char *text)
{
    char *origin = origin_read(check->cx->arena, text);
    return origin ? accept(check, origin)
                  : refuse(check, "invalid_origin",
                           "Use a scheme and a host, with a port where it has one, like "
                           "https://app.example.com: no path and no wildcard.");
}

static bool check_slug(struct check *check, const char *text)
{
    size_t len = strlen(text);
    bool good = len >= 2 && islower((unsigned char)text[0]) && text[len - 1] != '-';
    for (size_t i = 0; good && i < len; i++)
        good = islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) || text[i] == '-';
    if (!good)
        return refuse(check, "invalid_slug",
                      "Use small letters, digits and hyphens; begin with a letter.");
    return check_length(check, text, check->field->max ? check->field->max : 40) &&
           accept(check, text);
}

static bool check_color(struct check *check, const char *text)
{
    bool good = strlen(text) == 7 && text[0] == '#';
    for (int i = 1; good && i < 7; i++)
        good = isxdigit((unsigned char)text[i]);
    return good ? accept(check, text_lower(check->cx->arena, text))
                : refuse(check, "invalid_color", "Use a colour like #1f5fa8.");
}

/* As it was typed: password_verify() knows which forms older hashes may have. */
static bool check_secret(struct check *check, const char *text)
{
    const char *normal = unicode_password(check->cx->arena, text);
    return check_length(check, normal, check->field->max ? check->field->max : 1024) &&
           accept(check, text);
}

static bool check_int(struct check *check, const char *text)
{
    const struct field *field = check->field;
    int64_t value, min = field->min, max = field->max ? field->max : WHOLE_MOST;
    if (field->min == 0 && field->max == 0)
        min = -WHOLE_MOST;
    if (!text_to_int(text, INT64_MIN, INT64_MAX, &value))
        return refuse(check, "not_a_number", "This is not a whole number.");
    if (value < min)
        return refuse(check, "too_small",
                      cx_printf(check->cx, "Use at least %lld.", (long long)min));
    if (value > max)
        return refuse(check, "too_big", cx_printf(check->cx, "Use at most %lld.", (long long)max));
    return accept(check, arena_printf(check->cx->arena, "%lld", (long long)value));
}

/* As JSON writes it, whichever of its ways it came in; what PostgreSQL and a double know alike. */
static bool check_decimal(struct check *check, const char *text)
{
    char *end;
    bool plain = *text && text[strspn(text, "0123456789+-.eE")] == '\0';
    double value = plain ? strtod(text, &end) : 0;
    if (!plain || *end)
        return refuse(check, "not_a_number", "This is not a number.");
    if (!(value > -1e15 && value < 1e15))
        return refuse(check, "too_big", "Use at most 15 digits.");
    char *normal = arena_printf(check->cx->arena, "%.15g", value);
    if (strchr(normal, 'e')) /* a number near nought */
        normal = arena_printf(check->cx->arena, "%.15f", value);
    return accept(check, normal);
}

static bool check_bool(struct check *check, const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "on") == 0)
        return accept(check, "true");
    if (strcmp(text, "false") == 0)
        return accept(check, "false");
    return refuse(check, "not_a_bool", "Use true or false.");
}

static bool check_choice(struct check *check, const char *text)
{
    struct buf list;
    buf_init(&list, check->cx->arena);
    for (const char *const *choice = check->field->choices; choice && *choice; choice++) {
        if (strcmp(*choice, text) == 0)
            return accept(check, *choice);
        buf_puts(&list, list.len ? ", " : "");
        buf_puts(&list, *choice);
    }
    return refuse(check, "not_a_choice", cx_printf(check->cx, "Use one of %s.", list.data));
}

static bool check_uuid(struct check *check, const char *text)
{
    return uuid_is(text) ? accept(check, text_lower(check->cx->arena, text))
                         : refuse(check, "invalid_uuid", "This is not an id.");
}

static bool check_time(struct check *check, const char *text)
{
    int64_t us;
    char *normal = arena_alloc(check->cx->arena, 32);
    if (!clock_parse(text, &us) &&
        !clock_parse(arena_printf(check->cx->arena, "%s:00Z", text), &us))
        return refuse(check, "invalid_time", "Use a time like 2026-11-21T09:30:00Z.");
    clock_format(us, normal);
    return accept(check, normal);
}

static bool check_date(struct check *check, const char *text)
{
    return clock_is_date(text) ? accept(check, text)
                               : refuse(check, "invalid_date", "Use a date like 2026-11-21.");
}

static bool check_zone(struct check *check, const char *text)
{
    return clock_zone_exists(text)
               ? accept(check, text)
               : refuse(check, "invalid_zone", "Use a zone like Europe/Madrid.");
}

/* language[-Script][-REGION] (RFC 5646 2.1, the common part) */
static bool check_locale(struct check *check, const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    bool good = len == 2 || len == 3;
    for (const char *at = text + len; good && *at; at += len) {
        len = 1 + strcspn(at + 1, "-");
        good = *at == '-' && (len == 3 || len == 5);
        for (size_t i = 1; good && i < len; i++)
            good = isalpha((unsigned char)at[i]);
    }
    return good ? accept(check, text)
                : refuse(check, "invalid_locale", "Use a language like en or pt-BR.");
}

static bool check_currency(struct check *check, const char *text)
{
    return money_is_currency(text) ? accept(check, text)
                                   : refuse(check, "invalid_currency", "Use a currency like EUR.");
}

/* JSON typed into a form or given in a query. */
static bool check_json(struct check *check, const char *text)
{
    bool is_null;
    struct json_problem problem;
    json_object *value = json_read(check->cx->arena, text, strlen(text), NULL, &is_null, &problem);
    if (!value)
        return refuse(check, "invalid_json", "This is not JSON.");
    json_in_one_form(check->cx->arena, value);
    check->out->json = value;
    return accept(check, text);
}

/* Whether the value stands before the bound, both in their normal form. */
static bool is_before(const struct field *field, const char *value, const char *bound)
{
    return field->type == DATE ? strcmp(value, bound) < 0
                               : strtod(value, NULL) < strtod(bound, NULL);
}

static bool check_bounds(struct check *check)
{
    const struct field *field = check->field;
    const char *value = check->out->text;
    if (field->least && is_before(field, value, field->least))
        return refuse(check, "too_small", cx_printf(check->cx, "Use at least %s.", field->least));
    if (field->most && is_before(field, field->most, value))
        return refuse(check, "too_big", cx_printf(check->cx, "Use at most %s.", field->most));
    return true;
}

bool field_check_text(struct cx *cx, const struct field *field, const char *text, struct value *out,
                      const char **code, const char **message)
{
    static bool (*const checks[])(struct check *, const char *) = {
        [TEXT] = check_text,        [LONG] = check_long,     [EMAIL] = check_email,
        [PHONE] = check_phone,      [URL] = check_url,       [ORIGIN] = check_origin,
        [SLUG] = check_slug,        [COLOR] = check_color,   [SECRET] = check_secret,
        [DECIMAL] = check_decimal,  [INT] = check_int,       [MONEY] = check_int,
        [BASIS_POINTS] = check_int, [BOOL] = check_bool,     [CHOICE] = check_choice,
        [UUID] = check_uuid,        [TIME] = check_time,     [DATE] = check_date,
        [ZONE] = check_zone,        [LOCALE] = check_locale, [CURRENCY] = check_currency,
        [JSON] = check_json,        [OBJECT] = check_json,   [ARRAY] = check_json,
        [FILE_FIELD] = check_text,  [AGENT] = check_text,    [SENTENCE] = check_text,
        [CUSTOM] = check_json};
    struct check check = {cx, field, out, code, message};
    out->raw = field->type == SECRET ? NULL : text;
    if (!text_is_utf8(text, strlen(text)))
        return refuse(&check, "invalid_text", "This is not text.");
    if (field->type != SECRET)
        text = unicode_nfc(cx->arena, text);
    return checks[field->type](&check, text) && check_bounds(&check);
}
