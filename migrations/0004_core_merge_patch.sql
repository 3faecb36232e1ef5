-- JSON Merge Patch (RFC 7396 2) for columns that hold an object.
create function house.merge_patch(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable as $$
declare
    it record;
    merged jsonb := case when jsonb_typeof(target) = 'object' then target else '{}' end;
begin
    if jsonb_typeof(patch) <> 'object' then
        return patch;
    end if;
    for it in select p.key, p.value from jsonb_each(patch) p loop
        if it.value = 'null' then
            merged := merged - it.key;
        else
            merged := merged
                || jsonb_build_object(it.key, house.merge_patch(merged -> it.key, it.value));
        end if;
    end loop;
    return merged;
end
$$;

-- The same, for a column of at most so many bytes: many small patches make a
-- large value.
create function house.merge_patch(target jsonb, patch jsonb, most bigint) returns jsonb
language plpgsql immutable as $$
declare
    merged jsonb := house.merge_patch(target, patch);
begin
    if octet_length(merged::text) > most then
        raise exception '422 too_large: With this, the value would be larger than % bytes.', most
            using errcode = 'TU000';
    end if;
    return merged;
end
$$;

grant execute on function house.merge_patch(jsonb, jsonb), house.merge_patch(jsonb, jsonb, bigint)
    to tulou_tenant, tulou_platform;
