-- How often in a row a job has failed: it waits longer each time, and others go before it.
ALTER TABLE erasure_jobs ADD COLUMN attempts integer NOT NULL DEFAULT 0;

-- An erasure goes through the channels that somebody was in as well; who is in one now has an index.
CREATE INDEX channel_members_former ON channel_members (tenant_id, user_id, channel_id)
    WHERE status IN ('LEFT', 'REMOVED');
