-- Rows of imports have an id of their own, as those of every tenant table; what told them apart
-- until now still does.
alter table everyone.import_parts drop constraint import_parts_pkey;
alter table everyone.import_parts add column id uuid not null default house.uuid7();
alter table everyone.import_parts add primary key (tenant_id, id);
create unique index on everyone.import_parts (tenant_id, import_id, part);

alter table everyone.import_rows drop constraint import_rows_pkey;
alter table everyone.import_rows add column id uuid not null default house.uuid7();
alter table everyone.import_rows add primary key (tenant_id, id);
create unique index on everyone.import_rows (tenant_id, import_id, line, number);
