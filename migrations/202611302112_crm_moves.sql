-- When deals were closed, and how long deals and leads stayed where they were. This is kept from now
-- on; of what was closed before, the day of its last change is taken.
--
-- Tables of their own, not the log: the log has the stage of a deal within the changes of an event,
-- so that "how long in each stage" would read and take apart every event of the time.

-- ---- a deal is closed while its stage is of a kind other than open ----
alter table everyone.deals add column closed_at timestamptz;

create function house.deal_closed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    kind_now text;
begin
    select s.kind into kind_now
    from everyone.stages s
    where s.tenant_id = new.tenant_id and s.id = new.stage_id;
    if kind_now is not distinct from 'open' then
        new.closed_at := null;
    elsif tg_op = 'INSERT' then -- one that is brought back was closed when it was
        new.closed_at := coalesce(new.closed_at, new.created_at);
    elsif old.closed_at is null or kind_now is distinct from (
        select s.kind from everyone.stages s
        where s.tenant_id = old.tenant_id and s.id = old.stage_id) then
        new.closed_at := clock_timestamp();
    end if;
    return new;
end
$$;
revoke all on function house.deal_closed() from public;

alter table everyone.deals disable trigger user;
update everyone.deals d
set closed_at = d.updated_at
from everyone.stages s
where s.tenant_id = d.tenant_id and s.id = d.stage_id and s.kind <> 'open';
alter table everyone.deals enable trigger user;

create index deals_closed_idx on everyone.deals (tenant_id, closed_at, id);
create trigger closed before insert or update of stage_id on everyone.deals
    for each row execute function house.deal_closed();

-- ---- a row is a move of a deal from a stage to another ----
create table everyone.deal_moves (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    deal_id uuid not null,
    from_stage_id uuid, -- null: the deal was made in the other one, or the stage is gone
    to_stage_id uuid,
    entered_at timestamptz, -- when it had come to the first; null: nobody knows
    moved_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint deal_moves_deal_id_fkey foreign key (tenant_id, deal_id)
        references everyone.deals (tenant_id, id) on delete cascade,
    constraint deal_moves_from_stage_id_fkey foreign key (tenant_id, from_stage_id)
        references everyone.stages (tenant_id, id) on delete set null (from_stage_id),
    constraint deal_moves_to_stage_id_fkey foreign key (tenant_id, to_stage_id)
        references everyone.stages (tenant_id, id) on delete set null (to_stage_id)
) partition by list (tenant_id);
create index deal_moves_deal_idx on everyone.deal_moves (tenant_id, deal_id, moved_at);
create index deal_moves_left_idx on everyone.deal_moves (tenant_id, from_stage_id, moved_at);
create index deal_moves_came_idx on everyone.deal_moves (tenant_id, to_stage_id);
call house.tenant_table('deal_moves', append_only => true);

create function house.deal_moved() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
        insert into everyone.deal_moves (tenant_id, deal_id, to_stage_id, moved_at)
        values (new.tenant_id, new.id, new.stage_id, new.created_at);
    else
        insert into everyone.deal_moves (tenant_id, deal_id, from_stage_id, to_stage_id, entered_at)
        values (new.tenant_id, new.id, old.stage_id, new.stage_id,
                (select m.moved_at
                 from everyone.deal_moves m
                 where m.tenant_id = new.tenant_id and m.deal_id = new.id
                 order by m.moved_at desc
                 limit 1));
    end if;
    return null;
end
$$;
revoke all on function house.deal_moved() from public;
create trigger made after insert on everyone.deals
    for each row execute function house.deal_moved();
create trigger moved after update of stage_id on everyone.deals
    for each row when (old.stage_id is distinct from new.stage_id)
    execute function house.deal_moved();

-- ---- a row is a change of a lead's status ----
-- A new lead makes none, for leads come in by the thousand: it stands since it was made.
create table everyone.lead_moves (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    lead_id uuid not null,
    from_status text not null,
    to_status text not null,
    entered_at timestamptz, -- null: it was there before this was kept
    moved_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint lead_moves_lead_id_fkey foreign key (tenant_id, lead_id)
        references everyone.leads (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index lead_moves_lead_idx on everyone.lead_moves (tenant_id, lead_id, moved_at);
create index lead_moves_left_idx on everyone.lead_moves (tenant_id, from_status, moved_at);
call house.tenant_table('lead_moves', append_only => true);

do $$
begin
    execute format($f$
create function house.lead_moved() returns trigger
language plpgsql security definer set search_path = '' as $body$
begin
    insert into everyone.lead_moves (tenant_id, lead_id, from_status, to_status, entered_at)
    values (new.tenant_id, new.id, old.status, new.status,
            coalesce((select m.moved_at
                      from everyone.lead_moves m
                      where m.tenant_id = new.tenant_id and m.lead_id = new.id
                      order by m.moved_at desc
                      limit 1),
                     case when new.created_at >= %L::timestamptz then new.created_at end));
    return null;
end
$body$
    $f$, now());
end
$$;
revoke all on function house.lead_moved() from public;
create trigger moved after update of status on everyone.leads
    for each row when (old.status is distinct from new.status)
    execute function house.lead_moved();

do $$
declare
    place text;
begin
    call house.align_names('shared', 'deals');
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, 'deals');
    end loop;
end
$$;
