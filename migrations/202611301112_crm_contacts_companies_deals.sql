-- Companies, contacts and deals of a tenant.
create table everyone.companies (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    website text,
    email text,
    phone text,
    address text check (length(address) <= 500),
    owner_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint companies_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);

create index companies_created_idx on everyone.companies (tenant_id, created_at, id);
create index companies_name_idx on everyone.companies (tenant_id, name collate "und-x-icu", id);
create index companies_email_idx on everyone.companies (tenant_id, email);
create index companies_owner_idx on everyone.companies (tenant_id, owner_id, id);

call house.tenant_table('companies', event => 'crm.companies', search => '{name,website,email,phone}');

create table everyone.contacts (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    email text,
    phone text,
    company_id uuid,
    type text not null default 'customer'
        check (type in ('lead', 'customer', 'partner', 'vendor', 'other')),
    status text not null default 'active' check (status in ('active', 'inactive')),
    lead_id uuid,
    owner_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint contacts_company_id_fkey foreign key (tenant_id, company_id)
        references everyone.companies (tenant_id, id),
    constraint contacts_lead_id_fkey foreign key (tenant_id, lead_id)
        references everyone.leads (tenant_id, id) on delete set null (lead_id),
    constraint contacts_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);

create index contacts_created_idx on everyone.contacts (tenant_id, created_at, id);
create index contacts_name_idx on everyone.contacts (tenant_id, name collate "und-x-icu", id);
create index contacts_type_idx on everyone.contacts (tenant_id, type, id);
create index contacts_email_idx on everyone.contacts (tenant_id, email);
create index contacts_company_idx on everyone.contacts (tenant_id, company_id, id);
create index contacts_lead_idx on everyone.contacts (tenant_id, lead_id, id);
create index contacts_owner_idx on everyone.contacts (tenant_id, owner_id, id);

call house.tenant_table('contacts', event => 'crm.contacts', search => '{name,email,phone}');

create table everyone.deals (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 200),
    company_id uuid,
    contact_id uuid,
    stage text not null default 'prospecting'
        check (stage in ('prospecting', 'qualification', 'proposal', 'negotiation', 'won', 'lost')),
    probability integer check (probability between 0 and 100),
    value bigint check (value >= 0),
    currency char(3) not null default 'EUR',
    expected_close_on date,
    owner_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint deals_company_id_fkey foreign key (tenant_id, company_id)
        references everyone.companies (tenant_id, id),
    constraint deals_contact_id_fkey foreign key (tenant_id, contact_id)
        references everyone.contacts (tenant_id, id),
    constraint deals_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);

create index deals_created_idx on everyone.deals (tenant_id, created_at, id);
create index deals_name_idx on everyone.deals (tenant_id, name collate "und-x-icu", id);
create index deals_stage_idx on everyone.deals (tenant_id, stage, id);
create index deals_value_idx on everyone.deals (tenant_id, value, id);
create index deals_close_idx on everyone.deals (tenant_id, expected_close_on, id);
create index deals_company_idx on everyone.deals (tenant_id, company_id, id);
create index deals_contact_idx on everyone.deals (tenant_id, contact_id, id);
create index deals_owner_idx on everyone.deals (tenant_id, owner_id, id);

call house.tenant_table('deals', event => 'crm.deals', search => '{name}');
