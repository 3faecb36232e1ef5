-- Fields that a tenant adds to a resource. What a definition says is said in
-- lib/resource/custom.h; the values stand in one column of the resource's own table, which
-- is null where a record has none.
create table everyone.custom_fields (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null check (length(resource) <= 100),
    key text not null check (key ~ '^[a-z][a-zA-Z0-9_]{0,39}$'),
    label text not null check (length(label) <= 100),
    type text not null check (type in ('text', 'number', 'money', 'date', 'choice', 'reference',
                                       'boolean', 'email', 'url')),
    refers_to text check (length(refers_to) <= 100),
    required boolean not null default false,
    listed boolean not null default false,
    filtered boolean not null default false,
    archived boolean not null default false,
    default_value text check (length(default_value) <= 1000),
    help text check (length(help) <= 300),
    position integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint custom_fields_key_key unique (tenant_id, resource, key)
) partition by list (tenant_id);

create index custom_fields_created_idx on everyone.custom_fields (tenant_id, created_at, id);
create index custom_fields_label_idx
    on everyone.custom_fields (tenant_id, label collate "und-x-icu", id);
create index custom_fields_position_idx on everyone.custom_fields (tenant_id, position, id);

call house.tenant_table('custom_fields', event => 'custom_field', search => '{key,label}');

-- What a field of choices offers, in order: the values stay what they are, the labels may change.
create table everyone.custom_choices (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    field_id uuid not null,
    position bigint not null,
    value text not null check (length(value) <= 100),
    label text check (length(label) <= 100),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint custom_choices_field_id_fkey foreign key (tenant_id, field_id)
        references everyone.custom_fields (tenant_id, id) on delete cascade
) partition by list (tenant_id);

create index custom_choices_field_idx on everyone.custom_choices (tenant_id, field_id, position);

call house.tenant_table('custom_choices');

-- Keys whose definition is gone and whose values are still to be taken away: until then
-- nobody is shown them, and no new definition has the key.
create table everyone.custom_removals (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    resource text not null,
    key text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint custom_removals_key_key unique (tenant_id, resource, key)
) partition by list (tenant_id);

call house.tenant_table('custom_removals');

-- A resource has at most 500; those who add at the same time wait for each other.
create function house.custom_fields_bounded() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.tenant_id || new.resource, 7308));
    if (select count(*) from everyone.custom_fields f
        where f.tenant_id = new.tenant_id and f.resource = new.resource) >= 500 then
        raise exception '422 too_many_custom_fields: It has 500 fields already, as many as there can be.'
            using errcode = 'TU000';
    end if;
    if exists (select from everyone.custom_removals r
               where r.tenant_id = new.tenant_id and r.resource = new.resource
               and r.key = new.key) then
        raise exception '409 custom_field_leaving: The values of a deleted field of this key are still being removed.'
            using errcode = 'TU000';
    end if;
    return new;
end
$$;
create trigger bounded before insert on everyone.custom_fields
    for each row execute function house.custom_fields_bounded();

-- What a search looks through: texts, and no ids.
create function house.custom_words(custom jsonb) returns text
language sql immutable parallel safe
return (select string_agg(v.value #>> '{}', ' ')
        from jsonb_each(custom) v
        where jsonb_typeof(v.value) = 'string'
        and v.value #>> '{}' !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$');
grant execute on function house.custom_words(jsonb) to tulou_tenant, tulou_platform;

-- A column of the name custom is such an object.
create or replace function house.search_expression(columns text[]) returns text
language sql immutable
return (select format('house.search_words(array[%s])',
                      string_agg(case when c = 'custom' then 'house.custom_words(custom)'
                                      else format('%I::text', c) end, ', '))
        from unnest(columns) c);

-- The records of a table may have custom fields.
create procedure house.has_custom(name text)
language plpgsql as $$
declare
    columns text[] := house.searched_columns(format('everyone.%I', name)::regclass);
    place text;
begin
    execute format('alter table everyone.%I add column custom jsonb
                    constraint %I check (jsonb_typeof(custom) = ''object''
                                         and octet_length(custom::text) <= 262144)',
                   name, name || '_custom_check');
    if columns is null then
        return;
    end if;
    execute format('alter table everyone.%I drop column search_text', name);
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (%s) stored', name,
                   house.search_expression(array_append(columns, 'custom')));
    execute format('create index %I on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)',
                   name || '_search_idx', name);
    call house.align_names('shared', name);
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, name);
    end loop;
end
$$;

do $$
declare
    it text;
begin
    foreach it in array '{leads,contacts,companies,deals}'::text[] loop
        call house.has_custom(it);
    end loop;
end
$$;
