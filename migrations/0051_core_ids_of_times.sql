-- The least id that house.uuid7() makes at an instant (of 1970 or later): what was made
-- since then has no smaller one, so the index of the ids answers for times too.
create function house.uuid7_at(instant timestamptz) returns uuid
language sql stable
return (overlay(lpad(to_hex((greatest(extract(epoch from instant), 0) * 4096000)::bigint), 15, '0')
                placing '7' from 13 for 0)
        || '8000000000000000')::uuid;

grant execute on function house.uuid7_at(timestamptz) to tulou_tenant, tulou_platform;
