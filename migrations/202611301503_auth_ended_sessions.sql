-- auth: what a transaction ends by the way is known to its machine at its commit.
--
-- A trigger may end sessions that the area did not name: of a link between workspaces that
-- falls with a password, of an operator whom a tenant no longer lets in. The notice of it
-- comes round a moment after the answer, and for that moment the session was let in. So
-- the row's trigger keeps a list, which the area reads before it commits.
create or replace function house.session_revoked() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform house.revoked_notify(new.id, new.revoked_at, new.tenant_id);
    perform set_config('app.sessions_ended',
                       concat_ws(',', nullif(current_setting('app.sessions_ended', true), ''),
                                 new.id), true);
    return null;
end
$$;
