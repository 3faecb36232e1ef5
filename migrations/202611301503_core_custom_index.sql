-- Where a tenant marks a field as a filter, its values stand in a table of their own, by whose
-- index they are found: one for all tenants and fields, so that nothing is created while the
-- system runs. An index on an expression of the jsonb itself is not used behind a policy (its
-- operators are not leakproof; of 100,000 records of a tenant a filter took 73 ms), while text
-- equality and float8 are, so that no function has to look past the policy (1 to 2 ms, whether a
-- value is rare or a third of all).
create table everyone.custom_values (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    field_id uuid not null default house.uuid7(),
    record_id uuid not null default house.uuid7(),
    text_value text collate "C",
    number_value double precision,
    primary key (tenant_id, field_id, record_id)
) partition by list (tenant_id);

create index custom_values_text_idx
    on everyone.custom_values (tenant_id, field_id, text_value, record_id);
create index custom_values_number_idx
    on everyone.custom_values (tenant_id, field_id, number_value, record_id)
    where number_value is not null;

call house.tenant_table('custom_values');

-- Whether all values that there are stand in it; a job says so.
alter table everyone.custom_fields add column indexed boolean not null default false;

-- The values of one record of the fields that are filters. What is longer than 200 letters is cut:
-- whoever asks compares the value itself too.
create function house.custom_index(tenant uuid, of_resource text, record uuid, custom jsonb)
returns void
language sql security definer set search_path = '' as $$
    insert into everyone.custom_values (tenant_id, field_id, record_id, text_value, number_value)
    select tenant, f.id, record,
           case when f.type not in ('number', 'money') then left(custom ->> f.key, 200) end,
           case f.type when 'number' then (custom ->> f.key)::float8
                       when 'money' then (custom #>> array[f.key, 'amount'])::float8 end
    from everyone.custom_fields f
    where f.tenant_id = tenant and f.resource = of_resource and f.filtered and custom ? f.key
    on conflict (tenant_id, field_id, record_id)
    do update set text_value = excluded.text_value, number_value = excluded.number_value
$$;
revoke execute on function house.custom_index(uuid, text, uuid, jsonb) from public;

create function house.custom_written() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op <> 'INSERT' then
        delete from everyone.custom_values v
        using everyone.custom_fields f
        where f.tenant_id = old.tenant_id and f.resource = tg_argv[0] and f.filtered
        and v.tenant_id = f.tenant_id and v.field_id = f.id and v.record_id = old.id
        and (tg_op = 'DELETE' or new.custom is null or not new.custom ? f.key);
    end if;
    if tg_op <> 'DELETE' and new.custom is not null then
        perform house.custom_index(new.tenant_id, tg_argv[0], new.id, new.custom);
    end if;
    return null;
end
$$;

-- What is no filter any more needs no values; and begins anew when it is one again.
create function house.custom_field_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    delete from everyone.custom_values v
    where v.tenant_id = old.tenant_id and v.field_id = old.id;
    return null;
end
$$;
create trigger values_gone after delete on everyone.custom_fields
    for each row when (old.filtered) execute function house.custom_field_changed();
create trigger values_changed after update on everyone.custom_fields
    for each row when (old.filtered and not new.filtered)
    execute function house.custom_field_changed();

create function house.custom_field_filtered() returns trigger
language plpgsql as $$
begin
    if not new.filtered or not old.filtered or new.type <> old.type then
        new.indexed := false;
    end if;
    return new;
end
$$;
create trigger filtered before update of filtered, type on everyone.custom_fields
    for each row execute function house.custom_field_filtered();

-- Of a new field there are no values yet.
create function house.custom_field_begins() returns trigger
language plpgsql as $$
begin
    new.indexed := new.filtered;
    return new;
end
$$;
create trigger indexed before insert on everyone.custom_fields
    for each row execute function house.custom_field_begins();

-- Which tables have custom fields.
create table house.custom_tables (
    name text primary key,
    resource text not null
);

-- For the job that fills it: the records behind `after`; the last one of them, null at the end.
create function house.custom_fill(of_resource text, name text, after uuid, most integer)
returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    last uuid;
begin
    if not exists (select from house.custom_tables t
                   where t.name = custom_fill.name and t.resource = of_resource) then
        raise exception 'no table of custom fields: %', name;
    end if;
    execute format(
        'with chosen as (
             select id, custom from everyone.%I
             where tenant_id = $1 and id > coalesce($2, ''00000000-0000-0000-0000-000000000000'')
             and custom is not null
             order by id
             limit $3
         ), filled as (
             select house.custom_index($1, $4, c.id, c.custom) from chosen c
         )
         select case when count(*) = $3 then (select max(id::text)::uuid from chosen) end
         from filled', name)
    into last using tenant, after, most, of_resource;
    return last;
end
$$;
grant execute on function house.custom_fill(text, text, uuid, integer) to tulou_tenant;

-- Beside house.has_custom(table): whose name in the model it is.
create procedure house.custom_filters(name text, resource text)
language plpgsql as $$
begin
    insert into house.custom_tables values (name, resource);
    execute format('create trigger custom_made after insert on everyone.%I for each row
                    when (new.custom is not null)
                    execute function house.custom_written(%L)', name, resource);
    execute format('create trigger custom_changed after update of custom on everyone.%I for each row
                    when (old.custom is distinct from new.custom)
                    execute function house.custom_written(%L)', name, resource);
    execute format('create trigger custom_gone after delete on everyone.%I for each row
                    when (old.custom is not null)
                    execute function house.custom_written(%L)', name, resource);
end
$$;

do $$
declare
    it text;
begin
    foreach it in array '{leads,contacts,companies,deals}'::text[] loop
        call house.custom_filters(it, 'crm.' || it);
    end loop;
end
$$;
