-- Whoever chooses a provider could be whomever it names: it lets in those alone whose
-- rights its last saver covered, rank and permissions. What was saved before is given
-- what its rank meant; below an administrator's nobody could be sure, so such a
-- provider lets nobody with rights in until it is saved again.
alter table everyone.sso_providers add column permissions jsonb not null default '[]';
update everyone.sso_providers p
set permissions = case
        when t.kind = 'platform' and p.rank >= 100 then '["*", "platform.*"]'::jsonb
        when t.kind = 'reseller' and p.rank >= 90
            then '["*", "platform.tenants:*", "platform.users:*"]'
        when t.kind = 'business' and p.rank >= 90 then '["*"]'
        when p.rank >= 80
            then '["users.*", "access.*", "tenants.*", "crm.*", "messaging.*", "support.*",
                   "checkin.*", "insight.*", "ai.*", "credits.*:read", "portal.*"]'
        else '[]'
    end
from public.tenants t
where t.id = p.tenant_id;
