-- Whoever was silenced when they left is so when they come back by themselves.
ALTER TABLE channel_members ADD COLUMN left_silenced boolean NOT NULL DEFAULT false;
