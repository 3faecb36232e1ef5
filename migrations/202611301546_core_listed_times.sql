-- core: what lists offer as their order has an index: of lines, pipelines, stages and the choices
-- of a tenant's own fields, by when they were made; of lines by when they changed, too.
do $$
declare
    name text;
    place text;
begin
    foreach name in array array['deal_lines', 'pipelines', 'stages', 'custom_choices'] loop
        execute format('create index %I on everyone.%I (tenant_id, created_at, id)',
                       name || '_created_idx', name);
        call house.align_names('shared', name);
        for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
            call house.align_names(place, name);
        end loop;
    end loop;
end
$$;
call house.index_changes('deal_lines');
