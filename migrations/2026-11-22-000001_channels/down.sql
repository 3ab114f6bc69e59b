DROP TABLE channel_members;
DROP TABLE channels;
DROP DOMAIN notification_level, member_status, member_role, channel_kind;
