-- Users from a file: its rows wait here until each has become a user or was
-- refused. What is refused stays, so that it can be read what became of the file.
create table everyone.user_imports (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    status text not null default 'running' check (status in ('running', 'done')),
    total integer not null,             -- rows of the file
    handled integer not null default 0, -- of those, made or refused
    created integer not null default 0, -- of those, made
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
) partition by list (tenant_id);
create index on everyone.user_imports (tenant_id, created_at, id);
create index on everyone.user_imports (created_at);
call house.tenant_table('user_imports');

create table everyone.user_import_rows (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    import_id uuid not null,
    line integer not null,
    email text,
    name text,
    phone text,
    kind text,
    role_key text,
    password_hash text,
    field text, -- of one that was refused: where, and why
    code text,
    message text,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint user_import_rows_import_id_fkey foreign key (tenant_id, import_id)
        references everyone.user_imports (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.user_import_rows (tenant_id, import_id, line) where code is null;
create index on everyone.user_import_rows (tenant_id, import_id, line, id) where code is not null;
call house.tenant_table('user_import_rows');

-- Makes users of the next rows of an import, `most` at most, in the caller's tenant
-- and with the caller's rights. True: none is left. Each row stands for itself:
-- what the rules of users refuse is noted in it; what has nothing to do with the
-- row (no room, a lock that was waited for too long) ends all of it.
create function house.user_import_step(tenant uuid, import uuid, most integer) returns boolean
language plpgsql as $$
declare
    it record;
    who uuid;
    seen integer := 0;
    made integer := 0;
    why text[];
begin
    perform from user_imports i where i.tenant_id = tenant and i.id = import for update;
    for it in
        select r.*
        from user_import_rows r
        where r.tenant_id = tenant and r.import_id = import and r.code is null
        order by r.line
        limit most
    loop
        seen := seen + 1;
        why := null;
        begin
            insert into users (tenant_id, email, name, phone, kind, password_hash)
            values (tenant, it.email, it.name, it.phone, it.kind, it.password_hash)
            returning id into who;
            if it.role_key is not null then
                insert into user_roles (tenant_id, user_id, role_key)
                values (tenant, who, it.role_key);
            end if;
            made := made + 1;
        exception
            when unique_violation then
                why := array['email', 'email_taken', 'There is a user with this address already.'];
            when integrity_constraint_violation or data_exception then
                why := array['email', 'invalid_value', 'The row is not acceptable.'];
            when sqlstate 'TU000' then
                why := array['email', coalesce(substring(sqlerrm from '^\d+ (\w+):'), 'invalid_value'),
                             coalesce(substring(sqlerrm from '^\d+ \w+: (.+)$'), sqlerrm)];
        end;
        if why is null then
            delete from user_import_rows r where r.tenant_id = tenant and r.id = it.id;
        else
            update user_import_rows r
            set field = why[1], code = why[2], message = why[3], password_hash = null
            where r.tenant_id = tenant and r.id = it.id;
        end if;
    end loop;
    update user_imports i
    set handled = i.handled + seen, created = i.created + made,
        status = case when seen < most then 'done' else i.status end
    where i.tenant_id = tenant and i.id = import;
    return seen < most;
end
$$;
grant execute on function house.user_import_step(uuid, uuid, integer)
    to tulou_tenant, tulou_platform;
