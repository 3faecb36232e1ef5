-- Pipelines and their stages: each tenant's own, in the place of the constant stages of deals.
create table everyone.pipelines (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 100),
    position integer not null default 0 check (position between 0 and 10000),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index pipelines_position_idx on everyone.pipelines (tenant_id, position, id);
create unique index pipelines_name_key on everyone.pipelines (tenant_id, name);
call house.tenant_table('pipelines', event => 'pipeline', search => '{name}');

create table everyone.stages (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    pipeline_id uuid not null,
    name text not null check (length(name) between 1 and 100),
    position integer not null default 0 check (position between 0 and 10000),
    kind text not null default 'open' check (kind in ('open', 'won', 'lost')),
    probability integer check (probability between 0 and 100),
    color text check (color ~ '^#[0-9a-f]{6}$'),
    leads_to text not null default 'anywhere'
        check (leads_to in ('anywhere', 'forward', 'next', 'nowhere')),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint stages_pipeline_id_fkey foreign key (tenant_id, pipeline_id)
        references everyone.pipelines (tenant_id, id)
) partition by list (tenant_id);
create index stages_position_idx on everyone.stages (tenant_id, position, id);
create index stages_pipeline_idx on everyone.stages (tenant_id, pipeline_id, position, id);
create unique index stages_pipeline_id_name_key on everyone.stages (tenant_id, pipeline_id, name);
call house.tenant_table('stages', event => 'stage', search => '{name}');

-- What a tenant begins with; its people change it as they like.
create function house.crm_begin(tenant uuid) returns void
language sql set search_path = '' as $$
    with pipeline as (
        insert into everyone.pipelines (tenant_id, name) values (tenant, 'Sales')
        returning id
    )
    insert into everyone.stages (tenant_id, pipeline_id, name, position, kind, probability)
    select tenant, p.id, s.name, s.position, s.kind, s.probability
    from pipeline p
    cross join (values ('Prospecting', 1, 'open', 10), ('Qualification', 2, 'open', 25),
                       ('Proposal', 3, 'open', 50), ('Negotiation', 4, 'open', 75),
                       ('Won', 5, 'won', 100), ('Lost', 6, 'lost', 0))
               s (name, position, kind, probability)
$$;
revoke all on function house.crm_begin(uuid) from public;

create function house.crm_begin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.crm_begin(new.id);
    return null;
end
$$;
create trigger crm after insert on public.tenants
    for each row when (new.kind <> 'platform') execute function house.crm_begin();

select house.crm_begin(t.id) from public.tenants t where t.kind <> 'platform';

alter table everyone.deals add column stage_id uuid;
update everyone.deals d
set stage_id = s.id
from everyone.stages s
where s.tenant_id = d.tenant_id and lower(s.name) = d.stage;
alter table everyone.deals alter column stage_id set not null;
alter table everyone.deals drop column stage;
alter table everyone.deals add constraint deals_stage_id_fkey foreign key (tenant_id, stage_id)
    references everyone.stages (tenant_id, id);
create index deals_stage_idx on everyone.deals (tenant_id, stage_id, id);

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
