/* security: sessions of a tenant, the policy, and the index of settings. */
#include <string.h>

#include "access/tenant.h"
#include "api/settings.h"
#include "area.h"
#include "http/cx.h"
#include "resource/paged.h"

#define SESSIONS                                                                                   \
    "from sessions s\n"                                                                            \
    "join users u on u.tenant_id = s.tenant_id and u.id = s.user_id\n"                             \
    "where s.tenant_id = current_setting('app.tenant_id')::uuid\n"                                 \
    "and s.revoked_at is null and s.expires_at > now()"

STATEMENT(security_sessions,
          "select s.id, s.user_id, u.email, s.ip, s.user_agent, s.created_at, s.last_used_at, "
          "s.expires_at\n" SESSIONS "\n"
          "and ($1::uuid is null or s.id < $1::uuid)\n"
          "order by s.id desc\n"
          "limit $2::int offset $3::int",
          0);
STATEMENT(security_sessions_count, PAGED_COUNT(SESSIONS), 0);

STATEMENT(security_settings,
          "select settings\n"
          "from tenants\n"
          "where id = current_setting('app.tenant_id')::uuid",
          0);

static const struct field session_fields[] = {{"id", UUID},
                                              {"user_id", UUID},
                                              {"email", EMAIL},
                                              {"ip", TEXT, NULLABLE},
                                              {"user_agent", TEXT, NULLABLE},
                                              {"created_at", TIME},
                                              {"last_used_at", TIME},
                                              {"expires_at", TIME},
                                              {.type = FIELD_END}};

static bool sessions(struct cx *cx)
{
    static const struct paged list = {&security_sessions, &security_sessions_count, session_fields};
    return respond_paged(cx, &list, NULL, 0);
}

static bool all_settings(struct cx *cx)
{
    struct rows *rows = db_get0(&cx->db, &security_settings);
    if (!rows)
        return fail_db(cx);
    if (rows_count(rows) == 0)
        return fail(cx, 404, "not_found", "This tenant is gone.");
    json_put_raw(respond_begin(cx, 200), rows_text(rows, 0, 0), rows_length(rows, 0, 0));
    return respond_end(cx);
}

static bool settings_page(struct cx *cx)
{
    return settings_show_all(cx, false);
}

static bool platform_settings_page(struct cx *cx)
{
    return settings_show_all(cx, true);
}

const struct route security_routes[] = {
    ROUTE(GET, "/api/security/sessions", MAY(TENANT, "access.security:read"), sessions,
          "The sessions of everybody in the tenant.", .operation = "listTenantSessions",
          .answer_name = "tenant session", .answer = ANSWER_LIST, .answer_fields = session_fields,
          .query = FIELDS(PAGED_QUERY)),
    ROUTE(GET, "/api/settings", MAY(TENANT, "tenants.settings:read"), all_settings,
          "All settings of the tenant, by section.", .operation = "getSettings"),
    ROUTE(GET, "/admin/settings", MAY(TENANT, "tenants.settings:read"), settings_page,
          "The sections of the settings.", .answer = ANSWER_PAGE),
    ROUTE(GET, "/platform/settings", MAY(PLATFORM, "platform.settings:read"),
          platform_settings_page, "The sections of the platform's own settings.",
          .answer = ANSWER_PAGE),
    {.path = NULL},
};
