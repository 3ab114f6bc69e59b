DROP TABLE messages;
DROP DOMAIN message_content, message_kind;
