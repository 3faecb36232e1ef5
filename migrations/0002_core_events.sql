-- events: the audit log, the outbox for webhooks, the source of notifications.
-- Append only: the roles of the application may insert and select. A job seals
-- what has been committed: it numbers the events of a tenant and chains each to
-- the one before by a hash, so that a change, a gap or a cut end shows.
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
    hash bytea,
    primary key (tenant_id, id)
) partition by list (tenant_id);

create index on everyone.events (tenant_id, at, id);
create index on everyone.events (tenant_id, action, id);
create index on everyone.events (tenant_id, actor_id, id);
create index on everyone.events (tenant_id, resource_type, resource_id, id);
create index on everyone.events (tenant_id, seq);
create index on everyone.events (at, id) where seq is null;

call house.tenant_table('events', append_only => true);

-- Where the chain of a tenant ends.
create table house.event_heads (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null
);

-- What of an event the hash covers, in a form that does not depend on settings.
create function house.event_hash(previous bytea, e everyone.events) returns bytea
language sql immutable
return sha256(previous || convert_to(jsonb_build_array(
    e.tenant_id, e.id, (extract(epoch from e.at) * 1000000)::bigint, e.actor_kind, e.actor_id, e.actor_name,
    e.impersonator_id, e.action, e.resource_type, e.resource_id, e.changes, e.ip, e.user_agent,
    e.request_id, e.seq)::text, 'UTF8'));

-- Seals at most `most` events; answers how many. One at a time.
create function house.events_seal(most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    e everyone.events;
    head house.event_heads;
    sealed integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('house.events_seal'));
    for e in
        select * from everyone.events
        where seq is null
        order by at, id
        limit most
    loop
        select * into head from house.event_heads h where h.tenant_id = e.tenant_id;
        e.seq := coalesce(head.seq, 0) + 1;
        e.hash := house.event_hash(coalesce(head.hash, ''::bytea), e);
        update everyone.events set seq = e.seq, hash = e.hash
        where tenant_id = e.tenant_id and id = e.id;
        insert into house.event_heads values (e.tenant_id, e.seq, e.hash)
        on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash;
        sealed := sealed + 1;
    end loop;
    return sealed;
end
$$;

-- The first break in a tenant's chain: broken_seq is null when there is none.
create function house.events_verify(tenant uuid, out checked bigint, out broken_seq bigint, out reason text)
language plpgsql stable security definer set search_path = '' as $$
declare
    e everyone.events;
    previous bytea := ''::bytea;
    head house.event_heads;
begin
    checked := 0;
    for e in
        select * from everyone.events
        where tenant_id = tenant and seq is not null
        order by seq
    loop
        if e.seq <> checked + 1 then
            broken_seq := checked + 1;
            reason := 'missing';
            return;
        end if;
        if e.hash is distinct from house.event_hash(previous, e) then
            broken_seq := e.seq;
            reason := 'changed';
            return;
        end if;
        previous := e.hash;
        checked := e.seq;
    end loop;
    select * into head from house.event_heads h where h.tenant_id = tenant;
    if found and (head.seq <> checked or head.hash <> previous) then
        broken_seq := least(head.seq, checked + 1);
        reason := 'missing';
    end if;
end
$$;

-- A tenant verifies its own chain; the platform any.
create function house.events_verify_own(out checked bigint, out broken_seq bigint, out reason text)
language sql stable security definer set search_path = ''
as $$select * from house.events_verify(current_setting('app.tenant_id')::uuid)$$;

grant execute on function house.events_seal(integer), house.events_verify(uuid) to tulou_platform;
grant execute on function house.events_verify_own() to tulou_tenant, tulou_platform;
grant execute on function house.event_append() to tulou_tenant, tulou_platform;
