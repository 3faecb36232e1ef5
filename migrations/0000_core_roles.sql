-- Roles, schemas and the small functions that everything else stands on.
--
-- tulou_tenant    bound by row-level security to the tenant of app.tenant_id
-- tulou_platform  sees every tenant; opened only by routes of scope PLATFORM
-- The owner (who runs this) is used by migrations and by SECURITY DEFINER
-- functions alone.
--
-- Roles belong to the whole cluster, so another database may have made them,
-- perhaps at this very moment.
create extension if not exists pg_trgm;
create extension if not exists btree_gin;

do $$
declare
    role text;
begin
    foreach role in array array['tulou_tenant', 'tulou_platform'] loop
        begin
            execute format('create role %I login noinherit', role);
        exception when duplicate_object or unique_violation then
            null;
        end;
        if exists (select from pg_roles r
                   where r.rolname = role
                   and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb)) then
            raise exception 'the role % has rights that lead around the policies', role;
        end if;
        if exists (select from pg_auth_members m where m.member = role::regrole) then
            raise exception 'the role % is a member of another role', role;
        end if;
    end loop;
    execute format('revoke create, temporary on database %I from public', current_database());
    execute format('grant connect on database %I to tulou_tenant, tulou_platform',
                   current_database());
end
$$;

-- What follows is nobody's until it is granted. (Only the default without a
-- schema can take away what PUBLIC has by default.)
alter default privileges revoke execute on functions from public;

create schema house;    -- functions of ours
create schema everyone; -- parents of all tenant tables: the platform's view
create schema shared;   -- their DEFAULT partitions: where tenants live unless moved out

revoke all on schema public from public;
grant usage on schema public, house, shared to tulou_tenant, tulou_platform;
grant usage on schema everyone to tulou_platform;

-- UUID version 7 (RFC 9562 5.7): 48 bits of milliseconds, then 12 bits of their
-- fraction (6.2, method 3), so that ids sort by creation; the rest is random.
-- One expression, so that PostgreSQL inlines it; hence text: the clock may be
-- read only once.
create function house.uuid7() returns uuid
language sql volatile
return (overlay(lpad(to_hex((extract(epoch from clock_timestamp()) * 4096000)::bigint), 15, '0')
                placing '7' from 13 for 0)
        || substr(gen_random_uuid()::text, 20))::uuid;

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

grant execute on function house.uuid7(), house.tenant(), house.like_pattern(text)
    to tulou_tenant, tulou_platform;
