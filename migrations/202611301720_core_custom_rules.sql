-- What a field of a tenant's own may ask of its values, whether searches look through it, and who
-- may see and change it. Words are those of each record that may be searched for: the texts of
-- fields that are searched, shown, and for everybody to see. They stand in a column beside the
-- values, since what a generated column is made of cannot ask for definitions.
alter table everyone.custom_fields
    add column searched boolean not null default true,
    add column is_unique boolean not null default false,
    add column minimum text check (length(minimum) <= 30),
    add column maximum text check (length(maximum) <= 30),
    add column seen_with text check (length(seen_with) <= 100),
    add column changed_with text check (length(changed_with) <= 100);

create function house.custom_words_of(tenant uuid, of_resource text, custom jsonb) returns text
language sql stable security definer set search_path = '' as $$
    select string_agg(concat_ws(' ', custom ->> f.key, c.label), ' ' order by f.position, f.id)
    from everyone.custom_fields f
    left join everyone.custom_choices c
        on c.tenant_id = f.tenant_id and c.field_id = f.id and c.value = custom ->> f.key
    where f.tenant_id = tenant and f.resource = of_resource
    and f.searched and not f.archived and f.seen_with is null
    and f.type in ('text', 'choice', 'email', 'url') and custom ? f.key
$$;
revoke execute on function house.custom_words_of(uuid, text, jsonb) from public;

-- Who writes values reads the definitions, and who changes those waits until all of them are
-- done: no value is written by a definition that is no longer there.
create function house.custom_lock(tenant uuid, of_resource text, shared boolean) returns void
language plpgsql as $$
declare
    place constant bigint := hashtextextended(tenant || of_resource, 7309);
begin
    if shared then
        perform pg_advisory_xact_lock_shared(place);
    else
        perform pg_advisory_xact_lock(place);
    end if;
end
$$;
revoke execute on function house.custom_lock(uuid, text, boolean) from public;

create function house.custom_worded() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if new.custom is null then
        new.custom_words := null;
    else
        perform house.custom_lock(new.tenant_id, tg_argv[0], true);
        new.custom_words := house.custom_words_of(new.tenant_id, tg_argv[0], new.custom);
    end if;
    return new;
end
$$;

-- ---- values that no two records have ----

alter table everyone.custom_values add column unique_value text collate "C";
create unique index custom_values_unique_value_key
    on everyone.custom_values (tenant_id, field_id, unique_value);
-- For lists in the order of language.
create index custom_values_sorted_idx
    on everyone.custom_values (tenant_id, field_id, text_value collate "und-x-icu", record_id);

-- As it is compared: numbers by their value, and what is long by its digest.
create function house.custom_compared(type text, value jsonb) returns text
language sql immutable
return (select case when length(it) <= 200 then it
                    else left(it, 100) || encode(sha256(convert_to(it, 'UTF8')), 'hex') end
        from (select case type when 'number' then trim_scale((value #>> '{}')::numeric)::text
                               else value #>> '{}' end) v (it));

create or replace function house.custom_index(tenant uuid, of_resource text, record uuid,
                                              custom jsonb)
returns void
language sql security definer set search_path = '' as $$
    insert into everyone.custom_values as v (tenant_id, field_id, record_id, text_value,
                                             number_value, unique_value)
    select tenant, f.id, record,
           case when f.type not in ('number', 'money') then left(custom ->> f.key, 200) end,
           case f.type when 'number' then (custom ->> f.key)::float8
                       when 'money' then (custom #>> array[f.key, 'amount'])::float8 end,
           case when f.is_unique then house.custom_compared(f.type, custom -> f.key) end
    from everyone.custom_fields f
    where f.tenant_id = tenant and f.resource = of_resource and (f.filtered or f.is_unique)
    and custom ? f.key
    on conflict (tenant_id, field_id, record_id)
    do update set text_value = excluded.text_value, number_value = excluded.number_value,
                  unique_value = excluded.unique_value
        where (v.text_value, v.number_value, v.unique_value)
            is distinct from (excluded.text_value, excluded.number_value, excluded.unique_value)
$$;

-- Of which field another record has the value.
create function house.custom_twin(tenant uuid, of_resource text, record uuid, custom jsonb)
returns text
language sql stable security definer set search_path = '' as $$
    select 'custom.' || f.key
    from everyone.custom_fields f
    join everyone.custom_values v
        on v.tenant_id = f.tenant_id and v.field_id = f.id and v.record_id <> record
        and v.unique_value = house.custom_compared(f.type, custom -> f.key)
    where f.tenant_id = tenant and f.resource = of_resource and f.is_unique
    limit 1
$$;
revoke execute on function house.custom_twin(uuid, text, uuid, jsonb) from public;

create or replace function house.custom_written() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op <> 'INSERT' then
        delete from everyone.custom_values v
        using everyone.custom_fields f
        where f.tenant_id = old.tenant_id and f.resource = tg_argv[0]
        and (f.filtered or f.is_unique)
        and v.tenant_id = f.tenant_id and v.field_id = f.id and v.record_id = old.id
        and (tg_op = 'DELETE' or new.custom is null or not new.custom ? f.key);
    end if;
    if tg_op = 'DELETE' or new.custom is null then
        return null;
    end if;
    if exists (select from everyone.custom_fields f
               where f.tenant_id = new.tenant_id and f.resource = tg_argv[0] and f.is_unique) then
        begin
            perform house.custom_index(new.tenant_id, tg_argv[0], new.id, new.custom);
        exception when unique_violation then
            raise exception using errcode = 'TU000',
                message = '409 custom_value_taken: Another record has this value already.',
                column = house.custom_twin(new.tenant_id, tg_argv[0], new.id, new.custom);
        end;
    else
        perform house.custom_index(new.tenant_id, tg_argv[0], new.id, new.custom);
    end if;
    return null;
end
$$;

-- ---- definitions that change ----

create function house.custom_field_locks() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.custom_lock(old.tenant_id, old.resource, false);
    return coalesce(new, old);
end
$$;
create trigger a_lock before update or delete on everyone.custom_fields
    for each row execute function house.custom_field_locks();

create or replace function house.custom_field_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    name text;
begin
    if tg_op = 'DELETE' or not (new.filtered or new.is_unique) then
        delete from everyone.custom_values v
        where v.tenant_id = old.tenant_id and v.field_id = old.id;
    elsif old.is_unique and not new.is_unique then
        update everyone.custom_values v set unique_value = null
        where v.tenant_id = old.tenant_id and v.field_id = old.id;
    elsif new.is_unique and not old.is_unique then
        select t.name into name from house.custom_tables t where t.resource = new.resource;
        execute format('select count(*)
                        from (select house.custom_index($1, $2, r.id, r.custom)
                              from everyone.%I r
                              where r.tenant_id = $1 and r.custom ? $3 offset 0) it', name)
        using new.tenant_id, new.resource, new.key;
    end if;
    return null;
exception when unique_violation then
    raise exception '409 custom_values_repeat: Records have the same value in it: first let them differ.'
        using errcode = 'TU000', column = 'isUnique';
end
$$;
drop trigger values_gone on everyone.custom_fields;
drop trigger values_changed on everyone.custom_fields;
create trigger values_gone after delete on everyone.custom_fields
    for each row when (old.filtered or old.is_unique)
    execute function house.custom_field_changed();
create trigger values_changed after update on everyone.custom_fields
    for each row when ((old.filtered, old.is_unique) is distinct from (new.filtered, new.is_unique))
    execute function house.custom_field_changed();

-- ---- the tables ----

alter table house.custom_tables add column event text;
update house.custom_tables set event = case name when 'companies' then 'company'
                                                 else left(name, -1) end;
grant select on house.custom_tables to tulou_platform;

-- For the job that writes the words anew; as house.custom_fill. What it writes is no change of the
-- record.
create function house.custom_fill_words(of_resource text, name text, after uuid, most integer)
returns uuid
language plpgsql security definer set search_path = '' as $$
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    last uuid;
begin
    if not exists (select from house.custom_tables t
                   where t.name = custom_fill_words.name and t.resource = of_resource) then
        raise exception 'no table of custom fields: %', name;
    end if;
    execute format(
        'with chosen as (
             select id, house.custom_words_of($1, $4, custom) as words from everyone.%1$I
             where tenant_id = $1 and id > coalesce($2, ''00000000-0000-0000-0000-000000000000'')
             and custom is not null
             order by id
             limit $3
         ), filled as (
             update everyone.%1$I r set custom_words = c.words
             from chosen c
             where r.tenant_id = $1 and r.id = c.id and r.custom_words is distinct from c.words
         )
         select case when count(*) = $3 then (select max(id::text)::uuid from chosen) end
         from chosen', name)
    into last using tenant, after, most, of_resource;
    return last;
end
$$;
grant execute on function house.custom_fill_words(text, text, uuid, integer) to tulou_tenant;

-- The words are no part of what an event says of a row.
create or replace function house.event_row(side text, shown jsonb) returns jsonb
language sql stable
return jsonb_build_object(side, jsonb_strip_nulls(
    shown - '{tenant_id,created_at,updated_at,search_text,custom_words}'::text[]));

create or replace function house.event_difference(before jsonb, after jsonb, arguments text[])
returns jsonb
language sql stable
return (
    select jsonb_build_object(
               'before', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                      else b.value end),
               'after', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                     else after -> b.key end))
    from jsonb_each(before - '{updated_at,search_text,custom_words,last_login_at,last_used_at,version}'::text[]) b
    where b.value is distinct from after -> b.key
    having count(*) > 0);

-- Of a change those of the tenant's own fields that are among the keys, and that it changed.
create function house.event_custom(changes jsonb, keys text[]) returns jsonb
language sql stable
return (
    select changes || coalesce(jsonb_object_agg(side.name, side.row - 'custom'
               || case when side.custom is null then '{}'
                       else jsonb_build_object('custom', side.custom) end), '{}')
    from (select s.name, changes -> s.name as row,
                 (select jsonb_object_agg(e.key, e.value)
                  from jsonb_each(case when jsonb_typeof(changes #> array[s.name, 'custom']) = 'object'
                                       then changes #> array[s.name, 'custom'] else '{}' end) e
                  where e.key = any (keys)
                  and e.value is distinct from changes #> array[s.other, 'custom', e.key]) as custom
          from (values ('before', 'after'), ('after', 'before')) s (name, other)
          where changes -> s.name ? 'custom') side);
grant execute on function house.event_custom(jsonb, text[]) to tulou_tenant, tulou_platform;

create or replace procedure house.has_custom(name text)
language plpgsql as $$
begin
    execute format('alter table everyone.%I add column custom_words text,
                    add column custom jsonb
                    constraint %I check (jsonb_typeof(custom) = ''object''
                                         and octet_length(custom::text) <= 262144)',
                   name, name || '_custom_check');
    call house.custom_searched(name);
end
$$;

create or replace function house.search_expression(columns text[]) returns text
language sql immutable
return (select format('house.search_words(array[%s])',
                      string_agg(format('%I::text', c), ', '))
        from unnest(columns) c);

-- Searches look through the words too.
create procedure house.custom_searched(name text)
language plpgsql as $$
declare
    columns text[] := house.searched_columns(format('everyone.%I', name)::regclass);
    place text;
begin
    if columns is null then
        return;
    end if;
    execute format('alter table everyone.%I drop column search_text', name);
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (%s) stored', name,
                   house.search_expression(array_append(array_remove(columns, 'custom'),
                                                        'custom_words')));
    call house.search_index(name);
    call house.align_names('shared', name);
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, name);
    end loop;
end
$$;

-- The words before the row is written, and before it is said that it changed.
create procedure house.custom_triggers(name text, resource text)
language plpgsql as $$
begin
    execute format('create trigger a_words_made before insert on everyone.%I for each row
                    when (new.custom is not null)
                    execute function house.custom_worded(%L)', name, resource);
    execute format('create trigger a_words_changed before update of custom on everyone.%I
                    for each row when (old.custom is distinct from new.custom)
                    execute function house.custom_worded(%L)', name, resource);
    execute format('drop trigger if exists touch on everyone.%I', name);
    execute format('create trigger touch before update on everyone.%I for each row
                    when (old.custom_words is not distinct from new.custom_words
                          or old.custom is distinct from new.custom)
                    execute function house.touch()', name);
end
$$;

-- Beside house.has_custom(table): whose name in the model it is, and in events.
drop procedure house.custom_filters(text, text);
create procedure house.custom_filters(name text, resource text, event text)
language plpgsql as $$
begin
    insert into house.custom_tables values (name, resource, event);
    call house.custom_triggers(name, resource);
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
    it record;
begin
    for it in select t.name, t.resource from house.custom_tables t loop
        execute format('alter table everyone.%I add column custom_words text', it.name);
        call house.custom_triggers(it.name, it.resource);
        execute format('update everyone.%I r
                        set custom_words = house.custom_words_of(r.tenant_id, %L, r.custom)
                        where r.custom is not null', it.name, it.resource);
        call house.custom_searched(it.name);
    end loop;
end
$$;
drop function house.custom_words(jsonb);
