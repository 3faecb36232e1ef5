-- Who gets a new lead that names no owner: the first rule that fits gives it to the next one in its
-- team. A team has one turn, whichever of its rules fits, so that its members get as many each.
create table everyone.assignment_rules (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    position integer not null default 0 check (position between 0 and 10000),
    is_active boolean not null default true,
    source text check (source in ('website', 'referral', 'social', 'email', 'phone', 'event',
                                  'partner', 'other')),
    value_from bigint check (value_from >= 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    team_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint assignment_rules_team_id_fkey foreign key (tenant_id, team_id)
        references everyone.teams (tenant_id, id)
) partition by list (tenant_id);
create index assignment_rules_position_idx on everyone.assignment_rules (tenant_id, position, id);
create index assignment_rules_team_idx on everyone.assignment_rules (tenant_id, team_id, id);
call house.tenant_table('assignment_rules', event => 'assignment_rule', search => '{name}');

-- Who of a team got the last one.
create table everyone.team_turns (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    team_id uuid not null,
    user_id uuid,
    primary key (tenant_id, id),
    constraint team_turns_team_id_key unique (tenant_id, team_id),
    constraint team_turns_team_id_fkey foreign key (tenant_id, team_id)
        references everyone.teams (tenant_id, id) on delete cascade,
    constraint team_turns_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete set null (user_id)
) partition by list (tenant_id);
create index team_turns_user_idx on everyone.team_turns (tenant_id, user_id);
call house.tenant_table('team_turns');

-- The active member behind that one, in the order of their ids; behind the last comes the first.
-- NULL: the team has none.
create function house.team_next(tenant uuid, team uuid, last uuid) returns uuid
language sql stable set search_path = '' as $$
    select m.user_id
    from everyone.team_members m
    join everyone.users u on u.tenant_id = m.tenant_id and u.id = m.user_id
    where m.tenant_id = tenant and m.team_id = team and u.status = 'active'
    order by coalesce(m.user_id <= last, false), m.user_id
    limit 1
$$;
revoke all on function house.team_next(uuid, uuid, uuid) from public;

-- One lead after the other in each tenant, until the transaction ends: whoever is given one that is
-- not made after all keeps their turn, and two that need several teams cannot wait for each other.
create function house.lead_assign() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    rule record;
    chosen uuid;
begin
    if not exists (select from everyone.assignment_rules r
                   where r.tenant_id = new.tenant_id and r.is_active) then
        return new;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('lead_assign ' || new.tenant_id, 0));
    for rule in
        select r.team_id
        from everyone.assignment_rules r
        where r.tenant_id = new.tenant_id and r.is_active
        and (r.source is null or r.source = new.source)
        and (r.value_from is null or (r.currency = new.currency and new.value >= r.value_from))
        order by r.position, r.id
        limit 100
    loop
        insert into everyone.team_turns (tenant_id, team_id)
        values (new.tenant_id, rule.team_id)
        on conflict do nothing;
        update everyone.team_turns t
        set user_id = house.team_next(t.tenant_id, t.team_id, t.user_id)
        where t.tenant_id = new.tenant_id and t.team_id = rule.team_id
        returning t.user_id into chosen;
        exit when chosen is not null;
    end loop;
    new.owner_id := chosen;
    return new;
end
$$;
revoke all on function house.lead_assign() from public;
create trigger assign before insert on everyone.leads
    for each row when (new.owner_id is null) execute function house.lead_assign();
