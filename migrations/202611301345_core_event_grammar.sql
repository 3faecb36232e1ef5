-- Events have one grammar: what one record is called, and a verb in the past: lead.created,
-- api_key.revoked. Events of before keep their names, since they are sealed; these functions map
-- them for whoever reads, and are the only place that does.

-- ---- reading what was written before ----

create function house.event_words() returns table (stored text, word text)
language sql immutable
as $$values ('access.api_keys', 'api_key'), ('access.ip_rules', 'network_rule'),
               ('access.roles', 'role'), ('access.sso', 'sso_provider'),
               ('access.sso_identities', 'linked_account'), ('access.user_roles', 'user_role'),
               ('auth.links', 'account_link'), ('crm.companies', 'company'),
               ('crm.contacts', 'contact'), ('crm.deal_lines', 'deal_line'),
               ('crm.deal_notes', 'deal_note'), ('crm.deals', 'deal'), ('crm.leads', 'lead'),
               ('files', 'file'), ('jobs', 'queue_job'), ('mfa_factors', 'mfa_factor'),
               ('notifications.notifications', 'notification'),
               ('notifications.preferences', 'notification_preference'), ('queues', 'queue'),
               ('sso_providers', 'sso_provider'), ('tenants', 'tenant'),
               ('tenants.branding', 'tenant_branding'), ('tenants.domains', 'tenant_domain'),
               ('tenants.features', 'tenant_feature'), ('tenants.venues', 'venue'),
               ('users', 'user'), ('users.team_members', 'team_member'), ('users.teams', 'team'),
               ('users.users', 'user')$$;

-- Those whose last word is not the verb of today.
create function house.event_verbs() returns table (stored text, verb text)
language sql immutable
as $$values ('auth.factor_added', 'created'), ('auth.factor_removed', 'deleted'),
               ('auth.password_reset', 'password_recovered'), ('auth.session_revoked', 'revoked'),
               ('auth.signed_in', 'created'), ('auth.signed_out', 'ended'),
               ('auth.sso_refused', 'sign_in_refused'), ('settings.updated', 'settings_updated'),
               ('tenants.profile.updated', 'profile_updated'),
               ('users.mfa_asked', 'mfa_required')$$;

-- What one record is called whose events are stored under that resource type.
create function house.event_word(stored text) returns text
language sql immutable
return coalesce((select w.word from house.event_words() w where w.stored = $1), $1);

-- The type of an event that is stored so: "lead.created".
create function house.event_type(action text, stored text) returns text
language sql immutable
return coalesce(house.event_word($2) || '.'
                    || coalesce((select v.verb from house.event_verbs() v where v.stored = $1),
                                regexp_replace($1, '^.*\.', '')), $1);

-- The other way, for filters that use the index of events: under which resource types those about
-- these words are stored, and under which actions those of these types.
create function house.event_stored_words(asked text[]) returns text[]
language sql immutable
return asked || array(select w.stored from house.event_words() w where w.word = any (asked));

create function house.event_stored_actions(asked text[]) returns text[]
language sql immutable
return asked || array(
    select before || split_part(it, '.', 2)
    from unnest(asked) it
    cross join lateral (
        select w.stored || '.' from house.event_words() w where w.word = split_part(it, '.', 1)
        union all
        values ('access.api_keys.'), ('auth.'), ('platform.jobs.'), ('platform.queues.'),
               ('tenants.'), ('users.')) stored (before)
    union all
    select v.stored
    from unnest(asked) it
    join house.event_verbs() v on v.verb = split_part(it, '.', 2));

grant execute on function house.event_words(), house.event_verbs(), house.event_word(text),
                          house.event_type(text, text), house.event_stored_words(text[]),
                          house.event_stored_actions(text[])
    to tulou_tenant, tulou_platform;

-- ---- writing ----

-- What the rows of a table are called is the first argument of its trigger.
do $$
declare
    it record;
    word text;
begin
    for it in
        select t.tgname, t.tgrelid::regclass as place, pg_get_triggerdef(t.oid) as definition,
               split_part(encode(t.tgargs, 'escape'), '\000', 1) as old
        from pg_trigger t
        where t.tgfoid = 'house.event_append()'::regprocedure and t.tgparentid = 0
    loop
        word := coalesce(
            (select w.new
             from (values ('access.ip_rules', 'network_rule'),
                          ('access.sso', 'sso_provider'),
                          ('access.sso_identities', 'linked_account'),
                          ('auth.links', 'account_link'),
                          ('notifications.preferences', 'notification_preference'),
                          ('tenants.domains', 'tenant_domain'),
                          ('tenants.branding', 'tenant_branding'),
                          ('tenants.features', 'tenant_feature')) w (old, new)
             where w.old = it.old),
            regexp_replace(regexp_replace(regexp_replace(it.old, '^.*\.', ''), 'ies$', 'y'),
                           's$', ''));
        execute format('drop trigger %I on %s', it.tgname, it.place);
        execute replace(it.definition, format('event_append(%L', it.old),
                        format('event_append(%L', word));
    end loop;
end
$$;

-- The type that a transaction sets for its change (app.action) is that of one kind of record;
-- what else it changes has the names of its own.
create or replace function house.event_action(event text, operation text) returns text
language sql stable
return case when starts_with(current_setting('app.action', true), event || '.')
            then current_setting('app.action', true)
            else event || case operation when 'INSERT' then '.created'
                                         when 'UPDATE' then '.updated'
                                         else '.deleted' end end;

-- What stands in functions of before, each the same but for these words.
create procedure house.replace_in_function(name regprocedure, old text, new text)
language plpgsql as $$
declare
    definition constant text := pg_get_functiondef(name);
begin
    if position(old in definition) = 0 then
        raise exception '% does not say %', name, old;
    end if;
    execute replace(definition, old, new);
end
$$;
call house.replace_in_function('house.tenant_event()', '''tenants''', '''tenant''');
call house.replace_in_function('house.tenant_erase(uuid,integer)', $$'tenants.erased',
            'tenants',$$, $$'tenant.erased',
            'tenant',$$);
call house.replace_in_function('house.check_conventions(text,text)',
    'if event is not null and not has_id then',
    $$if event !~ '^[a-z]+(_[a-z]+)*$' then
        raise exception '%: its events are called after one record: event => ''lead'', not %',
            name, event;
    end if;
    if event is not null and not has_id then$$);
drop procedure house.replace_in_function(regprocedure, text, text);

-- ---- reading by number ----

-- As before, with all that an event says of itself.
drop function house.live_events(uuid[], bigint[], integer);
create function house.live_events(tenants uuid[], seen bigint[], most integer)
returns table (tenant_id uuid, head bigint, seq bigint, id uuid, at timestamptz, actor_id uuid,
               actor_name text, action text, resource_type text, resource_id text, ip text,
               user_id uuid, type text, title text, body text, link text, unread bigint,
               actor_kind text, request_id text, changes jsonb)
language sql stable security definer set search_path = ''
as $$
    select w.tenant, coalesce(h.seq, 0), s.number, e.id, e.at, e.actor_id, e.actor_name,
           house.event_type(e.action, e.resource_type), house.event_word(e.resource_type),
           e.resource_id, e.ip, n.user_id, n.type, n.title, n.body, n.link,
           (select count(*)
            from (select from everyone.notifications u
                  where u.tenant_id = n.tenant_id and u.user_id = n.user_id and u.read_at is null
                  limit 1000) unread),
           e.actor_kind, e.request_id, e.changes
    from (select w.tenant, w.seen, coalesce(h.seq, 0) as head,
                 case when w.seen < 0 then greatest(coalesce(h.seq, 0) + w.seen, 0)
                      else w.seen end as behind
          from unnest(tenants, seen) as w (tenant, seen)
          left join house.event_heads h on h.tenant_id = w.tenant) w
    left join house.event_heads h on h.tenant_id = w.tenant
    left join lateral (
        select s.first + it.place - 1 as number, it.id
        from house.event_seals s
        cross join lateral unnest(s.ids) with ordinality it (id, place)
        where s.tenant_id = w.tenant
        and s.first >= coalesce((select max(b.first) from house.event_seals b
                                 where b.tenant_id = w.tenant and b.first <= w.behind + 1), 1)
        and s.first <= case when w.seen < 0 then w.head else least(w.head, w.seen + most) end
        and s.first + it.place - 1 between w.behind + 1
            and case when w.seen < 0 then w.head else least(w.head, w.seen + most) end
    ) s on true
    left join everyone.events e on e.tenant_id = w.tenant and e.id = s.id
    left join everyone.notifications n
        on n.tenant_id = w.tenant
        and n.id = case when e.resource_type in ('notification', 'notifications.notifications')
                             and e.resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                        then e.resource_id::uuid end
    where w.seen < 0 or e.id is not null
    order by w.tenant, s.number
$$;
grant execute on function house.live_events(uuid[], bigint[], integer) to tulou_platform;
