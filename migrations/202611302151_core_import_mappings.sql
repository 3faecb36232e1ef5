-- What the columns of a file became when it was last imported by page, by resource and first line:
-- the same file again is read as it was then.
create table everyone.import_mappings (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null check (length(resource) between 3 and 100), -- in the model: "crm.leads"
    head_sha256 text not null check (length(head_sha256) = 64),        -- of the titles as JSON
    mapping jsonb not null, -- of each column the field's name, or null
    mode text not null check (mode in ('insert', 'update', 'upsert')),
    key text,
    unknown text not null check (unknown in ('refuse', 'skip', 'create')),
    minor boolean not null,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create unique index import_mappings_head_key on everyone.import_mappings
    (tenant_id, resource, head_sha256);
create index import_mappings_updated_at_idx on everyone.import_mappings (updated_at);
call house.tenant_table('import_mappings');
