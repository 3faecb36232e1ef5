-- What money of other currencies is worth in a tenant's own, day by day: a rate holds from its day
-- until the next one.
create table everyone.exchange_rates (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    to_currency text not null,
    day date not null,
    rate numeric not null check (rate > 0),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint exchange_rates_to_currency_check
        check (to_currency ~ '^[A-Z]{3}$' and to_currency <> currency)
) partition by list (tenant_id);
create unique index exchange_rates_day_key on everyone.exchange_rates
    (tenant_id, currency, to_currency, day);
create index exchange_rates_days_idx on everyone.exchange_rates (tenant_id, day, id);
call house.tenant_table('exchange_rates', event => 'exchange_rate', search => '{currency}');

-- The deals of a stage by the day on which they are to close: the forecast reads those of each
-- stage that is open or won, month by month, and none of the many that are over.
create index deals_forecast_idx on everyone.deals (tenant_id, stage_id, expected_close_on)
    include (currency, value, probability, owner_id);
do $$
declare
    place text;
begin
    call house.align_names('shared', 'deals');
    for place in select house.tenant_schema(s.tenant_id) from house.tenant_schemas s loop
        call house.align_names(place, 'deals');
    end loop;
end
$$;
