/* answers: what signing in by API answers, after one step or before the second. */
#include "http/cx.h"
#include "second_step.h"
#include "tokens.h"

const struct field signed_in_fields[] = {
    {"status", CHOICE, .choices = CHOICES("signed_in", "second_factor"),
     .help = "second_factor: there are no tokens yet, but a ticket to prove a second factor with."},
    TOKEN_FIELDS(NULLABLE),
    {"user", OBJECT,
     .fields = FIELDS({"id", UUID}, {"email", EMAIL}, {"name", TEXT}, {"tenant_id", UUID},
                      {"must_change_password", BOOL})},
    {"ticket", TEXT, NULLABLE, .help = "For POST /api/auth/mfa/verify, within ten minutes."},
    {"methods", ARRAY, .item = TEXT, .help = "What may be proved: totp, recovery, passkey."},
    {.type = FIELD_END}};

void tokens_write(struct json *json, const struct session_tokens *tokens)
{
    json_pair(json, "access_token", tokens->access);
    json_pair(json, "refresh_token", tokens->refresh);
    json_pair(json, "token_type", "Bearer");
    json_pair_int(json, "expires_in", tokens->expires_in);
}

static void write_no_tokens(struct json *json)
{
    static const char *const names[] = {"access_token", "refresh_token", "token_type",
                                        "expires_in"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_pair(json, names[i], NULL);
}

static bool answer(struct cx *cx, const struct account *account,
                   const struct session_tokens *tokens, const char *ticket, json_object *methods)
{
    struct json *json = respond_begin(cx, 200);
    json_open_object(json);
    json_pair(json, "status", ticket ? "second_factor" : "signed_in");
    if (tokens)
        tokens_write(json, tokens);
    else
        write_no_tokens(json);
    json_key(json, "user");
    json_open_object(json);
    json_pair(json, "id", account->user_id);
    json_pair(json, "email", account->email);
    json_pair(json, "name", account->name);
    json_pair(json, "tenantId", account->tenant_id);
    json_pair_bool(json, "mustChangePassword", account->must_change_password);
    json_close_object(json);
    json_pair(json, "ticket", ticket);
    json_key(json, "methods");
    json_open_array(json);
    for (size_t i = 0; methods && i < json_object_array_length(methods); i++)
        json_put_text(json, json_object_get_string(json_object_array_get_idx(methods, i)));
    json_close_array(json);
    json_close_object(json);
    return respond_end(cx);
}

bool answer_signed_in(struct cx *cx, const struct account *account,
                      const struct session_tokens *tokens)
{
    return answer(cx, account, tokens, NULL, NULL);
}

static void release(void *methods)
{
    json_object_put(methods);
}

bool answer_second_step(struct cx *cx, const struct account *account)
{
    json_object *methods = json_object_new_array();
    arena_defer(cx->arena, release, methods);
    const char *ticket = second_step_ticket(cx, account);
    return ticket && second_step_methods(cx, account, methods) &&
           answer(cx, account, NULL, ticket, methods);
}
