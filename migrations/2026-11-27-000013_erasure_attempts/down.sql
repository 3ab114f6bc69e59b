DROP INDEX channel_members_former;
ALTER TABLE erasure_jobs DROP COLUMN attempts;
