-- What a tenant begins with is called in its own language. Its people change it as they like; whoever
-- changes the language later keeps the names that they have.
create function house.crm_begin(tenant uuid, locale text) returns void
language sql set search_path = '' as $$
    with words as (
        select w.pipeline, w.stages
        from (values
                ('en', 'Sales', array['Prospecting', 'Qualification', 'Proposal', 'Negotiation',
                                      'Won', 'Lost']),
                ('de', 'Verkauf', array['Anbahnung', 'Qualifizierung', 'Angebot', 'Verhandlung',
                                        'Gewonnen', 'Verloren']),
                ('es', 'Ventas', array['Prospección', 'Cualificación', 'Propuesta', 'Negociación',
                                       'Ganada', 'Perdida'])) w (language, pipeline, stages)
        order by w.language = split_part(crm_begin.locale, '-', 1) desc, w.language = 'en' desc
        limit 1
    ),
    pipeline as (
        insert into everyone.pipelines (tenant_id, name)
        select crm_begin.tenant, words.pipeline from words
        returning id
    )
    insert into everyone.stages (tenant_id, pipeline_id, name, position, kind, probability)
    select crm_begin.tenant, p.id, words.stages[s.position], s.position, s.kind, s.probability
    from pipeline p
    cross join words
    cross join (values (1, 'open', 10), (2, 'open', 25), (3, 'open', 50), (4, 'open', 75),
                       (5, 'won', 100), (6, 'lost', 0)) s (position, kind, probability)
$$;
revoke all on function house.crm_begin(uuid, text) from public;

create or replace function house.crm_begin() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.crm_begin(new.id, new.locale);
    return null;
end
$$;
drop function house.crm_begin(uuid);
