-- events: the audit log, the outbox for webhooks, the source of notifications.
-- Append only: the roles of the application may insert and select. A job seals
-- what has been committed: it numbers the events of a tenant and chains each to
-- the one before by a hash, so that a change, a gap or a cut end shows. Writers
-- never wait for each other.
create table everyone.events (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    at timestamptz not null default clock_timestamp(),
    actor_kind text not null check (actor_kind in ('user', 'api_key', 'system')),
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

-- Ids sort by time, so an index that ends in id also gives the order.
create index events_actor_idx on everyone.events (tenant_id, actor_id, id)
    where actor_id is not null;
create index events_resource_idx on everyone.events (tenant_id, resource_type, resource_id, id);
create index events_unsealed_idx on everyone.events (tenant_id, id) where seq is null;
create unique index events_seq_key on everyone.events (tenant_id, seq) where seq is not null;

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
-- three times as cheap as through the parent, and is all that the tenant role
-- may do.
create function house.event_append() returns trigger
language plpgsql as $$
declare
    noise constant text[] := '{tenant_id,search_text,created_at,updated_at}';
    quiet constant text[] := noise || '{last_login_at,last_used_at,version}';
    context jsonb := nullif(current_setting('app.context', true), '')::jsonb;
    action text := nullif(current_setting('app.action', true), '');
    before jsonb;
    after jsonb;
    changes jsonb;
    row_id text;
    tenant uuid;
begin
    if tg_op = 'INSERT' then
        tenant := new.tenant_id;
        row_id := new.id;
        after := jsonb_strip_nulls(to_jsonb(new) - noise);
        action := coalesce(action, tg_argv[0] || '.created');
    elsif tg_op = 'DELETE' then
        tenant := old.tenant_id;
        row_id := old.id;
        before := jsonb_strip_nulls(to_jsonb(old) - noise);
        action := coalesce(action, tg_argv[0] || '.deleted');
    else
        tenant := new.tenant_id;
        row_id := new.id;
        before := to_jsonb(old) - quiet;
        after := to_jsonb(new) - quiet;
        select jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, after -> b.key)
        into before, after
        from jsonb_each(before) b
        where b.value is distinct from after -> b.key;
        if before is null then
            return null;
        end if;
        action := coalesce(action, tg_argv[0] || '.updated');
    end if;
    for i in 1 .. tg_nargs - 1 loop
        if before ? tg_argv[i] then
            before := jsonb_set(before, array[tg_argv[i]], '"***"');
        end if;
        if after ? tg_argv[i] then
            after := jsonb_set(after, array[tg_argv[i]], '"***"');
        end if;
    end loop;
    if before is null then
        changes := jsonb_build_object('after', after);
    elsif after is null then
        changes := jsonb_build_object('before', before);
    else
        changes := jsonb_build_object('before', before, 'after', after);
    end if;
    if tg_table_schema = 'shared' then
        insert into shared.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
        values (tenant, house.uuid7(), coalesce(context ->> 'kind', 'system'),
                (context ->> 'actorId')::uuid, context ->> 'actorName',
                (context ->> 'impersonatorId')::uuid, action, tg_argv[0], row_id, changes,
                context ->> 'ip', context ->> 'userAgent', context ->> 'requestId');
    else
        execute format('insert into %I.events (tenant_id, id, actor_kind, actor_id, actor_name,
                                   impersonator_id, action, resource_type, resource_id, changes,
                                   ip, user_agent, request_id)
                        values ($1, house.uuid7(), coalesce($2 ->> ''kind'', ''system''),
                                ($2 ->> ''actorId'')::uuid, $2 ->> ''actorName'',
                                ($2 ->> ''impersonatorId'')::uuid, $3, $4, $5, $6,
                                $2 ->> ''ip'', $2 ->> ''userAgent'', $2 ->> ''requestId'')',
                       tg_table_schema)
        using tenant, context, action, tg_argv[0], row_id, changes;
    end if;
    return null;
end
$$;
