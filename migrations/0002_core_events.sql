-- events: the audit log, the outbox for webhooks, the source of notifications.
-- Append only: the roles of the application may insert and select. A job seals
-- what has been committed: it numbers the events of a tenant and chains each to
-- the one before by a hash, so that a change, a gap or a cut end shows. Writers
-- never wait for each other.
--
-- It is written with every change of anything, so it is kept cheap: no CHECK and
-- no partial index, whose expressions PostgreSQL prepares anew for each
-- statement (5 and 4 of 24 microseconds an insert), and few indexes.
create table everyone.events (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    at timestamptz not null default clock_timestamp(),
    actor_kind text not null, -- user, api_key, system
    actor_id uuid,
    actor_name text,
    impersonator_id uuid,
    action text not null,
    resource_type text,
    resource_id text,
    changes jsonb,
    ip text,
    user_agent text,
    request_id text,
    seq bigint,
    prev_hash bytea,
    hash bytea,
    primary key (tenant_id, id)
) partition by list (tenant_id);

-- Ids sort by time, so an index that ends in id also gives the order. The one on
-- seq finds what is not sealed yet, and no number is given twice.
create index events_actor_idx on everyone.events (tenant_id, actor_id, id);
create index events_resource_idx on everyone.events (tenant_id, resource_type, resource_id, id);
create unique index events_seq_key on everyone.events (seq, tenant_id);

call house.tenant_table('events', append_only => true);

-- Nobody changes an event, the owner included: it can only be sealed, once.
create function house.event_guard() returns trigger
language plpgsql as $$
declare
    unsealed everyone.events;
begin
    if tg_op = 'UPDATE' then
        unsealed := new;
        unsealed.seq := null;
        unsealed.prev_hash := null;
        unsealed.hash := null;
        if old.seq is null and unsealed is not distinct from old then
            return new;
        end if;
    end if;
    raise exception 'events are append only' using errcode = 'insufficient_privilege';
end
$$;

create trigger guard before update or delete on everyone.events
    for each row execute function house.event_guard();

-- TRUNCATE fires no trigger of the parent on a partition named itself, so the
-- right to do it is the owner's alone; the end of each chain is kept apart
-- (event_heads), so that it shows.

-- One row trigger for all tables writes what changed into events, in the same
-- transaction. Arguments: the event's name, then the columns to mask. Who acts
-- stands in app.context (JSON: kind, actorId, actorName, impersonatorId, ip,
-- userAgent, requestId); app.action replaces the action's name.
--
-- The partition of events beside the changed row is addressed directly: that is
-- cheaper than through the parent, and all that the tenant role may do. PL/pgSQL
-- sets up each of its expressions anew in each transaction, so there are few.
create function house.event_append() returns trigger
language plpgsql as $$
declare
    noise constant text[] := '{tenant_id,created_at,updated_at,search_text}';
    quiet constant text[] := '{updated_at,search_text,last_login_at,last_used_at,version}';
    context jsonb := nullif(current_setting('app.context', true), '');
    before jsonb;
    after jsonb;
begin
    if tg_op = 'INSERT' then
        after := jsonb_strip_nulls(to_jsonb(new) - noise);
    elsif tg_op = 'DELETE' then
        before := jsonb_strip_nulls(to_jsonb(old) - noise);
    else
        select jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, to_jsonb(new) -> b.key)
        into before, after
        from jsonb_each(to_jsonb(old) - quiet) b
        where b.value is distinct from to_jsonb(new) -> b.key;
        if before is null then
            return null;
        end if;
    end if;
    for i in 1 .. tg_nargs - 1 loop
        before := before || case when before ? tg_argv[i]
                                 then jsonb_build_object(tg_argv[i], '***') else '{}' end;
        after := after || case when after ? tg_argv[i]
                               then jsonb_build_object(tg_argv[i], '***') else '{}' end;
    end loop;
    if tg_table_schema = 'shared' then
        insert into shared.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
        values (coalesce(new.tenant_id, old.tenant_id), house.uuid7(),
                coalesce(context ->> 'kind', 'system'), (context ->> 'actorId')::uuid,
                context ->> 'actorName', (context ->> 'impersonatorId')::uuid,
                house.event_action(tg_argv[0], tg_op), tg_argv[0],
                coalesce(new.id, old.id)::text, house.event_changes(tg_op, before, after),
                context ->> 'ip', context ->> 'userAgent', context ->> 'requestId');
    else
        execute format('insert into %I.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
                        values ($1, house.uuid7(),
                                coalesce($2 ->> ''kind'', ''system''), ($2 ->> ''actorId'')::uuid,
                                $2 ->> ''actorName'', ($2 ->> ''impersonatorId'')::uuid,
                                $3, $4, $5, $6,
                                $2 ->> ''ip'', $2 ->> ''userAgent'', $2 ->> ''requestId'')',
                       tg_table_schema)
        using coalesce(new.tenant_id, old.tenant_id), context,
              house.event_action(tg_argv[0], tg_op), tg_argv[0],
              coalesce(new.id, old.id)::text, house.event_changes(tg_op, before, after);
    end if;
    return null;
end
$$;

-- Two of its expressions, which PostgreSQL inlines.
create function house.event_action(event text, operation text) returns text
language sql stable
return coalesce(nullif(current_setting('app.action', true), ''),
                event || case operation when 'INSERT' then '.created'
                                        when 'UPDATE' then '.updated'
                                        else '.deleted' end);

create function house.event_changes(operation text, before jsonb, after jsonb) returns jsonb
language sql immutable
return case operation when 'INSERT' then jsonb_build_object('after', after)
                      when 'DELETE' then jsonb_build_object('before', before)
                      else jsonb_build_object('before', before, 'after', after) end;

grant execute on function house.event_action(text, text), house.event_changes(text, jsonb, jsonb)
    to tulou_tenant, tulou_platform;
