/* routes: signing up by API. */
#include "access/tenant.h"
#include "base/clock.h"
#include "http/cx.h"
#include "signup.h"

const struct field signup_fields[] = {
    {"organisation", TEXT, REQUIRED, 1, 100, .example = "Northside Club"},
    {"slug", SLUG, NULLABLE, 3, 40, .label = "Address",
     .help = "SLUG.your-domain; without one it is made of the organisation's name.",
     .example = "northside"},
    {"name", TEXT, REQUIRED, 1, 100, .label = "Your name", .example = "Ana Ruiz"},
    {"email", EMAIL, REQUIRED, .label = "E-mail", .example = "ana@northside.test"},
    {"password", SECRET, REQUIRED, 1, 1024, .help = "A few words are easier to keep in mind.",
     .example = "a better long one"},
    {"locale", LOCALE, NULLABLE | HIDDEN, .example = "en"},
    {"time_zone", ZONE, NULLABLE | HIDDEN, .example = "Europe/Madrid"},
    {"currency", CURRENCY, NULLABLE | HIDDEN, .example = "EUR"},
    {.type = FIELD_END}};

static const struct field made_fields[] = {{"id", UUID},
                                           {"slug", SLUG},
                                           {"url", URL},
                                           {"status", TEXT},
                                           {"trial_ends_at", TIME},
                                           {"verify_by", TIME,
                                            .help = "Until then the owner's "
                                                    "address must be "
                                                    "verified."},
                                           {.type = FIELD_END}};

static const struct field slug_fields[] = {
    {"slug", TEXT, .help = "The one that was asked for, else one made of the name."},
    {"free", BOOL},
    {"problem", TEXT, NULLABLE, .help = "slug_taken, slug_reserved, or why it cannot be one."},
    {"message", TEXT},
    {"suggestion", TEXT, NULLABLE, .help = "One that is free, made of the organisation's name."},
    {.type = FIELD_END}};

static void pair_time(struct json *json, const char *key, const char *stored)
{
    char text[32];
    json_pair(json, key, clock_from_database(stored, text) ? text : NULL);
}

static bool sign_up(struct cx *cx)
{
    struct signup made;
    if (!signup_register(cx, &made))
        return false;
    struct json *json = respond_begin(cx, 201);
    json_open_object(json);
    json_pair(json, "id", made.tenant_id);
    json_pair(json, "slug", made.slug);
    json_pair(json, "url", made.url);
    json_pair(json, "status", "trial");
    pair_time(json, "trialEndsAt", made.trial_ends_at);
    pair_time(json, "verifyBy", made.verify_by);
    json_close_object(json);
    return respond_end(cx);
}

/* For the page, while somebody types. What can be had is no secret: whoever calls
 * the address sees whether a workspace answers. */
static bool look_up(struct cx *cx)
{
    const char *slug = query_text(cx, "slug"), *name = query_text(cx, "organisation");
    const char *problem = NULL, *why = NULL, *suggestion = NULL;
    if (!tenant_takes_signups(cx))
        return fail(cx, 403, "signup_off", "Nobody can sign up here by themselves.");
    if (name && !(suggestion = signup_slug_suggest(cx, name)))
        return false;
    if (!slug)
        slug = suggestion;
    if (!slug)
        return fail_field(cx, "slug", "required", "Say a slug, or the organisation's name.");
    if (!signup_slug_check(cx, slug, &problem, &why))
        return false;
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "slug", slug);
    json_pair_bool(json, "free", !problem);
    json_pair(json, "problem", problem);
    json_pair(json, "message", problem ? why : "This address is free.");
    json_pair(json, "suggestion", suggestion);
    json_close_object(json);
    return respond_end(cx);
}

const struct route signup_routes[] = {
    ROUTE(POST, "/api/signup", PUBLIC(PLATFORM), sign_up,
          "Sign up: a workspace of one's own, on trial; a link goes to the owner's address.",
          .operation = "signUp", .answer_name = "new workspace", .body = signup_fields,
          .answer_fields = made_fields, .status = 201, .flags = ROUTE_AUTH_LIMIT,
          .errors = "403 signup_off, 409 slug_taken, 409 slug_reserved, 429 too_many_signups"),
    ROUTE(GET, "/api/signup/slug", PUBLIC(PLATFORM), look_up,
          "Whether a workspace's address can be had, and one made of a name.",
          .operation = "checkSlug", .answer_name = "slug check",
          .query = FIELDS({"slug", TEXT, 0, 1, 60, .example = "northside"},
                          {"organisation", TEXT, 0, 1, 100, .example = "Northside Club"}),
          .answer_fields = slug_fields, .flags = ROUTE_AUTH_LIMIT, .errors = "403 signup_off"),
    {.path = NULL},
};
