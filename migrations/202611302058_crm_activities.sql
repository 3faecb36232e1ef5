-- What people do with leads, contacts, companies and deals: calls, e-mails, meetings, tasks, notes.
create table everyone.activities (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    type text not null default 'task' check (type in ('call', 'email', 'meeting', 'task', 'note')),
    subject text not null check (length(subject) between 1 and 200),
    body text check (length(body) <= 10000),
    due_at timestamptz,
    reminder_minutes integer check (reminder_minutes between 0 and 40320),
    status text not null default 'open' check (status in ('open', 'done')),
    done_at timestamptz,
    lead_id uuid,
    contact_id uuid,
    company_id uuid,
    deal_id uuid,
    owner_id uuid,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint activities_lead_id_fkey foreign key (tenant_id, lead_id)
        references everyone.leads (tenant_id, id) on delete set null (lead_id),
    constraint activities_contact_id_fkey foreign key (tenant_id, contact_id)
        references everyone.contacts (tenant_id, id) on delete set null (contact_id),
    constraint activities_company_id_fkey foreign key (tenant_id, company_id)
        references everyone.companies (tenant_id, id) on delete set null (company_id),
    constraint activities_deal_id_fkey foreign key (tenant_id, deal_id)
        references everyone.deals (tenant_id, id) on delete set null (deal_id),
    constraint activities_owner_id_fkey foreign key (tenant_id, owner_id)
        references everyone.users (tenant_id, id) on delete set null (owner_id)
) partition by list (tenant_id);

create index activities_created_idx on everyone.activities (tenant_id, created_at, id);
create index activities_due_idx on everyone.activities (tenant_id, due_at, id);
create index activities_subject_idx
    on everyone.activities (tenant_id, subject collate "und-x-icu", id);
create index activities_lead_idx on everyone.activities (tenant_id, lead_id, id);
create index activities_contact_idx on everyone.activities (tenant_id, contact_id, id);
create index activities_company_idx on everyone.activities (tenant_id, company_id, id);
create index activities_deal_idx on everyone.activities (tenant_id, deal_id, id);
create index activities_owner_created_idx
    on everyone.activities (tenant_id, owner_id, created_at, id);

call house.tenant_table('activities', event => 'activity', search => '{subject,body}');
call house.has_files('activities');

-- Whoever sets the status says when it was done by that.
create function house.activity_settled() returns trigger
language plpgsql as $$
begin
    new.done_at := case when new.status = 'done' then coalesce(new.done_at, now()) end;
    return new;
end
$$;
create trigger settled before insert or update of status on everyone.activities
    for each row execute function house.activity_settled();

-- A row is a notice that went out before an activity was due, so that it goes once.
create table everyone.activity_reminders (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    activity_id uuid not null,
    at timestamptz not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint activity_reminders_at_key unique (tenant_id, activity_id, at),
    constraint activity_reminders_activity_id_fkey foreign key (tenant_id, activity_id)
        references everyone.activities (tenant_id, id) on delete cascade
) partition by list (tenant_id);

call house.tenant_table('activity_reminders');
