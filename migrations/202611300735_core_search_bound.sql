-- A search ends at a bound: it gives the newest 10,000 records that have the words
-- (COUNT_MOST of lib/resource), for who finds that many looks for something else.
create or replace procedure house.search_function(name text)
language plpgsql as $$
declare
    form text := 'create or replace function house.%I(query text) returns setof uuid
                  language plpgsql stable rows 100 security definer set search_path = '''' as
                  $f$begin
                      return query select id from everyone.%I
                          where %s search_text like house.like_pattern(query)
                          order by id desc
                          limit 10000;
                  end$f$';
begin
    execute format(form, 'search_' || name, name,
                   'tenant_id = current_setting(''app.tenant_id'')::uuid and');
    execute format(form, 'search_every_' || name, name, '');
end
$$;

create or replace procedure house.make_search(name text, columns text[])
language plpgsql as $$
declare
    words text := (select string_agg(format('coalesce(%I::text, '''')', c), ' || '' '' || ')
                   from unnest(columns) c);
begin
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (lower(%s)) stored', name, words);
    execute format('create index %I on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)',
                   name || '_search_idx', name);
    call house.search_function(name);
    execute format('grant execute on function house.%I(text) to tulou_tenant, tulou_platform',
                   'search_' || name);
    execute format('grant execute on function house.%I(text) to tulou_platform',
                   'search_every_' || name);
end
$$;

do $$
declare
    it record;
begin
    for it in select t.name from house.tenant_tables t
              where to_regprocedure(format('house.search_%s(text)', t.name)) is not null loop
        call house.search_function(it.name);
    end loop;
end
$$;
