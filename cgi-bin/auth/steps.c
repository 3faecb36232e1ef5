/* steps: the second step of signing in, and proving oneself again, by API. */
#include "access/session.h"
#include "http/cx.h"
#include "resource/input.h"
#include "second_step.h"
#include "tokens.h"

static bool verify(struct cx *cx)
{
    struct account account;
    struct session_tokens tokens;
    return second_step_take(cx, input_text(cx, "ticket"), input_text(cx, "code"),
                            input_value(cx->input, "credential")->json, &account) &&
           sign_in_open(cx, &account, SESSION_TOKEN, &tokens) &&
           answer_signed_in(cx, &account, &tokens);
}

static bool step_up_submit(struct cx *cx)
{
    return step_up(cx, input_text(cx, "code"), input_value(cx->input, "credential")->json) &&
           respond_nothing(cx);
}

#define PROOF                                                                                      \
    {"code", SECRET, 0, 1, 64, .help = "Of the app, or a recovery code.", .example = "123456"},    \
    {                                                                                              \
        "credential", JSON, 0, 0, 16384, .help = "Or a passkey's answer, as JSON of WebAuthn."     \
    }

const struct route step_routes[] = {
    ROUTE(POST, "/api/auth/mfa/verify", PUBLIC(PLATFORM), verify,
          "The second step of signing in: a code of the app, a recovery code, or a passkey.",
          .operation = "verifySecondFactor", .answer_name = "sign-in",
          .body = FIELDS({"ticket", SECRET, REQUIRED, 1, 200,
                          .example = "0192f0c1-7c1e-7000-8000-000000000002.x"},
                         PROOF),
          .answer_fields = signed_in_fields, .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED,
          .errors = "401 code_wrong, 401 passkey_invalid, 401 ticket_invalid, 429 locked_out"),
    ROUTE(POST, "/api/auth/step-up", SIGNED_IN(TENANT), step_up_submit,
          "Prove a factor again; what is dangerous is open for ten minutes then.",
          .operation = "stepUp", .body = FIELDS(PROOF), .answer = ANSWER_NOTHING,
          .flags = ROUTE_AUTH_LIMIT | ROUTE_NOT_REPEATED | ROUTE_SUSPENDED | ROUTE_IN_PERSON |
                   ROUTE_ENROLMENT,
          .errors = "409 mfa_not_set_up, 422 code.invalid_code, 422 credential.invalid_passkey, "
                    "429 locked_out"),
    {.path = NULL},
};
