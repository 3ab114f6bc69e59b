DROP TABLE relay_heads;
DROP TABLE channel_events;
