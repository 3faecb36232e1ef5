-- For each statement that writes PostgreSQL reads the CHECKs and the generated column of its table
-- from their stored text, node by node, and plans them. That was half of what a create cost: the
-- words of custom fields, a function of SQL whose body was put into the expression each time, and
-- CHECKs that write out their lists, letter by letter. What plpgsql has, it reads once a session.

-- ---- words ----

create or replace function house.custom_words(custom jsonb) returns text
language plpgsql immutable strict parallel safe as $$
begin
    if jsonb_typeof(custom) <> 'object' then
        return null; -- its CHECK says that
    end if;
    return (select string_agg(v.value #>> '{}', ' ')
            from jsonb_each(custom) v
            where jsonb_typeof(v.value) = 'string'
            and v.value #>> '{}' !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$');
end
$$;

create or replace function house.is_builtin_role(key text) returns boolean
language plpgsql immutable as $$
begin
    return key in ('superadmin', 'support', 'finance', 'auditor', 'reseller_admin', 'owner', 'admin',
                   'staff', 'customer');
end
$$;

-- ---- checks ----

-- What the one CHECK of a table stands for.
create table house.joined_checks (
    table_name text not null,
    name text not null,
    columns text[] not null,
    definition text not null,
    primary key (table_name, name)
);

-- All that there are, joined or not: what the catalogue is compared with.
create view house.checks with (security_invoker = true) as
    select k.conrelid as table_oid, k.conname::text as name, k.conkey as columns,
           pg_get_constraintdef(k.oid) as definition
    from pg_constraint k
    where k.contype = 'c'
    union all
    select c.oid, j.name,
           array(select a.attnum from pg_attribute a
                 where a.attrelid = c.oid and a.attname = any (j.columns) order by a.attnum),
           j.definition
    from house.joined_checks j
    join pg_class c on c.relname = j.table_name
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'everyone';

grant select on house.checks, house.joined_checks to tulou_tenant, tulou_platform;

-- Makes one CHECK of all those of a table, with those joined before: a function that says which of
-- them is broken, by its own name. A CHECK that is added later stands beside it, until this is
-- called again; one of these is taken away by deleting its row and calling this again.
create procedure house.join_checks(name text)
language plpgsql as $$
declare
    place constant regclass := format('everyone.%I', join_checks.name);
    joined constant text := join_checks.name || '_checks';
    it record;
    parameters text;
    arguments text;
    sound text;
    broken text;
begin
    perform set_config('search_path', '', true); -- so that all names are written out
    for it in select k.conname, pg_get_constraintdef(k.oid) as definition,
                     array(select a.attname::text from pg_attribute a
                           where a.attrelid = place and a.attnum = any (k.conkey)) as columns
              from pg_constraint k
              where k.conrelid = place and k.contype = 'c' and k.conname <> joined loop
        insert into house.joined_checks
        values (join_checks.name, it.conname, it.columns, it.definition);
        execute format('alter table %s drop constraint %I', place, it.conname);
    end loop;
    execute format('alter table %s drop constraint if exists %I', place, joined);
    execute format('drop function if exists house.%I', joined);
    select string_agg(format('%I %s', a.attname, format_type(a.atttypid, null)), ', '
                      order by a.attnum),
           string_agg(quote_ident(a.attname), ', ' order by a.attnum)
    into parameters, arguments
    from pg_attribute a
    where a.attrelid = place
    and a.attname in (select unnest(j.columns) from house.joined_checks j
                     where j.table_name = join_checks.name);
    select string_agg(format('(%s) is not false', condition), ' and ' order by j.name),
           string_agg(format($f$
               if (%s) is false then
                   raise exception 'new row for relation "%s" violates check constraint "%s"'
                       using errcode = 'check_violation', constraint = %3$L, table = %2$L;
               end if;$f$, condition, join_checks.name, j.name), '' order by j.name)
    into sound, broken
    from house.joined_checks j
    cross join lateral (select substr(j.definition, length('CHECK ') + 1)) d (condition)
    where j.table_name = join_checks.name;
    if sound is null then
        return;
    end if;
    execute format('create function house.%I(%s) returns boolean
                    language plpgsql immutable parallel safe as $f$
                    begin
                        if %s then
                            return true;
                        end if;%s
                        return false;
                    end$f$', joined, parameters, sound, broken);
    execute format('grant execute on function house.%I to tulou_tenant, tulou_platform', joined);
    execute format('alter table %s add constraint %I check (house.%2$I(%s))', place, joined,
                   arguments);
end
$$;

do $$
declare
    path constant text := current_setting('search_path');
    it text;
begin
    foreach it in array '{leads,contacts,companies,deals}'::text[] loop
        call house.join_checks(it);
    end loop;
    perform set_config('search_path', path, true);
end
$$;

-- ---- events ----

-- As before, with its values where they are written: a select from a select was begun anew for
-- each event, with all its expressions twice.
create or replace function house.event_append() returns trigger
language plpgsql as $$
declare
    side constant text := case tg_op when 'DELETE' then 'before' else 'after' end;
    c constant jsonb := nullif(current_setting('app.context', true), '')::jsonb;
    changes jsonb;
begin
    if tg_op = 'UPDATE' then
        changes := house.event_difference(to_jsonb(old), to_jsonb(new), tg_argv);
        if changes is null then
            return null;
        end if;
    else
        changes := house.event_row(side, to_jsonb(coalesce(new, old)));
        if tg_nargs > 1 then
            changes := house.event_masked(changes, side, tg_argv);
        end if;
    end if;
    if tg_table_schema = 'shared' then
        insert into shared.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
        values (coalesce(new.tenant_id, old.tenant_id), house.uuid7(),
                coalesce(c ->> 'kind', 'system'), (c ->> 'actorId')::uuid, c ->> 'actorName',
                (c ->> 'impersonatorId')::uuid, house.event_action(tg_argv[0], tg_op), tg_argv[0],
                coalesce(new.id, old.id)::text, changes, c ->> 'ip', c ->> 'userAgent',
                c ->> 'requestId');
    else
        execute format('insert into %I.events (tenant_id, id, actor_kind, actor_id, actor_name,
                            impersonator_id, action, resource_type, resource_id, changes,
                            ip, user_agent, request_id)
                        values ($1, house.uuid7(), coalesce($6 ->> ''kind'', ''system''),
                                ($6 ->> ''actorId'')::uuid, $6 ->> ''actorName'',
                                ($6 ->> ''impersonatorId'')::uuid, $2, $3, $4, $5, $6 ->> ''ip'',
                                $6 ->> ''userAgent'', $6 ->> ''requestId'')', tg_table_schema)
        using coalesce(new.tenant_id, old.tenant_id), house.event_action(tg_argv[0], tg_op),
              tg_argv[0], coalesce(new.id, old.id)::text, changes, c;
    end if;
    return null;
end
$$;
