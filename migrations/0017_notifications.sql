-- Notifications: what a user is told of, and what they wish to be told.
create table everyone.notifications (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    type text not null check (length(type) between 3 and 100),
    title text not null check (length(title) between 1 and 200),
    body text check (length(body) <= 2000),
    link text check (link ~ '^/([^/\\]|$)'), -- a page of our own
    read_at timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint notifications_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.notifications (tenant_id, user_id, id);
create index on everyone.notifications (tenant_id, user_id) where read_at is null;
create index on everyone.notifications (created_at);
call house.tenant_table('notifications');

-- That somebody was told is an event, what they were told is theirs; that they
-- read it is nobody's business.
create trigger event after insert on everyone.notifications
    for each row execute function
        house.event_append('notifications.notifications', 'title', 'body', 'link');

-- Only what somebody once chose stands here.
create table everyone.notification_preferences (
    tenant_id uuid not null,
    id uuid not null default house.uuid7(),
    user_id uuid not null,
    type text not null check (length(type) between 3 and 100),
    channel text not null check (channel in ('in_app', 'email')),
    is_on boolean not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint notification_preferences_type_key unique (tenant_id, user_id, type, channel),
    constraint notification_preferences_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
call house.tenant_table('notification_preferences', event => 'notifications.preferences');
