/* mfa: one's own second factors by API. */
#include "account/factors.h"
#include "account/recovery.h"
#include "auth.h"
#include "base/clock.h"
#include "http/cx.h"
#include "resource/input.h"
#include "resource/resource.h"
#include "resource/rows_json.h"

static const struct field factor_fields[] = {{"id", UUID},
                                             {"kind", TEXT},
                                             {"name", TEXT},
                                             {"created_at", TIME},
                                             {"last_used_at", TIME, NULLABLE},
                                             {.type = FIELD_END}};

static const struct field codes_fields[] = {
    {"recovery_codes", ARRAY, NULLABLE, .item = TEXT,
     .help = "To be kept: each opens the account once. Shown now and never again."},
    {.type = FIELD_END}};

static bool state(struct cx *cx)
{
    struct factor_state has;
    if (!factor_state(cx, &has))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair_bool(json, "required", has.required);
    json_pair_int(json, "recoveryCodes", has.recovery_codes);
    json_key(json, "factors");
    json_open_array(json);
    for (size_t i = 0; i < rows_count(has.factors); i++)
        row_write_json(json, factor_fields, has.factors, i);
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

static bool begin(struct cx *cx)
{
    struct new_factor made = {.name = NULL};
    if (!factor_begin(cx, input_text(cx, "name"), &made))
        return false;
    struct json *json = respond_begin(cx, 201);
    json_open_object(json);
    json_pair(json, "id", made.id);
    json_pair(json, "name", made.name);
    json_pair(json, "secret", made.secret);
    json_pair(json, "address", made.address);
    json_pair(json, "picture", made.picture);
    json_close_object(json);
    return respond_end(cx);
}

static bool answer_codes(struct cx *cx, const char *const *codes)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    recovery_write(json, codes);
    json_close_object(json);
    return respond_end(cx);
}

static bool confirm(struct cx *cx)
{
    const char *const *codes;
    return factor_confirm(cx, cx_path(cx, "id"), input_text(cx, "code"), &codes) &&
           answer_codes(cx, codes);
}

static bool rename_one(struct cx *cx)
{
    return factor_rename(cx, cx_path(cx, "id"), input_text(cx, "name")) && respond_nothing(cx);
}

static bool remove_one(struct cx *cx)
{
    return factor_remove(cx, cx_path(cx, "id")) && respond_nothing(cx);
}

static bool remove_all(struct cx *cx)
{
    return factor_remove(cx, NULL) && respond_nothing(cx);
}

static bool renew_codes(struct cx *cx)
{
    const char *const *codes;
    return recovery_renew(cx, &codes) && answer_codes(cx, codes);
}

#define OWN_FACTORS (ROUTE_IN_PERSON | ROUTE_ENROLMENT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED)
#define NAME                                                                                       \
    {                                                                                              \
        "name", TEXT, REQUIRED, 1, 100, .example = "Phone"                                         \
    }

const struct route factor_routes[] = {
    ROUTE(GET, "/api/auth/mfa", SIGNED_IN(TENANT), state, "One's own second factors.",
          .operation = "getMyFactors", .answer_name = "own factors",
          .answer_fields = FIELDS({"required", BOOL, .help = "By the tenant or an administrator."},
                                  {"recovery_codes", INT, .help = "How many are left."},
                                  {"factors", ARRAY, .fields = factor_fields}),
          .flags = OWN_FACTORS),
    ROUTE(POST, "/api/auth/mfa", SIGNED_IN(TENANT), begin,
          "Begin to set up an authenticator app; it counts once confirmed.",
          .operation = "addAuthenticator", .answer_name = "new authenticator", .status = 201,
          .body = FIELDS(NAME),
          .answer_fields =
              FIELDS({"id", UUID}, {"name", TEXT},
                     {"secret", TEXT, .help = "Base32, to be typed into the app."},
                     {"address", TEXT, .help = "The same as an otpauth:// address."},
                     {"picture", TEXT, .help = "The address as QR code: a data: address of SVG."}),
          .flags = OWN_FACTORS | ROUTE_STEP_UP, .errors = "409 too_many_factors"),
    ROUTE(DELETE, "/api/auth/mfa", SIGNED_IN(TENANT), remove_all,
          "Remove all of one's own second factors.", .operation = "removeMyFactors",
          .answer = ANSWER_NOTHING, .flags = OWN_FACTORS | ROUTE_STEP_UP,
          .errors = "409 mfa_required"),
    ROUTE(POST, "/api/auth/mfa/:id/confirm", SIGNED_IN(TENANT), confirm,
          "Confirm a new factor by its first code.", .operation = "confirmAuthenticator",
          .answer_name = "recovery codes", .status = 200,
          .body = FIELDS({"code", SECRET, REQUIRED, 1, 64, .example = "123456"}),
          .answer_fields = codes_fields, .flags = OWN_FACTORS | ROUTE_AUTH_LIMIT,
          .errors = "422 code.invalid_code"),
    ROUTE(PATCH, "/api/auth/mfa/:id", SIGNED_IN(TENANT), rename_one, "Rename a factor.",
          .operation = "renameFactor", .body = FIELDS(NAME), .answer = ANSWER_NOTHING,
          .flags = OWN_FACTORS | ROUTE_MERGE),
    ROUTE(DELETE, "/api/auth/mfa/:id", SIGNED_IN(TENANT), remove_one, "Remove a factor.",
          .operation = "removeFactor", .answer = ANSWER_NOTHING,
          .flags = OWN_FACTORS | ROUTE_STEP_UP, .errors = "409 mfa_required"),
    ROUTE(POST, "/api/auth/mfa/recovery-codes", SIGNED_IN(TENANT), renew_codes,
          "Ten new recovery codes; the old ones open nothing any more.",
          .operation = "renewRecoveryCodes", .answer_name = "recovery codes", .status = 200,
          .answer_fields = codes_fields, .flags = OWN_FACTORS | ROUTE_STEP_UP,
          .errors = "409 mfa_not_set_up"),
    {.path = NULL},
};
