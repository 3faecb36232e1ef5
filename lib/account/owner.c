#include "account/owner.h"

#include <string.h>

#include "access/tenant.h"
#include "base/agent.h"
#include "base/text.h"
#include "http/cx.h"
#include "mail/mail.h"
#include "page/page.h"

/* The part of the template that a piece of news shows. */
static const char *const parts[] = {
    [OWNER_PASSWORD] = "password",
    [OWNER_EMAIL] = "address",
    [OWNER_STATUS] = "status",
    [OWNER_FACTOR_ADDED] = "factor_added",
    [OWNER_FACTOR_REMOVED] = "factor_removed",
    [OWNER_DEVICE] = "device",
};

static json_object *owner_data(struct cx *cx, const struct owner *owner, enum owner_news news,
                               const char *more)
{
    json_object *data = page_object(cx);
    page_set_bool(data, parts[news], true);
    page_set(data, "email", owner->email);
    page_set(data, "by", owner->by);
    page_set(data, "more", more);
    page_set_bool(data, "by_link", news == OWNER_PASSWORD && text_equal(more, "link"));
    page_set_bool(data, "is_active", news == OWNER_STATUS && text_equal(more, "active"));
    page_set_bool(data, "is_passkey", text_equal(more, "passkey"));
    page_set(data, "ip", cx->request.remote);
    return data;
}

static bool owner_write(struct cx *cx, const struct owner *owner, const char *to,
                        enum owner_news news, const char *more)
{
    const struct tenant *tenant = tenant_by_id(cx, owner->tenant_id);
    json_object *data = owner_data(cx, owner, news, more);
    page_set(data, "agent",
             agent_show(cx->arena, tenant ? tenant_language(tenant, owner->locale) : NULL,
                        request_header(&cx->request, "User-Agent")));
    return mail_queue(cx, &cx->db, tenant,
                      &(struct mail){.template = "account_changed",
                                     .to = to,
                                     .to_name = owner->name,
                                     .locale = owner->locale,
                                     .unverified_too = true,
                                     .data = data});
}

bool owner_tell(struct cx *cx, const struct owner *owner, enum owner_news news, const char *more)
{
    char home[UUID_SIZE];
    const char *action = cx->db.action; /* of the change, not of the message */
    bool both = news == OWNER_EMAIL && owner->by;
    memcpy(home, cx->db.tenant_id, UUID_SIZE);
    memcpy(cx->db.tenant_id, owner->tenant_id, UUID_SIZE);
    cx->db.action = NULL;
    bool told = owner_write(cx, owner, owner->email, news, more) &&
                (!both || owner_write(cx, owner, more, news, more));
    cx->db.action = action;
    memcpy(cx->db.tenant_id, home, UUID_SIZE);
    return told;
}
