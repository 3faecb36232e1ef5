-- What is offered in a deal: written whole with it.
create table everyone.deal_lines (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    deal_id uuid not null,
    position bigint not null,
    name text not null check (length(name) between 1 and 200),
    quantity integer not null default 1 check (quantity between 1 and 1000000),
    unit_price bigint check (unit_price >= 0),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint deal_lines_deal_id_fkey foreign key (tenant_id, deal_id)
        references everyone.deals (tenant_id, id) on delete cascade
) partition by list (tenant_id);

create index deal_lines_deal_idx on everyone.deal_lines (tenant_id, deal_id, position);

call house.tenant_table('deal_lines', event => 'crm.deal_lines');
