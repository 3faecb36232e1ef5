-- What functions that run with their owner's rights tell the tenants' role about another
-- tenant. Each that the role may call is called, as the tenant `mine`, with everything by
-- which `theirs` could be named, and again with what names nobody: an answer that differs,
-- or that holds an id of theirs, tells something. They come from the catalogue: a new one
-- is tried without anyone naming it here. Views run with their owner's rights, too.
--
--     psql -v mine=UUID -v theirs=UUID -f definers.sql
--
-- Prints one line for each: "closed NAME" or "OPEN NAME with WHAT". Everything is undone.
begin;
set local client_min_messages = error;
select set_config('test.mine', :'mine', true), set_config('test.theirs', :'theirs', true) \g /dev/null

create temp table names (type text, value text, unique (type, value)) on commit drop;

-- A few values of each column, of every table of theirs.
do $$
declare
    theirs constant uuid := current_setting('test.theirs');
    it record;
begin
    insert into names values ('uuid', theirs::text);
    insert into names select 'text', t.slug from public.tenants t where t.id = theirs;
    for it in select c.relname, a.attname, format_type(a.atttypid, null) as type
              from pg_class c join pg_attribute a on a.attrelid = c.oid
              where c.relnamespace = 'everyone'::regnamespace and c.relkind = 'p'
              and a.attnum > 0 and not a.attisdropped
              and (a.atttypid = 'uuid'::regtype
                   or (a.atttypid = 'text'::regtype
                       and a.attname in ('email', 'domain', 'key', 'token_hash'))) loop
        execute format('insert into names select distinct %L, %I::text from everyone.%I
                        where tenant_id = $1 and %I is not null limit 3
                        on conflict do nothing', it.type, it.attname, it.relname, it.attname)
        using theirs;
    end loop;
    -- What is not theirs alone says nothing of them.
    delete from names n where n.value in ('owner', '00000000-0000-7000-8000-000000000001');
end
$$;

-- As SQL, every list of arguments: with what names them, and with what names nobody.
create function pg_temp.arguments(types oidvector, named boolean) returns setof text
language plpgsql as $$
declare
    lists text[] := '{""}';
begin
    for i in 0 .. coalesce(array_upper(types::oid[], 1), -1) loop
        select array_agg(l || case when i > 0 then ', ' else '' end
                         || quote_nullable(case
                             when not named and types[i] = 'uuid'::regtype
                                 then gen_random_uuid()::text
                             when not named and n.type = 'text' then 'nobody ' || gen_random_uuid()
                             else n.value end) || '::' || format_type(types[i], null)
                         order by l, n.value)
        into lists
        from unnest(lists) l,
             (select f.type, f.value from names f where f.type = format_type(types[i], null)
              union all
              select 'other', null where types[i] not in ('uuid'::regtype, 'integer'::regtype)
              union all
              select 'other', '100000' where types[i] = 'integer'::regtype) n;
        lists := lists[1:2000];
    end loop;
    return query select unnest(lists);
end
$$;

create function pg_temp.answer(call text) returns text language plpgsql as $$
declare
    found text;
begin
    perform set_config('app.tenant_id', current_setting('test.mine'), true);
    begin
        set local role tulou_tenant;
        execute format('select coalesce(jsonb_agg(to_jsonb(r)), ''[]'')::text from %s r', call)
        into found;
        raise exception using errcode = 'TU998', message = found;
    exception when sqlstate 'TU998' then
        reset role;
        return found;
    when others then
        reset role;
        return 'error ' || sqlstate;
    end;
end
$$;

create function pg_temp.told(name text, types oidvector) returns text language plpgsql as $$
declare
    it record;
    answer text;
begin
    for it in select a.list, b.list as nobody
              from pg_temp.arguments(types, true) with ordinality a (list, n)
              join pg_temp.arguments(types, false) with ordinality b (list, n) using (n) loop
        answer := pg_temp.answer(format('%s(%s)', name, it.list));
        if answer <> pg_temp.answer(format('%s(%s)', name, it.nobody))
           or exists (select from names n where n.type = 'uuid'
                      and strpos(answer, n.value) > 0 and strpos(it.list, n.value) = 0) then
            return it.list || ' -> ' || left(answer, 200);
        end if;
    end loop;
    return null;
end
$$;

create function pg_temp.run() returns setof text language plpgsql as $$
declare
    it record;
    found text;
begin
    for it in select p.oid::regproc::text as name, p.proargtypes as types
              from pg_proc p join pg_namespace n on n.oid = p.pronamespace
              where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
              and p.prorettype <> 'trigger'::regtype
              and has_function_privilege('tulou_tenant', p.oid, 'execute')
              and has_schema_privilege('tulou_tenant', n.oid, 'usage')
              order by 1 loop
        found := pg_temp.told(it.name, it.types);
        return next case when found is null then 'closed ' || it.name
                         else 'OPEN ' || it.name || ' with ' || found end;
    end loop;
    for it in select c.oid::regclass::text as name
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
              and n.nspname !~ '^pg_temp' and has_table_privilege('tulou_tenant', c.oid, 'select')
              and not coalesce(c.reloptions::text like '%security_invoker=true%', false) loop
        return next 'OPEN ' || it.name || ' with a select';
    end loop;
end
$$;

-- The walk itself is tried: each of these must be found.
create function house.leak_by_argument(tenant uuid) returns text
language sql security definer as $$select t.name from public.tenants t where t.id = tenant$$;
create function house.leak_to_all(most integer) returns setof uuid
language sql security definer as $$select u.id from everyone.users u limit most$$;
create function house.leak_by_error(who uuid) returns void
language plpgsql security definer as $$
begin
    if exists (select from everyone.users u where u.id = who) then
        raise exception 'there is one';
    end if;
end
$$;
create view shared.leak_by_view as select t.id from public.tenants t;
grant execute on function house.leak_by_argument(uuid), house.leak_to_all(integer),
                          house.leak_by_error(uuid) to tulou_tenant;
grant select on shared.leak_by_view to tulou_tenant;

select * from pg_temp.run();

-- What the role may not do with what is nobody's.
select 'large objects are open' where pg_temp.answer('lo_create(0)') <> 'error 42501';

create function pg_temp.refused(statement text) returns boolean language plpgsql as $$
begin
    perform set_config('app.tenant_id', current_setting('test.mine'), true);
    begin
        set local role tulou_tenant;
        execute statement;
        reset role;
        return false;
    exception when others then
        reset role;
        return sqlstate in ('42501', 'TU000');
    end;
end
$$;
select 'open: ' || s
from unnest(array[
    'update public.tenants set verify_by = now() + interval ''9 years'' where id = current_setting(''app.tenant_id'')::uuid',
    'update public.tenants set plan_level = 9 where id = current_setting(''app.tenant_id'')::uuid',
    'insert into shared.events (tenant_id, actor_kind, action, at) values (current_setting(''app.tenant_id'')::uuid, ''user'', ''x'', now() - interval ''1 day'')',
    'insert into shared.events (tenant_id, actor_kind, action, seq) values (current_setting(''app.tenant_id'')::uuid, ''user'', ''x'', 1)',
    'create table public.mine ()', 'create temporary table mine ()', 'create schema mine',
    'select * from public.installation']) s
where not pg_temp.refused(s);
rollback;
