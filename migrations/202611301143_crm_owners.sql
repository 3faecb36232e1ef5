-- The lists of somebody's own contacts, companies and deals, in their usual order, without
-- reading those of others.
create index contacts_owner_name_idx on everyone.contacts
    (tenant_id, owner_id, name collate "und-x-icu", id);
create index companies_owner_name_idx on everyone.companies
    (tenant_id, owner_id, name collate "und-x-icu", id);
create index deals_owner_created_idx on everyone.deals (tenant_id, owner_id, created_at, id);
drop index everyone.contacts_owner_idx;
drop index everyone.companies_owner_idx;
drop index everyone.deals_owner_idx;

do $$
declare
    place text;
    name text;
begin
    foreach name in array array['contacts', 'companies', 'deals'] loop
        call house.align_names('shared', name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, name);
        end loop;
    end loop;
end
$$;
