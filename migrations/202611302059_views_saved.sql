-- What somebody wants to see of a list again: its filters, order and columns, under a name. It is
-- theirs alone until they share it. A shared one stays when its owner goes; a private one goes too.
create table everyone.saved_views (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    owner_id uuid,
    resource text not null check (length(resource) between 3 and 100),
    name text not null check (length(name) between 1 and 80),
    query text not null check (length(query) <= 4000), -- as in the list's address: status=new&sort=name
    shared boolean not null default false,
    default_role text check (length(default_role) between 2 and 49),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint saved_views_shared_check check (default_role is null or shared),
    constraint saved_views_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);
create index saved_views_name_idx on everyone.saved_views
    (tenant_id, name collate "und-x-icu", id);
create index saved_views_resource_idx on everyone.saved_views (tenant_id, resource, id);
create unique index saved_views_name_key on everyone.saved_views
    (tenant_id, owner_id, resource, name);
-- What those who have a role see first of a list.
create unique index saved_views_default_key on everyone.saved_views
    (tenant_id, resource, default_role) where default_role is not null;
call house.tenant_table('saved_views');

create function house.saved_view_orphan() returns trigger
language plpgsql as $$
begin
    delete from saved_views where tenant_id = new.tenant_id and id = new.id;
    return null;
end
$$;
create trigger saved_view_orphan after update of owner_id on everyone.saved_views
    for each row when (new.owner_id is null and not new.shared)
    execute function house.saved_view_orphan();
