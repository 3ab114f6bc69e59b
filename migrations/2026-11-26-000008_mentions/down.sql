DROP INDEX users_by_name;
ALTER TABLE channel_members DROP COLUMN last_delivered_at;
ALTER TABLE messages DROP COLUMN mentions_everyone;
DROP DOMAIN mentions_everyone;
DROP TABLE message_mentions;
