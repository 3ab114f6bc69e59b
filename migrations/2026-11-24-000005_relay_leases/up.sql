-- Who relays which channels to Kafka. A shard is the channels of one rest of id / 16; whoever holds its
-- lease relays them. Each time a lease changes hands its epoch grows, and heads advance only under the
-- epoch that the lease still has: a leader that was paused and wakes up changes nothing.
CREATE TABLE relay_leases (
    shard      smallint PRIMARY KEY,
    epoch      bigint NOT NULL DEFAULT 0,
    holder     uuid,
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT relay_leases_shard_known CHECK (shard BETWEEN 0 AND 15)
);
INSERT INTO relay_leases (shard) SELECT generate_series(0, 15);

-- Which processes relay, also those that hold no lease yet: the shards are shared among all of them.
CREATE TABLE relay_processes (
    id         uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

-- A head moves with every batch of its channel: the updates are to stay HOT.
ALTER TABLE relay_heads SET (fillfactor = 70);
