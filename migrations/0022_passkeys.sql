-- Passkeys: factors that sign a challenge (WebAuthn); their keys are public.
alter table everyone.mfa_factors
    add column rp_id text,         -- the host that it belongs to
    add column credential_id text, -- base64url
    add column algorithm integer,  -- COSE
    add column public_key text,    -- base64url, as libfido2 has it
    add column sign_count bigint not null default 0;
create unique index mfa_factors_credential_id_key
    on everyone.mfa_factors (tenant_id, credential_id);
call house.align_names('shared', 'mfa_factors');
do $$
declare
    tenant uuid;
begin
    for tenant in select s.tenant_id from house.tenant_schemas s loop
        call house.align_names(house.tenant_schema(tenant), 'mfa_factors');
    end loop;
end
$$;

-- What a passkey is asked to sign, once; without a user: before anybody is known.
create table everyone.passkey_challenges (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    id uuid not null default house.uuid7(),
    user_id uuid,
    purpose text not null check (purpose in ('register', 'sign_in', 'second_step', 'step_up')),
    challenge_hash text not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id),
    constraint passkey_challenges_user_id_fkey foreign key (tenant_id, user_id)
        references everyone.users (tenant_id, id) on delete cascade
) partition by list (tenant_id);
create index on everyone.passkey_challenges (tenant_id, challenge_hash);
create index on everyone.passkey_challenges (tenant_id, user_id);
create index on everyone.passkey_challenges (expires_at);
call house.tenant_table('passkey_challenges');
