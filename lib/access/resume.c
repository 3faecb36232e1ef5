#include "access/resume.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "access/grant.h"
#include "access/session.h"
#include "access/tenant.h"
#include "base/json.h"
#include "base/text.h"
#include "http/cx.h"

STATEMENT(
    resume_is_open,
    "select u.status = 'active'\n"
    "       and ($3::uuid is null or exists (\n"
    "           select\n"
    "           from api_keys k\n"
    "           where k.tenant_id = u.tenant_id and k.id = $3::uuid and k.revoked_at is null\n"
    "           and (k.expires_at is null or k.expires_at > now())))\n"
    "from users u\n"
    "where u.tenant_id = $1::uuid and u.id = $2::uuid",
    0);

void session_keep(struct cx *cx, struct json *json)
{
    const struct session *session = cx->session;
    const struct grantor grantor = grantor_of(cx);
    bool is_key = session->kind == SESSION_API_KEY;
    json_open_object(json);
    json_pair(json, "key", is_key ? session->id : NULL);
    json_pair(json, "email", session->email);
    json_pair(json, "name", session->name);
    json_pair(json, "operatorName", session->impersonator_name);
    json_pair(json, "role", session->role);
    json_pair(json, "locale", session->locale);
    json_key(json, "grantor");
    grantor_write(json, cx->arena, &grantor);
    json_close_object(json);
}

static const char *text_of(struct cx *cx, json_object *kept, const char *name)
{
    json_object *value = NULL;
    const char *text = json_object_object_get_ex(kept, name, &value) && value
                           ? json_object_get_string(value)
                           : NULL;
    return text ? arena_text(cx->arena, text) : NULL;
}

static bool check_open(struct cx *cx, const struct grantor *grantor, const char *key_id)
{
    const struct rows *rows =
        db_get(&cx->db, &resume_is_open, grantor->tenant_id, grantor->user_id, key_id);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0 || !rows_bool(rows, 0, 0))
        return fail(cx, 401, "not_signed_in", "The account or key that began this is closed.");
    bool active = cx->tenant->status == TENANT_TRIAL || cx->tenant->status == TENANT_ACTIVE;
    return active || fail(cx, 403, "tenant_inactive", "This tenant is not active.");
}

static void act_as(struct cx *cx)
{
    const struct session *session = cx->session;
    db_act_as(&cx->db, session->kind == SESSION_API_KEY ? "api_key" : "user",
              session_actor(session), session_actor_name(cx, session), NULL, NULL, NULL);
    db_act_for(&cx->db, session->impersonator_id);
}

bool session_resume(struct cx *cx, json_object *kept)
{
    json_object *member = NULL;
    struct rights rights;
    struct session *session = arena_alloc(cx->arena, sizeof *session);
    json_object_object_get_ex(kept, "grantor", &member);
    const struct grantor grantor = grantor_read(cx->arena, member);
    const char *key_id = text_of(cx, kept, "key");
    cx->tenant = tenant_by_id(cx, grantor.tenant_id);
    if (!cx->tenant)
        return fail_db(cx);
    if (!check_open(cx, &grantor, key_id))
        return false;
    if (!grantor_rights(&cx->db, &grantor, &rights))
        return fail_db(cx);
    *session = (struct session){.kind = key_id ? SESSION_API_KEY : SESSION_TOKEN,
                                .email = text_of(cx, kept, "email"),
                                .name = text_of(cx, kept, "name"),
                                .role = text_of(cx, kept, "role"),
                                .locale = text_of(cx, kept, "locale"),
                                .rank = rights.rank,
                                .is_operator = cx->tenant->kind == TENANT_PLATFORM,
                                .permissions = rights.permissions,
                                .impersonator_id = grantor.impersonator_id,
                                .impersonator_name = text_of(cx, kept, "operatorName")};
    snprintf(session->id, sizeof session->id, "%s", key_id ? key_id : "");
    snprintf(session->user_id, sizeof session->user_id, "%s", grantor.user_id);
    snprintf(session->tenant_id, sizeof session->tenant_id, "%s", grantor.tenant_id);
    cx->session = session;
    cx->language = tenant_language(cx->tenant, session->locale);
    act_as(cx);
    return true;
}
