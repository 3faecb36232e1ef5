-- A password that somebody else chose opens one thing, to choose another, and that not
-- for ever (TULOU_FIRST_PASSWORD_DAYS): when it was set is known.
alter table everyone.users add column password_set_at timestamptz default now(); -- of those that there are
alter table everyone.users alter column password_set_at drop default;

create function house.password_set() returns trigger
language plpgsql as $$
begin
    new.password_set_at := clock_timestamp();
    return new;
end
$$;
create trigger password_set_insert before insert on everyone.users
    for each row when (new.password_hash is not null)
    execute function house.password_set();
create trigger password_set_update before update on everyone.users
    for each row when (old.password_hash is distinct from new.password_hash)
    execute function house.password_set();

-- Tokens say that it must be changed: those from before are void on every machine.
create trigger rights_must_change after update on everyone.users
    for each row when (old.must_change_password is distinct from new.must_change_password)
    execute function house.user_rights_change('id');
