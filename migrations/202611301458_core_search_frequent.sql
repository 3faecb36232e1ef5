-- A word that most records have is counted by walking through the newest until there are as many
-- as a count tells, instead of gathering all that have it; whether it is such a word the newest
-- four hundred say. And a search reads no table from its beginning: PostgreSQL takes that for
-- cheap where it needs ten thousand of a million, and reads all other tenants' rows before them.
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
                  begin
                      if owners is null and sorted_by is null and tenant <> '''' then
                          execute ''select count(*) from (select search_text from everyone.%I where true''
                              || tenant || '' order by id desc limit 400) newest where '' || words
                          into often;
                          if often > 200 then
                              perform set_config(''enable_bitmapscan'', ''off'', true);
                          end if;
                      end if;
                      if owners is null or %L or cardinality(owners) > 8 then
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
                   not owned, owner_is);
    execute format(form, 'search_every_' || name, '', '', name, name, not owned, owner_is);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_tenant, tulou_platform', 'search_' || name);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_platform', 'search_every_' || name);
end
$$;

-- What made a table's words anew meanwhile may have left the owner out of their index.
do $$
declare
    it record;
    place text;
begin
    for it in select t.name,
                     exists (select from pg_attribute a
                             join pg_class i on i.oid = format('everyone.%I', t.name || '_search_idx')::regclass
                             where a.attrelid = format('everyone.%I', t.name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped
                             and pg_get_indexdef(i.oid) not like '%owner_id%') as lacks_owner
              from house.tenant_tables t
              where to_regprocedure(format('house.search_%s(text, uuid[], text, boolean, integer)',
                                           t.name)) is not null loop
        call house.search_function(it.name);
        continue when not it.lacks_owner;
        execute format('drop index everyone.%I', it.name || '_search_idx');
        call house.search_index(it.name);
        call house.align_names('shared', it.name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, it.name);
        end loop;
    end loop;
end
$$;
