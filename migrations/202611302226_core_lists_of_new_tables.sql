-- Lists may be sorted by when their records were made, as those of all resources.
create index exchange_rates_created_idx on everyone.exchange_rates (tenant_id, created_at, id);
create index assignment_rules_created_idx on everyone.assignment_rules (tenant_id, created_at, id);
create index saved_views_created_idx on everyone.saved_views (tenant_id, created_at, id);
create index favourites_created_idx on everyone.favourites (tenant_id, created_at, id);

-- A role whose key nobody gave gets one made of its name; one that comes in otherwise has this.
alter table everyone.roles
    alter column key set default 'role_' || replace(gen_random_uuid()::text, '-', '');
