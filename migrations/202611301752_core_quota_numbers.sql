-- A plan's limit that is reached says its numbers as members too: which, how many, how many are used.

create function house.quota_numbers(quota text, most bigint, used bigint) returns text
language sql immutable set search_path = '' as $$
    select jsonb_build_object(
        'key', case quota when 'storage_bytes' then 'storageBytes'
            when 'emails_per_month' then 'emailsPerMonth'
            when 'api_calls_per_day' then 'apiCallsPerDay' else quota end,
        'limit', most, 'used', used)::text
$$;
revoke execute on function house.quota_numbers(text, bigint, bigint) from public;

create or replace function house.quota_take(tenant uuid, quota text, amount bigint) returns void
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
    q.used := house.quota_used(q.key, q.used, q.period);
    raise exception '403 quota_exceeded: The plan allows % %, of which % are used.', q.most,
        words ->> quota, q.used
        using errcode = 'TU000', detail = house.quota_numbers(quota, q.most, q.used);
end
$$;

create or replace function house.file_claim(file uuid, storage text, size bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    q everyone.tenant_quotas;
begin
    select * into q from everyone.tenant_quotas
    where tenant_id = tenant and key = 'storage_bytes';
    if q.used + size > q.most then
        raise exception
            '403 quota_exceeded: The plan allows % bytes of files, of which % are used; this one has %.',
            q.most, q.used, size
            using errcode = 'TU000', detail = house.quota_numbers(q.key, q.most, q.used);
    end if;
    insert into house.file_leavings values (tenant, file, storage, now() + interval '1 hour');
end
$$;
