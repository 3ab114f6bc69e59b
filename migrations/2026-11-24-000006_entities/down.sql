-- Channels that were merged keep an id that no record has, so that each record has one channel again.
UPDATE channels SET entity_id = 'merged-' || id || '-' || entity_id WHERE merged_into IS NOT NULL;
DROP INDEX channels_topic_once;
CREATE UNIQUE INDEX channels_topic_once ON channels (tenant_id, entity_type, entity_id)
    WHERE kind = 'TOPIC';
ALTER TABLE channels DROP COLUMN merged_into;
DROP TABLE inbox;
DROP TABLE channel_aliases;
DROP TABLE entity_links;
DROP TABLE entities;
