-- A search finds the records that have each of its words, in any order.
--
-- A word of three letters and more may stand anywhere in another: trigrams find it. A
-- shorter one must begin a word, which trigrams find too, since a word's beginning counts as
-- two blanks. Chinese, Japanese and Korean put no blanks between words and have many of two
-- letters; so behind a text with such letters stand all pairs of them as words of their own
-- (and the last letter of each run alone), and what is between such runs.
--
-- Full-width, half-width and composed forms of a letter are one (NFKC).
create function house.search_text(raw text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    cjk constant text := '[\u1100-\u11ff\u3005\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff'
                         || '\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff'
                         || '\U00020000-\U000323af]+';
    plain constant text := lower(normalize(raw, nfkc));
begin
    if plain !~ cjk then
        return ' ' || plain;
    end if;
    return ' ' || plain || ' '
        || (select string_agg(substr(run[1], i, 2), ' ')
            from regexp_matches(plain, cjk, 'g') run, generate_series(1, length(run[1])) i)
        || ' ' || regexp_replace(plain, cjk, ' ', 'g');
end
$$;

-- The patterns of a query, all of which a search_text must be like. Where letters of those
-- languages meet others is a boundary, for a word of one or two letters.
create function house.search_patterns(query text) returns text[]
language plpgsql immutable strict as $$
declare
    cjk constant text := '([\u1100-\u11ff\u3005\u3007\u3040-\u30ff\u3100-\u318f\u31f0-\u31ff'
                         || '\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff'
                         || '\U00020000-\U000323af]+)';
    words constant text[] := regexp_split_to_array(
        trim(regexp_replace(lower(normalize(query, nfkc)), cjk, ' \1 ', 'g'), E' \t\n\r'), '\s+');
begin
    return array(
        select case when length(word) < 3 then '% ' else '%' end
               || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%'
        from unnest(words) word
        where word <> '');
end
$$;
grant execute on function house.search_text(text) to tulou_tenant, tulou_platform;
grant execute on function house.search_patterns(text) to tulou_tenant, tulou_platform;

-- house.search_leads(query, owners) and so on: the ids of the newest 10,001 records of the
-- tenant that is set which have the words, so that one more than a count tells is known of;
-- of these owners alone, where they are given and the table has an owner_id (what one may
-- not see must not take the place of what one may). house.search_every_leads: of all tenants.
-- The statement is made anew each time, so that PostgreSQL knows how rare the words are: it
-- walks through the newest where they are frequent, and asks the index where they are not.
create or replace procedure house.search_function(name text)
language plpgsql as $$
declare
    owned boolean := exists (select from pg_attribute a
                             where a.attrelid = format('everyone.%I', name)::regclass
                             and a.attname = 'owner_id' and not a.attisdropped);
    form text := 'create function house.%I(query text, owners uuid[] default null)
                  returns setof uuid
                  language plpgsql stable rows 1000 security definer set search_path = '''' as
                  $f$begin
                      return query execute
                          ''select id from everyone.%I where %s''
                          || coalesce((select string_agg(format(''search_text like %%L'', p), '' and '')
                                       from unnest(house.search_patterns(query)) p), ''true'')
                          || case when owners is null then '''' else ''%s'' end
                          || '' order by id desc limit 10001''
                      using owners;
                  end$f$';
begin
    execute format('drop function if exists house.%I(text), house.%I(text)',
                   'search_' || name, 'search_every_' || name);
    execute format(form, 'search_' || name, name,
                   'tenant_id = current_setting(''''app.tenant_id'''')::uuid and ',
                   case when owned then ' and owner_id = any ($1)' else '' end);
    execute format(form, 'search_every_' || name, name, '',
                   case when owned then ' and owner_id = any ($1)' else '' end);
    execute format('grant execute on function house.%I(text, uuid[]) to tulou_tenant, tulou_platform',
                   'search_' || name);
    execute format('grant execute on function house.%I(text, uuid[]) to tulou_platform',
                   'search_every_' || name);
end
$$;

-- Most text is ASCII, for which a call would be the dearest part of a write.
create function house.search_expression(columns text[]) returns text
language sql immutable
return (select format('case when octet_length(%1$s) = length(%1$s) then '' '' || lower(%1$s)
                       else house.search_text(%1$s) end', words)
        from (select string_agg(format('coalesce(%I::text, '''')', c), ' || '' '' || ') as words
              from unnest(columns) c) it);

create or replace procedure house.make_search(name text, columns text[])
language plpgsql as $$
begin
    execute format('alter table everyone.%I add column search_text text not null
                    generated always as (%s) stored', name, house.search_expression(columns));
    execute format('create index %I on everyone.%I using gin (tenant_id, search_text gin_trgm_ops)',
                   name || '_search_idx', name);
    call house.search_function(name);
end
$$;

-- Those that there are: the columns that a table's search_text is made of are what it
-- depends on.
create function house.searched_columns(t regclass) returns text[]
language sql stable
return (select array_agg(distinct a.attname::text)
        from pg_attrdef d
        join pg_attribute s on s.attrelid = d.adrelid and s.attnum = d.adnum
        join pg_depend p on p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
                        and p.refclassid = 'pg_class'::regclass and p.refobjid = d.adrelid
        join pg_attribute a on a.attrelid = p.refobjid and a.attnum = p.refobjsubid
        where d.adrelid = t and s.attname = 'search_text' and a.attname <> 'search_text');

do $$
declare
    it record;
    place text;
begin
    for it in select t.name, house.searched_columns(format('everyone.%I', t.name)::regclass) as columns
              from house.tenant_tables t loop
        continue when it.columns is null;
        execute format('alter table everyone.%I drop column search_text', it.name);
        call house.make_search(it.name, it.columns);
        call house.align_names('shared', it.name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, it.name);
        end loop;
    end loop;
    it.columns := house.searched_columns('public.tenants');
    alter table public.tenants drop column search_text;
    execute format('alter table public.tenants add column search_text text
                    generated always as (%s) stored', house.search_expression(it.columns));
end
$$;
create index tenants_search_idx on public.tenants using gin (search_text gin_trgm_ops);

-- What came in before texts were taken as NFC becomes NFC. That is a change like any other,
-- so it has its event. Where two that were different become the same and may not, the one
-- stays as it is.
do $$
declare
    it record;
    found_row record;
    changed text;
    wanted text;
begin
    for it in select t.name, array_agg(a.attname order by a.attnum) as columns
              from house.tenant_tables t
              join pg_attribute a on a.attrelid = format('everyone.%I', t.name)::regclass
              where not t.append_only and a.atttypid = 'text'::regtype and a.attnum > 0
              and not a.attisdropped and a.attgenerated = ''
              group by t.name loop
        select string_agg(format('%1$I is not nfc normalized', c), ' or '),
               string_agg(format('%1$I = normalize(%1$I, nfc)', c), ', ')
        into wanted, changed
        from unnest(it.columns) c;
        for found_row in execute format('select tableoid, ctid from everyone.%I where %s',
                                        it.name, wanted) loop
            begin
                execute format('update everyone.%I set %s where tableoid = $1 and ctid = $2',
                               it.name, changed) using found_row.tableoid, found_row.ctid;
            exception when unique_violation then
                raise warning 'a row of % stays without NFC: there is another like it', it.name;
            end;
        end loop;
    end loop;
end
$$;
