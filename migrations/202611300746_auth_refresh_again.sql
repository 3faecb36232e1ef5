-- Who exchanged a refresh token: the same client gets the same successor once more
-- when the answer was lost or two of its windows asked at once.
alter table everyone.used_tokens
    add column network text,
    add column user_agent text;
