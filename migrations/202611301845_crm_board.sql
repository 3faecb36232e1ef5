-- Boards: one order of the cards for all who look. A card's rank is a number of any length, the
-- greater the further up, so that there is always room between two; what is new stands on top.
create function house.rank_new() returns numeric
language sql volatile
return round(extract(epoch from clock_timestamp()) + (random() / 1000000)::numeric, 9);

-- The shortest number that stands well between the two; on top without `high`, at the foot without
-- `low`. Halves would grow by a digit with each card that is put to the same place, this by a third
-- of one.
create function house.rank_between(high numeric, low numeric) returns numeric
language sql volatile
return case
    when high is null then greatest(house.rank_new(), low + 1)
    when low is null then high - 1
    else round((high + low) * 0.5, greatest(1 - floor(log(high - low))::integer, 0))
end;
grant execute on function house.rank_new(), house.rank_between(numeric, numeric)
    to tulou_tenant, tulou_platform;

-- Behind house.touch(), by its name: a row whose rank alone changed is as old as before. What is
-- generated is not there yet.
create function house.untouch() returns trigger
language plpgsql as $$
declare
    passed constant text[] := '{rank,updated_at,search_text}';
begin
    if to_jsonb(new) - passed = to_jsonb(old) - passed then
        new.updated_at := old.updated_at;
    end if;
    return new;
end
$$;

-- Gives the table the column `rank`, by which the cards stand in the columns that its column
-- `stands_in` makes. To put cards in order changes nothing else: neither updated_at nor the log.
create procedure house.ranked(name text, stands_in text)
language plpgsql as $$
declare
    place text;
begin
    execute format('alter table everyone.%I add column rank numeric not null
                    default house.rank_new()', name);
    execute format('create index %I on everyone.%I (tenant_id, rank, id)', name || '_rank_idx', name);
    execute format('create index %I on everyone.%I (tenant_id, %I, rank, id)',
                   name || '_board_idx', name, stands_in);
    execute format('create trigger untouched before update of rank on everyone.%I for each row
                    when (old.rank is distinct from new.rank) execute function house.untouch()',
                   name);
    call house.align_names('shared', name);
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, name);
    end loop;
end
$$;

-- As before, without the rank.
create or replace function house.event_row(side text, shown jsonb) returns jsonb
language sql stable
return jsonb_build_object(side, jsonb_strip_nulls(
    shown - '{tenant_id,created_at,updated_at,search_text,custom_words,rank}'::text[]));

create or replace function house.event_difference(before jsonb, after jsonb, arguments text[])
returns jsonb
language sql stable
return (
    select jsonb_build_object(
               'before', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                      else b.value end),
               'after', jsonb_object_agg(b.key, case when b.key = any (arguments) then '"***"'
                                                     else after -> b.key end))
    from jsonb_each(before - '{updated_at,search_text,custom_words,last_login_at,last_used_at,version,rank}'::text[]) b
    where b.value is distinct from after -> b.key
    having count(*) > 0);

call house.ranked('deals', 'stage_id');
drop index everyone.deals_stage_idx;
