//! The statements of a group.

/// Locks the channels, in the order of their ids, and reads what they have given out.
pub(super) const LOCK: &str = "
SELECT id, tenant_id, kind, is_private, archived_at IS NOT NULL, last_seq, message_count, timeline_count, unread_count_base
  FROM channels WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE";

/// Looks at sends and mentions: memberships, messages known under the same client ids, and ids for new
/// messages in the order of the sends. The senders' rows are locked in order, because their marks will
/// move; the condition on their count makes PostgreSQL lock them.
///
/// LATERAL and LIMIT make it look up row by row in the indexes whatever it thinks of the tables' sizes.
/// A join, planned once while `messages` was new and small, went on to read all of `messages` for every
/// group until the next ANALYZE: 300 sends a second instead of thousands.
pub(super) const LOOK: &str = "
WITH asked AS (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::uuid[], $5::boolean[])
         WITH ORDINALITY AS a (tenant_id, channel_id, user_id, client_id, sends, ord)
), senders AS (
  SELECT DISTINCT channel_id, user_id FROM asked WHERE sends ORDER BY channel_id, user_id
), locked AS MATERIALIZED (
  SELECT 1 FROM senders s CROSS JOIN LATERAL (
    SELECT 1 FROM channel_members m
     WHERE m.channel_id = s.channel_id AND m.user_id = s.user_id FOR NO KEY UPDATE) m
)
SELECT a.ord, m.role, m.status, s.id AS stored_id, s.fingerprint AS stored_fingerprint,
       CASE WHEN a.sends THEN nextval('messages_id_seq') END AS drawn_id
  FROM asked a
  LEFT JOIN LATERAL (
    SELECT role, status FROM channel_members
     WHERE channel_id = a.channel_id AND user_id = a.user_id LIMIT 1) m ON true
  LEFT JOIN LATERAL (
    SELECT id, fingerprint FROM messages
     WHERE tenant_id = a.tenant_id AND sender_id = a.user_id AND client_message_id = a.client_id LIMIT 1) s ON true
 WHERE (SELECT count(*) FROM locked) >= 0
 ORDER BY a.ord";

/// Stores what was decided: messages, events, the channels' counters and the senders' own marks.
pub(super) const WRITE: &str = "
WITH sent AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::uuid[], $15::text[], $16::text[])
         AS s (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id,
               kind, content, mentions, metadata, client_message_id, fingerprint, correlation_id, traceparent)
), now AS MATERIALIZED (
  SELECT $17::uuid AS group_id, $18::timestamptz AS at
), heads AS (
  UPDATE channels c
     SET last_seq = h.last_seq, message_count = h.message_count, timeline_count = h.timeline_count,
         unread_count_base = h.unread_count_base, last_message_id = h.last_message_id, last_message_at = now.at
    FROM unnest($19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[])
         AS h (id, last_seq, message_count, timeline_count, unread_count_base, last_message_id), now
   WHERE c.id = h.id
), stored AS (
  INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind, content,
                        mentions, metadata, client_message_id, fingerprint, created_at)
  SELECT s.id, s.channel_id, s.seq, s.tenant_id, s.message_no, s.timeline_no, s.unread_no, s.sender_id, s.kind, s.content,
         s.mentions::bigint[], s.metadata::jsonb, s.client_message_id, s.fingerprint, now.at
    FROM sent s, now
), logged AS (
  INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, group_id, correlation_id, traceparent, created_at)
  SELECT s.channel_id, s.seq, s.tenant_id, 'message_created', s.sender_id, s.id, now.group_id, s.correlation_id, s.traceparent, now.at
    FROM sent s, now
)
UPDATE channel_members m
   SET last_read_seq = r.seq, last_read_message_id = r.message_id, last_read_count = r.count, last_read_at = now.at
  FROM unnest($25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[])
       AS r (channel_id, user_id, seq, message_id, count), now
 WHERE m.channel_id = r.channel_id AND m.user_id = r.user_id AND m.last_read_seq < r.seq";

/// Stores one message, if its channel has given out nothing since its facts were looked up: whatever
/// decides on a send (membership, role, silence, archive) changes only together with a seq.
pub(super) const LONE: &str = "
WITH head AS (
  UPDATE channels
     SET last_seq = last_seq + 1, message_count = message_count + 1, timeline_count = timeline_count + 1,
         unread_count_base = unread_count_base + 1, last_message_id = nextval('messages_id_seq'),
         last_message_at = $10::timestamptz
   WHERE id = $1::bigint AND last_seq = $2::bigint
  RETURNING last_seq, message_count, timeline_count, unread_count_base, last_message_id
), stored AS (
  INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind,
                        content, metadata, client_message_id, fingerprint, created_at)
  SELECT h.last_message_id, $1::bigint, h.last_seq, $3::bigint, h.message_count, h.timeline_count,
         h.unread_count_base, $4::bigint, $5::text, $6::text, $11::text::jsonb, $7::uuid, $8::uuid,
         $10::timestamptz
    FROM head h
), logged AS (
  INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, group_id,
                              correlation_id, traceparent, created_at)
  SELECT $1::bigint, h.last_seq, $3::bigint, 'message_created', $4::bigint, h.last_message_id, $9::uuid,
         $12::text, $13::text, $10::timestamptz
    FROM head h
), mark AS (
  UPDATE channel_members m
     SET last_read_seq = h.last_seq, last_read_message_id = h.last_message_id,
         last_read_count = h.unread_count_base, last_read_at = $10::timestamptz
    FROM head h
   WHERE m.channel_id = $1::bigint AND m.user_id = $4::bigint AND m.last_read_seq < h.last_seq
)
SELECT last_message_id FROM head";

/// Finds out whether an event is of a group: then which message it brought.
pub(super) const FIND_GROUP: &str =
    "SELECT message_id FROM channel_events WHERE channel_id = $1 AND seq = $2 AND group_id = $3";
