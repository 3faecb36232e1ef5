-- Roles, schemas and small functions that everything else stands on.
--
-- tulou_tenant    bound by row-level security to the tenant of app.tenant_id
-- tulou_platform  sees every tenant; opened only by routes of scope PLATFORM
-- The owner (who runs this) is used by migrations and by SECURITY DEFINER
-- functions alone.
do $$
begin
    if not exists (select from pg_roles where rolname = 'tulou_tenant') then
        create role tulou_tenant login nosuperuser nobypassrls nocreatedb nocreaterole noinherit;
    end if;
    if not exists (select from pg_roles where rolname = 'tulou_platform') then
        create role tulou_platform login nosuperuser nobypassrls nocreatedb nocreaterole noinherit;
    end if;
end
$$;

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create schema house;    -- functions of ours
create schema everyone; -- parents of all tenant tables: the platform's view
create schema shared;   -- their DEFAULT partitions: where tenants live unless moved out

revoke all on schema public from public;
grant usage on schema public, house to tulou_tenant, tulou_platform;
grant usage on schema shared to tulou_tenant;
grant usage on schema everyone to tulou_platform;
alter default privileges in schema house revoke execute on functions from public;

-- UUID version 7 (RFC 9562 5.7): milliseconds first, so that ids sort by creation.
create function house.uuid7() returns uuid
language sql volatile
return encode(
    set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
                placing substring(int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
        52, 1), 53, 1),
    'hex')::uuid;

-- The tenant that is set for this transaction. Without one this is an error,
-- never "all".
create function house.tenant() returns uuid
language sql stable
return current_setting('app.tenant_id')::uuid;

-- A search text as a LIKE pattern that finds it anywhere.
create function house.like_pattern(query text) returns text
language sql immutable
return '%' || replace(replace(replace(lower(query), '\', '\\'), '%', '\%'), '_', '\_') || '%';

create function house.touch() returns trigger
language plpgsql as $$
begin
    new.updated_at := clock_timestamp();
    return new;
end
$$;

grant execute on function house.uuid7(), house.tenant(), house.like_pattern(text), house.touch()
    to tulou_tenant, tulou_platform;
