-- Leads of a tenant.
create table everyone.leads (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    email text,
    phone text,
    company text,
    source text not null default 'other'
        check (source in ('website', 'referral', 'social', 'email', 'phone', 'event', 'partner', 'other')),
    status text not null default 'new'
        check (status in ('new', 'contacted', 'qualified', 'unqualified', 'converted', 'lost')),
    value bigint check (value >= 0),
    currency char(3) not null default 'EUR',
    owner_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint leads_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);

create index leads_created_idx on everyone.leads (tenant_id, created_at, id);
create index leads_name_idx on everyone.leads (tenant_id, name, id);
create index leads_company_idx on everyone.leads (tenant_id, company, id);
create index leads_status_idx on everyone.leads (tenant_id, status, id);
create index leads_value_idx on everyone.leads (tenant_id, value, id);
create index leads_owner_idx on everyone.leads (tenant_id, owner_id, id);
create index leads_email_idx on everyone.leads (tenant_id, email);

call house.tenant_table('leads', event => 'crm.leads', search => '{name,email,phone,company}');
