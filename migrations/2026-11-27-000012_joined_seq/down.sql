ALTER TABLE channel_members DROP COLUMN joined_seq;
