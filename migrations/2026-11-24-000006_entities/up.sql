-- Business records of other services, as their events tell of them, and the channels they get.
--
-- Each field keeps the version that set it: the time in milliseconds and the event's id. People who are
-- named before there is a channel wait here. A row of tenant 0 says only that records of that id are gone,
-- whosever they are. Columns for fields that were never set are null.
CREATE TABLE entities (
    tenant_id       bigint NOT NULL,
    entity_type     text NOT NULL,
    entity_id       text NOT NULL,
    is_announced    boolean NOT NULL DEFAULT false,
    name            text,
    name_at_ms      bigint,
    name_event      text,
    status          text,
    status_at_ms    bigint,
    status_event    text,
    is_gone         boolean,
    gone_at_ms      bigint,
    gone_event      text,
    deleted_at      timestamptz GENERATED ALWAYS AS
                    (CASE WHEN is_gone THEN to_timestamp(gone_at_ms / 1000.0) END) STORED,
    waiting_members bigint[] NOT NULL DEFAULT '{}',
    waiting_owners  bigint[] NOT NULL DEFAULT '{}',
    channel_id      bigint,
    PRIMARY KEY (tenant_id, entity_type, entity_id)
);

-- The same id in every tenant, for deletions that name none.
CREATE INDEX entities_of_all_tenants ON entities (entity_type, entity_id);

-- One record became another. Links are never taken back; the newest time of each is kept.
CREATE TABLE entity_links (
    tenant_id bigint NOT NULL,
    from_type text NOT NULL,
    from_id   text NOT NULL,
    to_type   text NOT NULL,
    to_id     text NOT NULL,
    at_ms     bigint NOT NULL,
    event     text NOT NULL,
    PRIMARY KEY (tenant_id, from_type, from_id, to_type, to_id)
);

CREATE INDEX entity_links_back ON entity_links (tenant_id, to_type, to_id);

-- The records that a channel answers to beside the one it stands under.
CREATE TABLE channel_aliases (
    tenant_id   bigint NOT NULL,
    entity_type text NOT NULL,
    entity_id   text NOT NULL,
    channel_id  bigint NOT NULL REFERENCES channels (id),
    PRIMARY KEY (tenant_id, entity_type, entity_id)
);

-- Which events were taken already. A row is written in the transaction of its event's effect.
CREATE TABLE inbox (
    source      text NOT NULL,
    event_id    text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_once PRIMARY KEY (source, event_id)
);

CREATE INDEX inbox_by_age ON inbox (received_at);

-- Two records that had a channel each became one: the younger channel is archived and names the older,
-- which goes on for both. It no longer stands in the way of the record it was about.
ALTER TABLE channels ADD COLUMN merged_into bigint REFERENCES channels (id);
DROP INDEX channels_topic_once;
CREATE UNIQUE INDEX channels_topic_once ON channels (tenant_id, entity_type, entity_id)
    WHERE kind = 'TOPIC' AND merged_into IS NULL;
