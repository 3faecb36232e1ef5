-- The chain of events: sealing and verifying.

-- Where the chain of a tenant ends.
create table house.event_heads (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null
);

-- SHA-256 (FIPS 180-4) over the hash before and the event, as JSON that does
-- not depend on settings of the session.
create function house.event_hash(previous bytea, number bigint, e everyone.events) returns bytea
language sql stable
return sha256(previous || convert_to(jsonb_build_array(
    number, e.tenant_id, e.id, (extract(epoch from e.at) * 1000000)::bigint, e.actor_kind,
    e.actor_id, e.actor_name, e.impersonator_id, e.action, e.resource_type, e.resource_id,
    e.changes, e.ip, e.user_agent, e.request_id)::text, 'UTF8'));

-- Seals at most `most` events, oldest of each tenant first; answers how many.
-- One at a time; one that is still uncommitted takes a later number.
create function house.events_seal(most integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    e everyone.events;
    head house.event_heads;
    next_hash bytea;
    sealed integer := 0;
begin
    perform pg_advisory_xact_lock(hashtext('house.events_seal'));
    for e in
        select * from everyone.events
        where seq is null
        order by tenant_id, id
        limit most
    loop
        if head.tenant_id is distinct from e.tenant_id then
            if head.tenant_id is not null then
                call house.event_head_keep(head);
            end if;
            select h.* into head from house.event_heads h where h.tenant_id = e.tenant_id;
            if not found then
                head := row(e.tenant_id, 0, ''::bytea);
            end if;
        end if;
        next_hash := house.event_hash(head.hash, head.seq + 1, e);
        update everyone.events
        set seq = head.seq + 1, prev_hash = head.hash, hash = next_hash
        where tenant_id = e.tenant_id and id = e.id;
        head.seq := head.seq + 1;
        head.hash := next_hash;
        sealed := sealed + 1;
    end loop;
    if head.tenant_id is not null then
        call house.event_head_keep(head);
    end if;
    return sealed;
end
$$;

create procedure house.event_head_keep(head house.event_heads)
language sql as $$
    insert into house.event_heads values (head.tenant_id, head.seq, head.hash)
    on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash
$$;

-- The first break in a tenant's chain: broken_seq is null when there is none.
-- reason: 'changed' or 'missing'.
create function house.events_verify(tenant uuid, out checked bigint, out broken_seq bigint,
                                    out reason text)
language plpgsql stable security definer set search_path = '' as $$
declare
    e everyone.events;
    head house.event_heads;
    previous bytea := '';
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
        if e.prev_hash is distinct from previous
           or e.hash is distinct from house.event_hash(previous, e.seq, e) then
            broken_seq := e.seq;
            reason := 'changed';
            return;
        end if;
        previous := e.hash;
        checked := e.seq;
    end loop;
    select h.* into head from house.event_heads h where h.tenant_id = tenant;
    if coalesce(head.seq, 0) <> checked then
        broken_seq := least(coalesce(head.seq, 0), checked) + 1;
        reason := 'missing';
    elsif checked > 0 and head.hash <> previous then
        broken_seq := checked;
        reason := 'changed';
    end if;
end
$$;

-- A tenant verifies its own chain; the platform any.
create function house.events_verify_own(out checked bigint, out broken_seq bigint, out reason text)
language sql stable security definer set search_path = ''
as $$select * from house.events_verify(current_setting('app.tenant_id')::uuid)$$;

grant execute on function house.events_seal(integer), house.events_verify(uuid) to tulou_platform;
grant execute on function house.events_verify_own() to tulou_tenant, tulou_platform;
