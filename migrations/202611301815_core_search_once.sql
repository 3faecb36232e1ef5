-- A list that is searched asks twice: how many there are, and which come first. Of rare words both
-- took as long, since the index of words has to be read through either way. What the count found
-- is remembered for its transaction where it is few; the page takes it from there.
create or replace procedure house.search_function(name text)
language plpgsql as $$
declare
    owned boolean := exists (select from pg_attribute a
                             where a.attrelid = format('everyone.%I', name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped);
    form text := 'create or replace function house.%I(query text, owners uuid[] default null,
                                           sorted_by text default ''id'',
                                           descending boolean default true,
                                           most integer default 10001)
                  returns setof uuid
                  language plpgsql stable rows 1000 security definer
                  set search_path = '''' set enable_seqscan = off set enable_bitmapscan = on as
                  $f$declare
                      direction constant text := case when descending then ''desc'' else ''asc'' end;
                      words constant text := coalesce(
                          (select string_agg(format(''search_text like %%L'', p), '' and '')
                           from unnest(house.search_patterns(query)) p), ''true'');
                      tenant constant text := %L %s;
                      rows constant text := ''from everyone.%I where '' || words || tenant;
                      most_rows constant text := format('' limit %%s'', most);
                      ordered constant text :=
                          case when sorted_by is null then ''''
                               else format('' order by %%I %%s, id %%2$s'', sorted_by, direction) end;
                      often integer := 0;
                      key constant text := md5(format(''%%L %%L %%L %%L'', %L, tenant, query, owners));
                      found uuid[];
                  begin
                      if tenant <> '''' and sorted_by is not null
                          and starts_with(current_setting(''app.found'', true), key) then
                          return query execute ''select id from everyone.%I where id = any ($1)''
                              || tenant || ordered || most_rows
                          using substr(current_setting(''app.found''), length(key) + 1)::uuid[];
                          return;
                      end if;
                      if owners is null and sorted_by is null and tenant <> '''' then
                          execute ''select count(*) from (select search_text from everyone.%I where true''
                              || tenant || '' order by id desc limit 400) newest where '' || words
                          into often;
                          if often > 200 then
                              perform set_config(''enable_bitmapscan'', ''off'', true);
                          end if;
                      end if;
                      if sorted_by is null and (owners is null or %L or cardinality(owners) > 8) then
                          execute ''select array(select id '' || rows
                              || case when owners is null then '''' else ''%s'' end
                              || most_rows || '')''
                          into found using owners;
                          if cardinality(found) <= 500 then
                              perform set_config(''app.found'', key || found::text, true);
                          end if;
                          return query select unnest(found);
                      elsif owners is null or %L or cardinality(owners) > 8 then
                          return query execute ''select id '' || rows
                              || case when owners is null then '''' else ''%s'' end
                              || ordered || most_rows
                          using owners;
                      else
                          return query execute format(
                              ''select found.id
                                from (select distinct unnest($1) as owner) o
                                cross join lateral (select id, %%I as place '',
                              coalesce(sorted_by, ''id''))
                              || rows || '' and owner_id = o.owner'' || ordered || most_rows
                              || '') found''
                              || case when sorted_by is null then ''''
                                      else format('' order by found.place %%s, found.id %%1$s'',
                                                  direction) end
                              || most_rows
                          using owners;
                      end if;
                  end$f$';
    owner_is text := case when owned then ' and owner_id = any ($1)' else '' end;
begin
    execute format(form, 'search_' || name, ' and tenant_id = ',
                   '|| quote_literal(current_setting(''app.tenant_id'')::uuid)', name, name,
                   name, name, not owned, owner_is,
                   not owned, owner_is);
    execute format(form, 'search_every_' || name, '', '', name, name, name, name, not owned,
                   owner_is, not owned, owner_is);
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
              where to_regprocedure(format('house.search_%s(text, uuid[], text, boolean, integer)',
                                           t.name)) is not null loop
        call house.search_function(it.name);
    end loop;
end
$$;
