-- A function of SQL that cannot be put into the statement that calls it is read and planned anew by
-- each call: of a record with the tenant's own fields two of them took more than a third of all
-- that its create cost. PL/pgSQL keeps its plans. They are called by triggers of the owner's
-- rights alone, which have set the path already. And values are only looked for that some field
-- keeps.
create or replace function house.custom_words_of(tenant uuid, of_resource text, custom jsonb)
returns text
language plpgsql stable as $$
begin
    return (
        select string_agg(concat_ws(' ', custom ->> f.key, c.label), ' ' order by f.position, f.id)
        from everyone.custom_fields f
        left join everyone.custom_choices c
            on c.tenant_id = f.tenant_id and c.field_id = f.id and c.value = custom ->> f.key
        where f.tenant_id = tenant and f.resource = of_resource
        and f.searched and not f.archived and f.seen_with is null
        and f.type in ('text', 'choice', 'email', 'url') and custom ? f.key);
end
$$;
alter function house.custom_words_of(uuid, text, jsonb) security invoker reset all;

create or replace function house.custom_index(tenant uuid, of_resource text, record uuid,
                                              custom jsonb)
returns void
language plpgsql as $$
begin
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
            is distinct from (excluded.text_value, excluded.number_value, excluded.unique_value);
end
$$;
alter function house.custom_index(uuid, text, uuid, jsonb) security invoker reset all;
create or replace function house.custom_written() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
    asks_unique boolean; -- null: none of the tenant's fields stands in the table of values
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
    asks_unique := (select bool_or(f.is_unique) from everyone.custom_fields f
                    where f.tenant_id = new.tenant_id and f.resource = tg_argv[0]
                    and (f.filtered or f.is_unique));
    if asks_unique then
        begin
            perform house.custom_index(new.tenant_id, tg_argv[0], new.id, new.custom);
        exception when unique_violation then
            raise exception using errcode = 'TU000',
                message = '409 custom_value_taken: Another record has this value already.',
                column = house.custom_twin(new.tenant_id, tg_argv[0], new.id, new.custom);
        end;
    elsif not asks_unique then
        perform house.custom_index(new.tenant_id, tg_argv[0], new.id, new.custom);
    end if;
    return null;
end
$$;
