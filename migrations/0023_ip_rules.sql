-- Networks that a tenant may be used from, and those it may not.

-- In a normal form, as text, so that it is read and compared like any other.
alter table everyone.ip_rules alter column network type text using network::text;
alter table everyone.ip_rules
    add column effect text not null default 'allow' check (effect in ('allow', 'deny')),
    add constraint ip_rules_note_check check (length(note) <= 200);

create function house.ip_rule_normal() returns trigger
language plpgsql as $$
begin
    new.network := new.network::cidr::text;
    return new;
end
$$;
create trigger normal before insert or update on everyone.ip_rules
    for each row execute function house.ip_rule_normal();

-- "!203.0.113.0/24,192.0.2.0/24": denied ones have the mark (access/network.h).
create or replace function house.tenant_networks(tenant uuid) returns text
language sql stable security definer set search_path = ''
as $$
    select string_agg(case r.effect when 'deny' then '!' else '' end || r.network, ','
                      order by r.effect desc, r.network)
    from everyone.ip_rules r
    where r.tenant_id = tenant
$$;

-- Nobody shuts themselves out: whoever changes the rules must still come in by
-- them. The tenant's row is locked, so that of two changes at once the second
-- sees the first. Operators who act as a user come in by the platform's rules,
-- and what has no address (the operator's command) is bound by none.
create function house.ip_rules_keep() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := coalesce(new.tenant_id, old.tenant_id);
    context constant jsonb := nullif(current_setting('app.context', true), '');
    address inet;
    rules bigint;
    shut boolean;
begin
    perform from public.tenants t where t.id = tenant for no key update;
    if not found then -- the tenant itself goes
        return null;
    end if;
    select count(*) into rules from everyone.ip_rules r where r.tenant_id = tenant;
    if rules > 200 then
        raise exception '409 too_many_rules: A tenant has at most 200 rules.'
            using errcode = 'TU000';
    end if;
    if context ->> 'ip' is null or context ->> 'impersonatorId' is not null then
        return null;
    end if;
    address := regexp_replace(context ->> 'ip', '^::ffff:(?=[0-9]+\.)', '', 'i')::inet;
    select coalesce(bool_or(r.effect = 'deny' and address <<= r.network::inet), false)
           or (coalesce(bool_or(r.effect = 'allow'), false)
               and not bool_or(r.effect = 'allow' and address <<= r.network::inet))
    into shut
    from everyone.ip_rules r
    where r.tenant_id = tenant;
    if shut then
        raise exception '409 would_lock_out: With this you would shut yourself out: your own address is %.',
            host(address) using errcode = 'TU000';
    end if;
    return null;
end
$$;
create trigger keep after insert or update or delete on everyone.ip_rules
    for each row execute function house.ip_rules_keep();
