-- A search that nothing narrows but its words gives the first of them in the list's order
-- at once, instead of all that it finds to be sorted: `most` of them by a column. Who counts
-- wants no order (null). The tenant
-- stands in the statement as a value, so that it is not asked for with each row.
create or replace procedure house.search_function(name text)
language plpgsql as $$
declare
    owned boolean := exists (select from pg_attribute a
                             where a.attrelid = format('everyone.%I', name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped);
    form text := 'create function house.%I(query text, owners uuid[] default null,
                                           sorted_by text default ''id'',
                                           descending boolean default true,
                                           most integer default 10001)
                  returns setof uuid
                  language plpgsql stable rows 1000 security definer set search_path = '''' as
                  $f$declare
                      direction constant text := case when descending then ''desc'' else ''asc'' end;
                      words constant text := coalesce(
                          (select string_agg(format(''search_text like %%L'', p), '' and '')
                           from unnest(house.search_patterns(query)) p), ''true'');
                  begin
                      return query execute
                          ''select id from everyone.%I where '' || words %s
                          || case when owners is null then '''' else ''%s'' end
                          || case when sorted_by is null then ''''
                                  else format('' order by %%I %%s, id %%s'', sorted_by, direction,
                                              direction) end
                          || format('' limit %%s'', most)
                      using owners;
                  end$f$';
    owner_is text := case when owned then ' and owner_id = any ($1)' else '' end;
begin
    execute format('drop function if exists house.%I(text, uuid[]), house.%I(text, uuid[])',
                   'search_' || name, 'search_every_' || name);
    execute format(form, 'search_' || name, name,
                   '|| format('' and tenant_id = %L'', current_setting(''app.tenant_id'')::uuid)',
                   owner_is);
    execute format(form, 'search_every_' || name, name, '', owner_is);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_tenant, tulou_platform', 'search_' || name);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_platform', 'search_every_' || name);
end
$$;

do $$
declare
    it record;
begin
    for it in select t.name from house.tenant_tables t
              where to_regprocedure(format('house.search_%s(text, uuid[])', t.name)) is not null loop
        call house.search_function(it.name);
    end loop;
end
$$;
