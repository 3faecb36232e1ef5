-- What makes a table a tenant's: a partition for those who share, policies,
-- rights, and the triggers. A migration writes the columns and says
--
--     create table everyone.leads (tenant_id uuid not null, …) partition by list (tenant_id);
--     call house.tenant_table('leads', event => 'crm.leads', search => '{name,email}');

-- Row-level security on one table or partition, enabled and forced. Policies
-- and grants sit on each partition, since the tenant role addresses it
-- directly.
create procedure house.protect(place text, name text, append_only boolean)
language plpgsql as $$
declare
    rights text := case when append_only then 'select, insert' else 'select, insert, update, delete' end;
    reader text := case when place = 'everyone' then 'tulou_platform' else 'tulou_tenant, tulou_platform' end;
begin
    execute format('alter table %I.%I enable row level security', place, name);
    execute format('alter table %I.%I force row level security', place, name);
    execute format('create policy tenant on %I.%I to tulou_tenant
                    using (tenant_id = current_setting(''app.tenant_id'')::uuid)
                    with check (tenant_id = current_setting(''app.tenant_id'')::uuid)', place, name);
    execute format('create policy platform on %I.%I to tulou_platform using (true) with check (true)', place, name);
    execute format('create policy owner on %I.%I to current_user using (true) with check (true)', place, name);
    execute format('revoke all on %I.%I from public', place, name);
    execute format('grant %s on %I.%I to %s', rights, place, name, reader);
end
$$;

-- Search: behind a policy PostgreSQL uses no trigram index, since LIKE is not
-- leakproof. So these run as the owner and name the tenant themselves, and
-- nothing else.
create procedure house.make_search(name text, columns text[])
language plpgsql as $$
declare
    words text := (select string_agg(format('coalesce(%I, '''')', c), ' || '' '' || ') from unnest(columns) c);
begin
    execute format('alter table everyone.%I add column search_text text generated always as (lower(%s)) stored', name, words);
    execute format('create index on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)', name);
    execute format('create function house.%I(query text) returns setof uuid
                    language sql stable security definer set search_path = '''' as
                    $f$select id from everyone.%I
                       where tenant_id = current_setting(''app.tenant_id'')::uuid
                       and search_text like house.like_pattern(query)$f$', 'search_' || name, name);
    execute format('create function house.%I(query text) returns setof uuid
                    language sql stable security definer set search_path = '''' as
                    $f$select id from everyone.%I
                       where search_text like house.like_pattern(query)$f$', 'search_every_' || name, name);
    execute format('grant execute on function house.%I(text) to tulou_tenant', 'search_' || name);
    execute format('grant execute on function house.%I(text) to tulou_platform', 'search_every_' || name);
end
$$;

-- One row trigger for all tables writes what changed into events, in the same
-- transaction. Arguments: the event's name, then the columns to mask.
create function house.event_append() returns trigger
language plpgsql as $$
declare
    was jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - 'search_text' end;
    now_is jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - 'search_text' end;
    context jsonb := nullif(current_setting('app.context', true), '')::jsonb;
    action text := nullif(current_setting('app.action', true), '');
    masked text;
begin
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(key, value), jsonb_object_agg(key, now_is -> key)
        into was, now_is
        from jsonb_each(was)
        where value is distinct from now_is -> key
        and key not in ('updated_at', 'last_login_at', 'last_used_at', 'version');
        if was is null then
            return null;
        end if;
    end if;
    for i in 1 .. tg_nargs - 1 loop
        masked := tg_argv[i];
        if was ? masked then
            was := was || jsonb_build_object(masked, '***');
        end if;
        if now_is ? masked then
            now_is := now_is || jsonb_build_object(masked, '***');
        end if;
    end loop;
    insert into events (tenant_id, id, at, actor_kind, actor_id, actor_name, impersonator_id, action,
                        resource_type, resource_id, changes, ip, user_agent, request_id)
    values (case when tg_op = 'DELETE' then old.tenant_id else new.tenant_id end,
            house.uuid7(), clock_timestamp(),
            coalesce(context ->> 'kind', 'system'), (context ->> 'actorId')::uuid, context ->> 'actorName',
            (context ->> 'impersonatorId')::uuid,
            coalesce(action, tg_argv[0] || case tg_op when 'INSERT' then '.created'
                                                      when 'UPDATE' then '.updated'
                                                      else '.deleted' end),
            tg_argv[0], case when tg_op = 'DELETE' then old.id else new.id end::text,
            jsonb_strip_nulls(jsonb_build_object('before', was, 'after', now_is)),
            context ->> 'ip', context ->> 'userAgent', context ->> 'requestId');
    return null;
end
$$;

create table house.tenant_tables (
    name text primary key,
    append_only boolean not null
);

create procedure house.tenant_table(name text, event text default null, secret text[] default '{}',
                                    search text[] default '{}', append_only boolean default false)
language plpgsql as $$
begin
    insert into house.tenant_tables values (name, append_only);
    if cardinality(search) > 0 then
        call house.make_search(name, search);
    end if;
    execute format('create table shared.%I partition of everyone.%I default', name, name);
    call house.protect('everyone', name, append_only);
    call house.protect('shared', name, append_only);
    if exists (select from information_schema.columns c
               where c.table_schema = 'everyone' and c.table_name = name and c.column_name = 'updated_at') then
        execute format('create trigger touch before update on everyone.%I
                        for each row execute function house.touch()', name);
    end if;
    if event is not null then
        execute format('create trigger event after insert or update or delete on everyone.%I
                        for each row execute function house.event_append(%s)', name,
                       (select string_agg(quote_literal(argument), ', ')
                        from unnest(array[event] || secret) argument));
    end if;
end
$$;

-- Partitions of its own for one tenant, in its own schema. (Moving the rows
-- is another command's work; the tables are made for it.)
create procedure house.tenant_schema_create(tenant uuid)
language plpgsql as $$
declare
    place text := 'tenant_' || replace(tenant::text, '-', '');
    it record;
begin
    execute format('create schema %I', place);
    execute format('grant usage on schema %I to tulou_tenant', place);
    for it in select t.name, t.append_only from house.tenant_tables t loop
        execute format('create table %I.%I partition of everyone.%I for values in (%L)', place, it.name, it.name, tenant);
        call house.protect(place, it.name, it.append_only);
    end loop;
end
$$;
