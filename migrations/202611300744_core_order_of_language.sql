-- Names are listed by the rules of language, not by the numbers of their characters: with the
-- root collation of Unicode (ICU), which is right for most languages and one for all tenants, so
-- that one index serves all of them. It also finds equal texts, since it is deterministic.
--
-- After a change of ICU's version these indexes are built anew:
--     reindex index everyone.leads_name_idx; (and so on) alter collation "und-x-icu" refresh version;
drop index everyone.leads_name_idx;
drop index everyone.leads_company_idx;
create index leads_name_idx on everyone.leads (tenant_id, name collate "und-x-icu", id);
create index leads_company_idx on everyone.leads (tenant_id, company collate "und-x-icu", id);

drop index everyone.users_tenant_id_name_id_idx;
create index users_name_idx on everyone.users (tenant_id, name collate "und-x-icu", id);

drop index everyone.api_keys_tenant_id_name_id_idx;
create index api_keys_name_idx on everyone.api_keys (tenant_id, name collate "und-x-icu", id);

drop index public.tenants_name_id_idx;
create index tenants_name_idx on public.tenants (name collate "und-x-icu", id);

-- The indexes of partitions get the names of their parents'.
do $$
declare
    place text;
    name text;
begin
    foreach name in array array['leads', 'users', 'api_keys'] loop
        call house.align_names('shared', name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, name);
        end loop;
    end loop;
end
$$;
