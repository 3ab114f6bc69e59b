-- Whom messages mention, for counting the unread mentions of a channel by one range of the key.
--
-- One row for everybody a message names; a message to everyone (@all, @here) has one row of user 0 and no
-- others. Who sent it and whether it was deleted is asked of the message.
CREATE TABLE message_mentions (
    channel_id bigint NOT NULL,
    user_id    bigint NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (channel_id, user_id, seq)
);

-- What was mentioned before this table was there counts as well.
INSERT INTO message_mentions (channel_id, user_id, seq)
SELECT DISTINCT m.channel_id, named.user_id, m.seq
  FROM messages m CROSS JOIN LATERAL unnest(m.mentions) AS named (user_id)
 WHERE named.user_id <> m.sender_id;

-- When the delivered mark moved last, as last_read_at is for the read mark.
ALTER TABLE channel_members ADD COLUMN last_delivered_at timestamptz;

-- People are mentioned by their full names, in whatever case.
CREATE INDEX users_by_name ON users (tenant_id, lower(name));

-- At the end, as nobody reads the table from here on until this is committed. A column whose domain has a check is
-- written into every row; one whose domain gets it afterwards is not, and no row has a value yet that it could refuse.
CREATE DOMAIN mentions_everyone AS text;
ALTER TABLE messages ADD COLUMN mentions_everyone mentions_everyone;
ALTER DOMAIN mentions_everyone
    ADD CONSTRAINT mentions_everyone_known CHECK (VALUE IN ('ALL', 'HERE')) NOT VALID;
