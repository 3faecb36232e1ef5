-- Teams of users. A permission may be of the records of one's teams (lib/access/permission.h):
-- those that a member of a team of one's own owns.
create table everyone.teams (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    name text not null check (length(name) between 1 and 100),
    about text check (length(about) <= 500),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint teams_name_key unique (tenant_id, name)
) partition by list (tenant_id);
create index teams_created_idx on everyone.teams (tenant_id, created_at, id);
create index teams_name_idx on everyone.teams (tenant_id, name collate "und-x-icu", id);
call house.tenant_table('teams', event => 'users.teams', search => '{name}');

create table everyone.team_members (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    team_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint team_members_user_id_key unique (tenant_id, team_id, user_id),
    constraint team_members_team_id_fkey foreign key (tenant_id, team_id)
        references everyone.teams (tenant_id, id) on delete cascade,
    constraint team_members_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index team_members_created_idx on everyone.team_members (tenant_id, created_at, id);
create index team_members_teams_idx on everyone.team_members (tenant_id, user_id, team_id);
call house.tenant_table('team_members', event => 'users.team_members');
