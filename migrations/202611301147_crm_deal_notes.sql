-- What is written down about a deal.
create table everyone.deal_notes (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    deal_id uuid not null,
    text text not null check (length(text) between 1 and 10000),
    created_by_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint deal_notes_deal_id_fkey foreign key (tenant_id, deal_id)
        references everyone.deals (tenant_id, id) on delete cascade,
    constraint deal_notes_created_by_id_fkey foreign key (tenant_id, created_by_id)
        references everyone.users (tenant_id, id) on delete set null (created_by_id)
) partition by list (tenant_id);

create index deal_notes_created_idx on everyone.deal_notes (tenant_id, created_at, id);
create index deal_notes_deal_idx on everyone.deal_notes (tenant_id, deal_id, created_at, id);
create index deal_notes_created_by_idx on everyone.deal_notes (tenant_id, created_by_id);

call house.tenant_table('deal_notes', event => 'crm.deal_notes');
