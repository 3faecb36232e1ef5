-- Records from a file, of every resource that allows it (lib/import). The file is cut into parts of
-- some rows each; a step takes one part in one transaction, so that each row is taken once,
-- whoever is killed.
create table everyone.imports (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null, -- its name in the model: "crm.leads"
    status text not null default 'ready'
        check (status in ('ready', 'running', 'done', 'reverting', 'reverted')),
    file_name text,
    head jsonb not null,    -- the cells of the first line
    mapping jsonb not null, -- of each of them the field's name, or null
    mode text not null default 'insert' check (mode in ('insert', 'update', 'upsert')),
    key text,               -- the field by which records are told to be the same; null: none
    unknown text not null default 'refuse' check (unknown in ('refuse', 'skip', 'create')),
    dates text not null default 'ymd' check (dates in ('ymd', 'dmy', 'mdy')),
    minor boolean not null default false,   -- amounts count the currency's smallest unit
    dry_run boolean not null default false, -- nothing is written
    parts integer not null default 0,
    part integer not null default 0, -- the next one, from 0 on
    total integer not null default 0,
    handled integer not null default 0,
    created integer not null default 0,
    updated integer not null default 0,
    skipped integer not null default 0,
    refused integer not null default 0,
    reverted integer not null default 0,
    kept integer not null default 0, -- by the revert, since they had changed
    created_by_name text,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index on everyone.imports (tenant_id, resource, id);
create index on everyone.imports (resource, id);
create index on everyone.imports (created_at);
call house.tenant_table('imports');

create table everyone.import_parts (
    tenant_id uuid not null,
    import_id uuid not null,
    part integer not null,
    rows text not null, -- JSON: [[line, [cell, …]], …]
    primary key (tenant_id, import_id, part),
    constraint import_parts_import_id_fkey foreign key (tenant_id, import_id)
        references everyone.imports (tenant_id, id) on delete cascade
) partition by list (tenant_id);
call house.tenant_table('import_parts');

-- What became of each row.
create table everyone.import_rows (
    tenant_id uuid not null,
    import_id uuid not null,
    line integer not null,
    number smallint not null default 0, -- of several reasons for one line
    outcome text not null check (outcome in ('created', 'updated', 'refused', 'kept')),
    record_id uuid,
    version timestamptz,  -- when the import had written the record
    before jsonb,         -- what an update found, as the API says it
    field text,           -- of what was refused
    code text,
    message text,
    cells jsonb,          -- of what was refused, as the file had them
    primary key (tenant_id, import_id, line, number),
    constraint import_rows_import_id_fkey foreign key (tenant_id, import_id)
        references everyone.imports (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.import_rows (tenant_id, import_id, outcome, line, number);
call house.tenant_table('import_rows');

-- Imports of users that had ended before this can still be looked up.
insert into everyone.imports (tenant_id, id, resource, status, head, mapping, total, handled,
                              created, refused, created_at, updated_at)
select tenant_id, id, 'users.platform-users', 'done', '[]', '[]', total, handled, created,
       handled - created, created_at, updated_at
from everyone.user_imports;
insert into everyone.import_rows (tenant_id, import_id, line, number, outcome, field, code, message)
select tenant_id, import_id, line,
       (row_number() over (partition by tenant_id, import_id, line order by id) - 1)::smallint,
       'refused', field, code, message
from everyone.user_import_rows
where code is not null;
