-- What may be given is decided when a user is made, not when the file is read: the
-- step is told which roles are refused, and why ({"owner": ["kind", code, message]}).
drop function house.user_import_step(uuid, uuid, integer);

-- Makes users of the next rows of an import, `most` at most, in the caller's tenant
-- and with the caller's rights. True: none is left. Each row stands for itself:
-- what the rules of users refuse is noted in it; what has nothing to do with the
-- row (no room, a lock that was waited for too long) ends all of it.
create function house.user_import_step(tenant uuid, import uuid, most integer,
                                       refused jsonb) returns boolean
language plpgsql as $$
declare
    it record;
    who uuid;
    seen integer := 0;
    made integer := 0;
    why text[];
begin
    perform from user_imports i where i.tenant_id = tenant and i.id = import for update;
    for it in
        select r.*
        from user_import_rows r
        where r.tenant_id = tenant and r.import_id = import and r.code is null
        order by r.line
        limit most
    loop
        seen := seen + 1;
        why := (select array_agg(w order by nr)
                from jsonb_array_elements_text(refused -> it.role_key) with ordinality r (w, nr));
        if why is null then
            begin
                insert into users (tenant_id, email, name, phone, kind, password_hash)
                values (tenant, it.email, it.name, it.phone, it.kind, it.password_hash)
                returning id into who;
                if it.role_key is not null then
                    insert into user_roles (tenant_id, user_id, role_key)
                    values (tenant, who, it.role_key);
                end if;
                made := made + 1;
            exception
                when unique_violation then
                    why := array['email', 'email_taken', 'There is a user with this address already.'];
                when integrity_constraint_violation or data_exception then
                    why := array['email', 'invalid_value', 'The row is not acceptable.'];
                when sqlstate 'TU000' then
                    why := array['email',
                                 coalesce(substring(sqlerrm from '^\d+ (\w+):'), 'invalid_value'),
                                 coalesce(substring(sqlerrm from '^\d+ \w+: (.+)$'), sqlerrm)];
            end;
        end if;
        if why is null then
            delete from user_import_rows r where r.tenant_id = tenant and r.id = it.id;
        else
            update user_import_rows r
            set field = why[1], code = why[2], message = why[3], password_hash = null
            where r.tenant_id = tenant and r.id = it.id;
        end if;
    end loop;
    update user_imports i
    set handled = i.handled + seen, created = i.created + made,
        status = case when seen < most then 'done' else i.status end
    where i.tenant_id = tenant and i.id = import;
    return seen < most;
end
$$;
grant execute on function house.user_import_step(uuid, uuid, integer, jsonb)
    to tulou_tenant, tulou_platform;
