-- Files that tenants store with us: attachments of records, and files that are a field
-- of one. The content is in the storage (lib/file/store.h) under the id; its row here
-- says what it is, whose it is and who put it there.

-- Contents that no row of `files` speaks for, and when they may go: of an upload until
-- its row is there, of a deleted file from then on. A job removes them, so none is left
-- behind, whatever ends in between. No tenant's table: it outlives the tenant.
create table house.file_leavings (
    tenant_id uuid not null,
    id uuid not null,
    store text not null check (store in ('local', 's3')),
    due_at timestamptz not null,
    primary key (tenant_id, id)
);
create index on house.file_leavings (due_at);

create table everyone.files (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null check (length(resource) between 1 and 63),
    record_id uuid not null,
    field text check (length(field) between 1 and 63),
    name text not null check (length(name) between 1 and 200),
    type text not null check (length(type) between 3 and 100),
    bytes bigint not null check (bytes > 0),
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    width integer check (width > 0),
    height integer check (height > 0),
    store text not null check (store in ('local', 's3')),
    created_by uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint files_created_by_fkey foreign key (tenant_id, created_by)
        references everyone.users (tenant_id, id) on delete set null (created_by)
) partition by list (tenant_id);
create index files_record_idx on everyone.files (tenant_id, resource, record_id, id);
create index files_created_by_idx on everyone.files (tenant_id, created_by, id);
-- A field holds one file.
create unique index files_field_key on everyone.files (tenant_id, resource, record_id, field);
call house.tenant_table('files', event => 'files');

-- Announces a content that is about to be stored for the tenant that is set, before it
-- is: refused at once where the plan's storage is certainly used up. It has an hour to
-- become a file.
create function house.file_claim(file uuid, storage text, size bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    q everyone.tenant_quotas;
begin
    select * into q from everyone.tenant_quotas
    where tenant_id = tenant and key = 'storage_bytes';
    if q.used + size > q.most then
        raise exception
            '403 quota_exceeded: The plan allows % bytes of files, of which % are used; this one has %.',
            q.most, q.used, size using errcode = 'TU000';
    end if;
    insert into house.file_leavings values (tenant, file, storage, now() + interval '1 hour');
end
$$;
grant execute on function house.file_claim(uuid, text, bigint) to tulou_tenant, tulou_platform;

-- Counts what is stored, exactly: the quota's row is locked until the end.
create function house.file_kept() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op = 'DELETE' then
        insert into house.file_leavings values (old.tenant_id, old.id, old.store, now())
        on conflict (tenant_id, id) do update set due_at = now();
        perform house.quota_take(old.tenant_id, 'storage_bytes', -old.bytes);
        return null;
    end if;
    delete from house.file_leavings l
    where l.tenant_id = new.tenant_id and l.id = new.id and l.due_at > now();
    if not found then
        raise exception '409 file_gone: This upload took too long; send the file again.'
            using errcode = 'TU000';
    end if;
    perform house.quota_take(new.tenant_id, 'storage_bytes', new.bytes);
    return null;
end
$$;
create trigger kept after insert or delete on everyone.files
    for each row execute function house.file_kept();

-- What a file is never changes: another content is another file.
create function house.file_guard() returns trigger
language plpgsql as $$
begin
    if (new.tenant_id, new.id, new.bytes, new.sha256, new.type, new.store)
        is distinct from (old.tenant_id, old.id, old.bytes, old.sha256, old.type, old.store) then
        raise exception 'a file keeps its content' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger guard before update on everyone.files
    for each row execute function house.file_guard();

-- A record takes its files along. For each table whose records have any:
--     call house.has_files('leads');
create function house.files_of_deleted() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    delete from everyone.files f
    where f.tenant_id = old.tenant_id and f.resource = tg_argv[0] and f.record_id = old.id;
    return null;
end
$$;
create procedure house.has_files(name text)
language plpgsql as $$
begin
    execute format('create trigger files after delete on everyone.%I
                    for each row execute function house.files_of_deleted(%L)', name, name);
end
$$;
call house.has_files('leads');

-- For the job: what may go, oldest first, and that it went.
create function house.file_leavings_due() returns setof house.file_leavings
language sql stable security definer set search_path = ''
as $$
    select l.* from house.file_leavings l where l.due_at <= now() order by l.due_at limit 500
$$;
create function house.file_left(tenant uuid, file uuid) returns void
language sql security definer set search_path = ''
as $$delete from house.file_leavings l where l.tenant_id = tenant and l.id = file and l.due_at <= now()$$;
revoke execute on function house.file_leavings_due(), house.file_left(uuid, uuid) from public;
grant execute on function house.file_leavings_due(), house.file_left(uuid, uuid) to tulou_platform;
