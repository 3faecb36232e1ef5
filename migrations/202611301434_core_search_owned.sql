-- Who sees their own records, or their team's, searched by reading all of these: PostgreSQL does
-- not take two indexes together that both begin with the tenant. So the index of words knows the
-- owner as well, and of a few owners each is asked for by itself: their newest are walked where
-- words are frequent, and found by the words where they are not.
create or replace procedure house.search_index(name text)
language plpgsql as $$
declare
    owned boolean := exists (select from pg_attribute a
                             where a.attrelid = format('everyone.%I', name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped);
begin
    execute format('create index %I on everyone.%I using gin (tenant_id, %s search_text gin_trgm_ops)',
                   name || '_search_idx', name, case when owned then 'owner_id,' else '' end);
end
$$;

create or replace procedure house.make_search(name text, columns text[])
language plpgsql as $$
begin
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (%s) stored', name, house.search_expression(columns));
    call house.search_index(name);
    call house.search_function(name);
end
$$;

-- As before, but for whose records are asked for.
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
                  language plpgsql stable rows 1000 security definer set search_path = '''' as
                  $f$declare
                      direction constant text := case when descending then ''desc'' else ''asc'' end;
                      words constant text := coalesce(
                          (select string_agg(format(''search_text like %%L'', p), '' and '')
                           from unnest(house.search_patterns(query)) p), ''true'');
                      rows constant text := ''from everyone.%I where '' || words %s;
                      most_rows constant text := format('' limit %%s'', most);
                      ordered constant text :=
                          case when sorted_by is null then ''''
                               else format('' order by %%I %%s, id %%2$s'', sorted_by, direction) end;
                  begin
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
    execute format(form, 'search_' || name, name,
                   '|| format('' and tenant_id = %L'', current_setting(''app.tenant_id'')::uuid)',
                   not owned, owner_is);
    execute format(form, 'search_every_' || name, name, '', not owned, owner_is);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_tenant, tulou_platform', 'search_' || name);
    execute format('grant execute on function house.%I(text, uuid[], text, boolean, integer)
                    to tulou_platform', 'search_every_' || name);
end
$$;

do $$
declare
    it record;
    place text;
begin
    for it in select t.name,
                     exists (select from pg_attribute a
                             where a.attrelid = format('everyone.%I', t.name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped) as owned
              from house.tenant_tables t
              where to_regprocedure(format('house.search_%s(text, uuid[], text, boolean, integer)',
                                           t.name)) is not null loop
        call house.search_function(it.name);
        continue when not it.owned;
        execute format('drop index everyone.%I', it.name || '_search_idx');
        call house.search_index(it.name);
        call house.align_names('shared', it.name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, it.name);
        end loop;
    end loop;
end
$$;
