-- People who want all that they wrote to be gone (GDPR), and how far that has come.
--
-- The worker goes through their channels by id and through each by seq; (channel_id, seq) is how far it is. What
-- is not newer than newest_id when they ask is erased. Who holds a job loses it when held_until is over, and when
-- the person asks anew: then it begins from the first channel again, where tombstones are passed over.
CREATE TABLE erasure_jobs (
    tenant_id   bigint NOT NULL,
    user_id     bigint NOT NULL,
    asked_at    timestamptz NOT NULL,
    newest_id   bigint NOT NULL,
    channel_id  bigint NOT NULL DEFAULT 0,
    seq         bigint NOT NULL DEFAULT 0,
    erased      bigint NOT NULL DEFAULT 0,
    holder      uuid,
    held_until  timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX erasure_jobs_open ON erasure_jobs (asked_at) WHERE finished_at IS NULL;
