-- Messages. Ids are drawn under the channel's row lock in seq order, one at a time (CACHE 1), so that
-- within a channel the order of ids is the order of seqs.
--
-- No foreign key to channels: the writer holds the channel's row when it inserts, channels are never
-- deleted, and the check would cost a look-up a message on the hottest path there is.
CREATE SEQUENCE messages_id_seq CACHE 1;
CREATE DOMAIN message_kind AS text
    CONSTRAINT message_kind_known CHECK (VALUE IN ('TEXT', 'IMAGE', 'FILE', 'CODE', 'SYSTEM'));
CREATE DOMAIN message_content AS text
    CONSTRAINT message_content_bounded CHECK (char_length(VALUE) <= 10000);

CREATE TABLE messages (
    id                bigint PRIMARY KEY DEFAULT nextval('messages_id_seq'),
    channel_id        bigint NOT NULL,
    seq               bigint NOT NULL,
    tenant_id         bigint NOT NULL,
    message_no        bigint NOT NULL,
    timeline_no       bigint NOT NULL,
    unread_no         bigint NOT NULL,
    sender_id         bigint NOT NULL,
    kind              message_kind NOT NULL,
    content           message_content,
    parent_id         bigint,
    thread_count      integer NOT NULL DEFAULT 0,
    last_reply_at     timestamptz,
    mentions          bigint[] NOT NULL DEFAULT '{}',
    reactions         jsonb,
    metadata          jsonb,
    client_message_id uuid,
    fingerprint       uuid,
    edited_at         timestamptz,
    deleted_at        timestamptz,
    deleted_by        bigint,
    created_at        timestamptz NOT NULL
);

ALTER SEQUENCE messages_id_seq OWNED BY messages.id;
CREATE UNIQUE INDEX messages_in_order ON messages (channel_id, seq);
-- Pages by number: all messages by message_no, the top-level ones by timeline_no.
CREATE UNIQUE INDEX messages_numbered ON messages (channel_id, message_no);
CREATE UNIQUE INDEX messages_timeline ON messages (channel_id, timeline_no) WHERE parent_id IS NULL;
CREATE UNIQUE INDEX messages_sent_once ON messages (tenant_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
