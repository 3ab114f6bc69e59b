DROP INDEX users_by_text;
-- Refused, and with it all of this, where something else needs it by now.
DROP EXTENSION pg_trgm;
ALTER TABLE users DROP COLUMN checked_at;
