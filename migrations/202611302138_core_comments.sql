-- What people write about a record, for each other.
create table everyone.comments (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null check (length(resource) <= 100), -- the table of the record
    record_id uuid not null,
    text text not null check (length(text) between 1 and 10000),
    created_by_id uuid,
    edited_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint comments_created_by_id_fkey foreign key (tenant_id, created_by_id)
        references everyone.users (tenant_id, id) on delete set null (created_by_id)
) partition by list (tenant_id);

create index comments_created_idx on everyone.comments (tenant_id, created_at, id);
create index comments_record_idx on everyone.comments (tenant_id, resource, record_id, id);
create index comments_created_by_idx on everyone.comments (tenant_id, created_by_id);

-- The log says that somebody wrote, and not what: it is read by those who see the record.
call house.tenant_table('comments', event => 'comment', secret => '{text}');

-- A row is a user whom a comment names, and who was told so.
create table everyone.comment_mentions (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    comment_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint comment_mentions_user_key unique (tenant_id, comment_id, user_id),
    constraint comment_mentions_comment_id_fkey foreign key (tenant_id, comment_id)
        references everyone.comments (tenant_id, id) on delete cascade,
    constraint comment_mentions_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);

create index comment_mentions_user_idx on everyone.comment_mentions (tenant_id, user_id);

call house.tenant_table('comment_mentions');

-- A record takes its comments along. For each table whose records have any:
--     call house.has_comments('leads');
create function house.comments_of_deleted() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    delete from everyone.comments c
    where c.tenant_id = old.tenant_id and c.resource = tg_argv[0] and c.record_id = old.id;
    return null;
end
$$;
create procedure house.has_comments(name text)
language plpgsql as $$
begin
    execute format('create trigger comments after delete on everyone.%I
                    for each row execute function house.comments_of_deleted(%L)', name, name);
end
$$;
call house.has_comments('leads');
call house.has_comments('contacts');
call house.has_comments('companies');
call house.has_comments('deals');
call house.has_comments('activities');
