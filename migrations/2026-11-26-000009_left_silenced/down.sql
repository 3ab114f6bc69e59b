ALTER TABLE channel_members DROP COLUMN left_silenced;
