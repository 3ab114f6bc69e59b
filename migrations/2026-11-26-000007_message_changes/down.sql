DROP TABLE thread_followers;
DROP TABLE message_edits;
DROP INDEX messages_of_thread;
ALTER TABLE messages
    DROP COLUMN reply_no,
    DROP COLUMN newest_reply_no,
    DROP COLUMN thread_participants;
