-- The list of somebody's own leads, newest first, without reading those of others.
create index leads_owner_created_idx on everyone.leads (tenant_id, owner_id, created_at, id);
drop index everyone.leads_owner_idx;

do $$
declare
    place text;
begin
    call house.align_names('shared', 'leads');
    for place in select house.tenant_schema(tenant_id) from house.tenant_schemas loop
        call house.align_names(place, 'leads');
    end loop;
end
$$;
