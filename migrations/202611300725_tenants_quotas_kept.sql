-- Quotas are kept wherever they are shown. Each is counted in its own row, which
-- the update locks: of two at once the second waits and then sees the first.

-- The day or month that `used` counts, of those that begin anew; null: for good.
alter table everyone.tenant_quotas add column period date;

create function house.quota_period(quota text) returns date
language sql stable
return case quota when 'api_calls_per_day' then (now() at time zone 'UTC')::date
                  when 'emails_per_month' then date_trunc('month', now() at time zone 'UTC')::date
       end;

-- What is used as it counts now.
create function house.quota_used(quota text, used bigint, period date) returns bigint
language sql stable
return case when period is distinct from house.quota_period(quota) then 0 else used end;
grant execute on function house.quota_period(text), house.quota_used(text, bigint, date)
    to tulou_tenant, tulou_platform;

-- Adds to what a tenant used; false: that would be more than it may, and nothing
-- was added. `always`: it is counted, whatever the limit. Less is never refused.
create function house.quota_add(tenant uuid, quota text, amount bigint, always boolean)
returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    q everyone.tenant_quotas;
    before bigint;
begin
    select * into q from everyone.tenant_quotas
    where tenant_id = tenant and key = quota
    for no key update;
    if not found or amount = 0 then
        return true;
    end if;
    before := house.quota_used(q.key, q.used, q.period);
    if amount > 0 and not always and before + amount > q.most then
        return false;
    end if;
    update everyone.tenant_quotas
    set used = greatest(before + amount, 0), period = house.quota_period(quota)
    where tenant_id = tenant and id = q.id;
    return true;
end
$$;
revoke execute on function house.quota_add(uuid, text, bigint, boolean) from public;

-- The same, and the refusal in words.
create function house.quota_take(tenant uuid, quota text, amount bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    words constant jsonb := '{"users": "users", "customers": "customers",
        "storage_bytes": "bytes of files", "emails_per_month": "e-mails a month",
        "api_calls_per_day": "API calls a day"}';
    q everyone.tenant_quotas;
begin
    if house.quota_add(tenant, quota, amount, false) then
        return;
    end if;
    select * into q from everyone.tenant_quotas where tenant_id = tenant and key = quota;
    raise exception '403 quota_exceeded: The plan allows % %, of which % are used.', q.most,
        words ->> quota, house.quota_used(q.key, q.used, q.period)
        using errcode = 'TU000';
end
$$;
revoke execute on function house.quota_take(uuid, text, bigint) from public;

create or replace function house.user_quota() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        perform house.quota_take(new.tenant_id, 'users', 1);
    elsif tg_op = 'DELETE' then
        perform house.quota_take(old.tenant_id, 'users', -1);
    end if;
    if tg_op <> 'INSERT' and old.kind = 'customer' then
        perform house.quota_take(old.tenant_id, 'customers', -1);
    end if;
    if tg_op <> 'DELETE' and new.kind = 'customer' then
        perform house.quota_take(new.tenant_id, 'customers', 1);
    end if;
    return null;
end
$$;
create trigger quota_of_kind after update of kind on everyone.users
    for each row when (old.kind <> new.kind) execute function house.user_quota();

-- What a tenant stores with us besides its records.
create function house.storage_quota() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    before bigint := 0;
    after bigint := 0;
begin
    if tg_op <> 'INSERT' then
        before := octet_length(old.data);
    end if;
    if tg_op <> 'DELETE' then
        after := octet_length(new.data);
    end if;
    perform house.quota_take(coalesce(new.tenant_id, old.tenant_id), 'storage_bytes',
                             after - before);
    return null;
end
$$;
create trigger quota after insert or update or delete on everyone.tenant_logos
    for each row execute function house.storage_quota();

update everyone.tenant_quotas q
set used = (select count(*) from everyone.users u
            where u.tenant_id = q.tenant_id and u.kind = 'customer')
where q.key = 'customers';
update everyone.tenant_quotas q
set used = coalesce((select sum(octet_length(l.data)) from everyone.tenant_logos l
                     where l.tenant_id = q.tenant_id), 0)
where q.key = 'storage_bytes';
update everyone.tenant_quotas q
set used = 0, period = house.quota_period(q.key)
where q.key in ('emails_per_month', 'api_calls_per_day');

-- One e-mail of the tenant that is set. 'always': counted, and never refused (what
-- people need to come in, and what warns them); 'left': false when none is left;
-- 'refuse': then it says so.
create function house.quota_email(way text) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
begin
    if way = 'refuse' then
        perform house.quota_take(tenant, 'emails_per_month', 1);
        return true;
    end if;
    return house.quota_add(tenant, 'emails_per_month', 1, way <> 'left');
end
$$;

-- API calls of the tenant that is set. A process brings how many it served since
-- it asked last (less than nothing: what it was granted and did not use), and asks
-- for more. Where there is a limit it is granted some in advance, the fewer the
-- less is left, so that all processes together never serve one too many.
create function house.quota_calls(served bigint, more boolean, out most bigint, out used bigint,
                                  out granted bigint)
language plpgsql security definer set search_path = '' as $$
declare
    tenant uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    q everyone.tenant_quotas;
begin
    granted := 0;
    select * into q from everyone.tenant_quotas
    where tenant_id = tenant and key = 'api_calls_per_day'
    for no key update;
    if not found then
        return;
    end if;
    most := q.most;
    used := greatest(house.quota_used(q.key, q.used, q.period) + served, 0);
    if more and used < most then
        granted := least(greatest((most - used) / 50, 1), 100);
    end if;
    if served <> 0 or granted > 0 then
        used := used + granted;
        update everyone.tenant_quotas
        set used = quota_calls.used, period = house.quota_period(q.key)
        where tenant_id = tenant and id = q.id;
    end if;
end
$$;
grant execute on function house.quota_email(text), house.quota_calls(bigint, boolean)
    to tulou_tenant, tulou_platform;

-- Whoever signed up and proved no address yet could make users of any addresses,
-- to have us write to them: the tenant gets ten links a day in all. One that is new
-- or on trial invites a hundred a day, any other a thousand. Its row is locked, so
-- that of many at once each counts those before it.
create index on everyone.links (tenant_id, purpose, created_at);
create or replace function house.links_of_unverified() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    t public.tenants;
    most integer;
begin
    select * into t from public.tenants
    where id = new.tenant_id and (verify_by is not null or new.purpose = 'invitation')
    for no key update;
    if not found then
        return new;
    end if;
    if t.verify_by is not null then
        most := 10;
    elsif t.status = 'trial' or t.created_at > now() - interval '7 days' then
        most := 100;
    else
        most := 1000;
    end if;
    if (select count(*)
        from (select from everyone.links l
              where l.tenant_id = new.tenant_id
              and (t.verify_by is not null or l.purpose = 'invitation')
              and l.created_at > now() - interval '1 day'
              limit most) sent) >= most then
        raise exception '429 too_many_links: Enough of these were sent today; %',
            case when t.verify_by is not null then 'look into your inbox.' else 'go on tomorrow.' end
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
