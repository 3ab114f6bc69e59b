-- The log: every change of a channel, in the order of seq, which is the order of commits.
--
-- txid says only where to look for news; it never orders anything. group_id names the group of sends
-- that one transaction committed, so that a writer whose COMMIT went unanswered can find out.
CREATE TABLE channel_events (
    channel_id     bigint NOT NULL,
    seq            bigint NOT NULL,
    tenant_id      bigint NOT NULL,
    txid           bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    kind           text NOT NULL,
    actor_id       bigint NOT NULL,
    message_id     bigint,
    payload        jsonb,
    group_id       uuid,
    correlation_id text,
    traceparent    text,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (channel_id, seq)
);

CREATE INDEX channel_events_news ON channel_events (txid, channel_id, seq);

-- How far the relay to Kafka has come in each channel.
CREATE TABLE relay_heads (
    channel_id bigint PRIMARY KEY,
    seq        bigint NOT NULL,
    epoch      bigint NOT NULL DEFAULT 0
);
