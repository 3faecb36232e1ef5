-- What somebody wants to find again: pages of ours that they marked, of themselves alone.
create table everyone.favourites (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    path text not null check (length(path) between 1 and 500 and path ~ '^/([^/\\]|$)'),
    title text not null check (length(title) between 1 and 200),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint favourites_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create unique index favourites_path_key on everyone.favourites (tenant_id, user_id, path);
create index favourites_user_idx on everyone.favourites (tenant_id, user_id, id);
call house.tenant_table('favourites');
