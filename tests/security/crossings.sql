-- What the tenant role can reach of another tenant, in every tenant table and
-- partition, and whether that is noticed when a policy is weakened. Run as the
-- owner, in a transaction that is rolled back; prints one line for each finding.
--
-- Rows are made without the application's rules (checks, triggers, references),
-- since only the policies are tried here.
begin;
set local session_replication_role = replica;
set local client_min_messages = warning;

create temp table mine on commit drop as select house.uuid7() as tenant, house.uuid7() as id;
create temp table theirs on commit drop as select house.uuid7() as tenant, house.uuid7() as id;

create procedure pg_temp.loosen(name text) language plpgsql as $$
declare
    it record;
begin
    for it in select c.conname from pg_constraint c
              where c.conrelid = format('everyone.%I', name)::regclass
              and c.contype in ('c', 'f') and c.conparentid = 0 loop
        execute format('alter table everyone.%I drop constraint %I', name, it.conname);
    end loop;
    for it in select a.attname from pg_attribute a
              where a.attrelid = format('everyone.%I', name)::regclass
              and a.attnum > 0 and not a.attisdropped and a.attnotnull
              and a.attname not in ('tenant_id', 'id') and a.attgenerated = '' loop
        begin
            execute format('alter table everyone.%I alter column %I drop not null', name,
                           it.attname);
        exception when others then null; -- part of the key
        end;
    end loop;
end
$$;

-- The statement's effect as the tenant `mine`: the number of rows, or -1 when it is refused.
create function pg_temp.attempt(statement text) returns bigint language plpgsql as $$
declare
    rows bigint;
begin
    set local role tulou_tenant;
    begin
        execute statement;
        get diagnostics rows = row_count;
    exception when others then
        rows := -1;
    end;
    reset role;
    return rows;
end
$$;

-- Every way across that is open, in one place of one table.
create function pg_temp.crossings(place text, name text) returns text[]
language plpgsql as $$
declare
    target text := format('%I.%I', place, name);
    foreign_tenant text := (select quote_literal(t.tenant) from theirs t);
    own_tenant text := (select quote_literal(t.tenant) from mine t);
    found text[] := '{}';
begin
    perform set_config('app.tenant_id', (select m.tenant::text from mine m), true);
    if pg_temp.attempt(format('select from %s where tenant_id = %s', target, foreign_tenant)) > 0
       or pg_temp.attempt(format('select from %s where tenant_id <> %s', target, own_tenant)) > 0 then
        found := found || 'read'::text;
    end if;
    if place <> 'everyone' and pg_temp.attempt(format('select from %s', target)) <> 1 then
        found := found || 'its own hidden'::text;
    end if;
    if pg_temp.attempt(format('update %s set tenant_id = tenant_id where tenant_id = %s', target,
                              foreign_tenant)) > 0 then
        found := found || 'update'::text;
    end if;
    if pg_temp.attempt(format('update %s set tenant_id = house.uuid7() where tenant_id = %s',
                              target, own_tenant)) > 0 then
        found := found || 'give away'::text;
    end if;
    if pg_temp.attempt(format('insert into %s (tenant_id) values (house.uuid7())',
                              target)) > 0 then
        found := found || 'insert'::text;
    end if;
    if pg_temp.attempt(format('delete from %s where tenant_id = %s', target,
                              foreign_tenant)) > 0 then
        found := found || 'delete'::text;
    end if;
    if has_table_privilege('tulou_tenant', target, 'truncate, references, trigger') then
        found := found || 'truncate'::text;
    end if;
    perform set_config('app.tenant_id', '', true);
    if pg_temp.attempt(format('select from %s', target)) > 0 then
        found := found || 'read without a tenant'::text;
    end if;
    if exists (select from pg_class c where c.oid = target::regclass
               and not (c.relrowsecurity and c.relforcerowsecurity)) then
        found := found || 'not forced'::text;
    end if;
    return found;
end
$$;

-- The same after `weakening`, which is undone.
create function pg_temp.noticed(place text, name text, weakening text) returns boolean
language plpgsql as $$
declare
    found text[];
begin
    begin
        execute replace(weakening, 'TABLE', format('%I.%I', place, name));
        found := pg_temp.crossings(place, name);
        raise exception using errcode = 'TU999';
    exception when sqlstate 'TU999' then
        return found <> '{}';
    end;
end
$$;

create function pg_temp.run() returns setof text language plpgsql as $$
declare
    weakenings constant text[] := array[
        'drop policy tenant on TABLE',
        'alter policy tenant on TABLE using (true)',
        'alter policy tenant on TABLE with check (true)',
        'alter policy tenant on TABLE using (tenant_id is not null) with check (true)',
        'alter policy tenant on TABLE using (tenant_id = coalesce(nullif(current_setting(''app.tenant_id'', true), '''')::uuid, tenant_id))',
        'create policy another on TABLE for select using (true)',
        'alter table TABLE disable row level security',
        'alter table TABLE no force row level security',
        'grant truncate on TABLE to tulou_tenant'];
    weakening text;
    it record;
    found text[];
begin
    for it in select t.name from house.tenant_tables t order by t.name loop
        call pg_temp.loosen(it.name);
        execute format('insert into everyone.%I (tenant_id) select tenant from mine', it.name);
        execute format('insert into everyone.%I (tenant_id) select tenant from theirs', it.name);
        found := pg_temp.crossings('everyone', it.name);
        return next format('%s everyone.%s %s', case found when '{}' then 'ok' else 'OPEN' end,
                           it.name, array_to_string(found, ', '));
        found := pg_temp.crossings('shared', it.name);
        return next format('%s shared.%s %s', case found when '{}' then 'ok' else 'OPEN' end,
                           it.name, array_to_string(found, ', '));
        foreach weakening in array weakenings loop
            return next format('%s %s: %s',
                               case when pg_temp.noticed('shared', it.name, weakening)
                                    then 'noticed' else 'UNNOTICED' end, it.name, weakening);
        end loop;
    end loop;
end
$$;
select * from pg_temp.run();
rollback;
