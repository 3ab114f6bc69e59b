-- When the account service last said who somebody is; null while only their own token has.
ALTER TABLE users ADD COLUMN checked_at timestamptz;

-- People are found by any part of their name or e-mail address.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX users_by_text ON users
    USING gin (lower(coalesce(name, '') || ' ' || coalesce(email, '')) gin_trgm_ops);
