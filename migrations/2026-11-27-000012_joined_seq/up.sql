-- Where in the channel's log a member came in: what was said before was not said to them, and they have no receipts
-- of it. Of who was in before this column was there it is not known: 0.
ALTER TABLE channel_members ADD COLUMN joined_seq bigint NOT NULL DEFAULT 0;
