/* routes: signing up by API. */
#include "access/tenant.h"
#include "account/tenant_slug.h"
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

/* For the page, while somebody types. */
static bool look_up(struct cx *cx)
{
    if (!tenant_takes_signups(cx))
        return fail(cx, 403, "signup_off", "Nobody can sign up here by themselves.");
    return tenant_slug_look_up(cx, field_find(signup_fields, "slug"));
}

const struct route signup_routes[] = {
    ROUTE(POST, "/api/signup", PUBLIC(PLATFORM), sign_up,
          "Sign up: a workspace of one's own, on trial; a link goes to the owner's address.",
          .operation = "signUp", .answer_name = "new workspace", .body = signup_fields,
          .answer_fields = made_fields, .status = 201, .flags = ROUTE_AUTH_LIMIT,
          .errors = "403 signup_off, 409 slug_taken, 409 slug_reserved, 429 too_many_signups"),
    ROUTE(GET, "/api/signup/slug", PUBLIC(PLATFORM), look_up,
          "Whether a workspace's address can be had, and one made of a name.",
          .operation = "checkSlug", .answer_name = "slug check", .query = tenant_slug_query,
          .answer_fields = tenant_slug_answer, .flags = ROUTE_AUTH_LIMIT,
          .errors = "403 signup_off"),
    {.path = NULL},
};
