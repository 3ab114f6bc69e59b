-- What becomes of messages that are there: edits, reactions (a column that is there already), threads.
--
-- A reply has its place in its thread, as a message has in its channel: pages by number go by it. Its root
-- counts them: thread_count those that were not deleted, newest_reply_no all. The people of a thread stand
-- at its root, at most 50, so that a page of messages needs no second query.
ALTER TABLE messages
    ADD COLUMN reply_no            bigint,
    ADD COLUMN newest_reply_no     bigint NOT NULL DEFAULT 0,
    ADD COLUMN thread_participants bigint[] NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX messages_of_thread ON messages (parent_id, reply_no) WHERE parent_id IS NOT NULL;

-- What a message said before each edit, numbered 1, 2, 3. Gone when the message is deleted.
CREATE TABLE message_edits (
    message_id bigint NOT NULL,
    version    bigint NOT NULL,
    content    message_content NOT NULL,
    edited_at  timestamptz NOT NULL,
    edited_by  bigint NOT NULL,
    PRIMARY KEY (message_id, version)
);

-- Who is told of a thread's replies, by its root. Who unfollowed keeps a row: only a reply of theirs, or
-- they themselves, make them follow again.
CREATE TABLE thread_followers (
    message_id   bigint NOT NULL,
    user_id      bigint NOT NULL,
    is_following boolean NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
