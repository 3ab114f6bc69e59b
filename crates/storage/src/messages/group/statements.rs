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

/// Stores what was decided: messages, whom they mention, events, the channels' counters and the senders' own marks.
pub(super) const WRITE: &str = "
WITH sent AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::uuid[], $15::text[], $16::text[],
                       $30::bigint[], $31::bigint[], $32::text[])
         AS s (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id,
               kind, content, mentions, metadata, client_message_id, fingerprint, correlation_id, traceparent,
               parent_id, reply_no, mentions_everyone)
), now AS MATERIALIZED (
  SELECT $17::uuid AS group_id, $18::timestamptz AS at
), heads AS (
  UPDATE channels c
     SET last_seq = h.last_seq, message_count = h.message_count, timeline_count = h.timeline_count,
         unread_count_base = h.unread_count_base, last_message_id = coalesce(h.last_message_id, c.last_message_id),
         last_message_at = CASE WHEN h.last_message_id IS NULL THEN c.last_message_at ELSE now.at END
    FROM unnest($19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[])
         AS h (id, last_seq, message_count, timeline_count, unread_count_base, last_message_id), now
   WHERE c.id = h.id
), stored AS (
  INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind, content,
                        mentions, metadata, client_message_id, fingerprint, parent_id, reply_no, created_at,
                        mentions_everyone)
  SELECT s.id, s.channel_id, s.seq, s.tenant_id, s.message_no, s.timeline_no, s.unread_no, s.sender_id, s.kind, s.content,
         s.mentions::bigint[], s.metadata::jsonb, s.client_message_id, s.fingerprint, s.parent_id, s.reply_no, now.at,
         s.mentions_everyone
    FROM sent s, now
), mentioned AS (
  INSERT INTO message_mentions (channel_id, user_id, seq)
  SELECT * FROM unnest($33::bigint[], $34::bigint[], $35::bigint[])
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

/// Looks at the messages that a group changes or replies to, and at the roots of those that are replies
/// themselves, and locks them in the order of their ids; of the channels that are locked, no others.
pub(super) const TARGETS: &str = "
SELECT m.id, m.channel_id, m.seq, m.tenant_id, m.message_no, m.timeline_no, m.unread_no, m.sender_id, m.kind, m.content,
       m.parent_id, m.thread_count, m.newest_reply_no, m.last_reply_at, m.thread_participants, m.reactions, m.mentions,
       m.mentions_everyone,
       m.metadata, m.client_message_id, m.edited_at, m.deleted_at, m.deleted_by, m.created_at,
       u.user_id, u.name, u.email, u.avatar_url
  FROM messages m
  LEFT JOIN users u ON u.tenant_id = m.tenant_id AND u.user_id = m.sender_id
 WHERE m.id = ANY(ARRAY(
         SELECT id FROM unnest($1::bigint[]) AS asked (id)
          UNION
         SELECT parent_id FROM messages WHERE id = ANY($1::bigint[]) AND parent_id IS NOT NULL))
   AND m.channel_id = ANY($2::bigint[])
 ORDER BY m.id
   FOR NO KEY UPDATE OF m";

/// Stores what became of messages, and the events that tell of it. What was not said anew keeps its text
/// as it lies. The ids are named twice so that they are looked up in the index, whatever PostgreSQL thinks
/// of the table's size.
pub(super) const CHANGE: &str = "
WITH now AS MATERIALIZED (
  SELECT $1::uuid AS group_id, $2::timestamptz AS at
), changed AS (
  UPDATE messages m
     SET content = CASE WHEN c.is_said THEN c.content ELSE m.content END,
         mentions = CASE WHEN c.is_said THEN c.mentions::bigint[] ELSE m.mentions END,
         mentions_everyone = CASE WHEN c.is_said THEN c.everyone ELSE m.mentions_everyone END,
         metadata = CASE WHEN c.is_said THEN c.metadata::jsonb ELSE m.metadata END,
         reactions = c.reactions::jsonb, edited_at = c.edited_at, deleted_at = c.deleted_at, deleted_by = c.deleted_by,
         thread_count = c.thread_count::integer, newest_reply_no = c.newest_reply_no, last_reply_at = c.last_reply_at,
         thread_participants = c.participants::bigint[]
    FROM unnest($3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
                $10::timestamptz[], $11::bigint[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::text[],
                $34::text[])
         AS c (id, is_said, content, mentions, metadata, reactions, edited_at, deleted_at, deleted_by, thread_count,
               newest_reply_no, last_reply_at, participants, everyone)
   WHERE m.id = c.id AND m.id = ANY($3::bigint[])
), kept AS (
  INSERT INTO message_edits (message_id, version, content, edited_at, edited_by)
  SELECT v.message_id, v.place + (SELECT coalesce(max(version), 0) FROM message_edits e WHERE e.message_id = v.message_id),
         v.content, now.at, v.edited_by
    FROM unnest($16::bigint[], $17::bigint[], $18::text[], $19::bigint[]) AS v (message_id, place, content, edited_by), now
), forgotten AS (
  DELETE FROM message_edits WHERE message_id = ANY($20::bigint[])
), old AS MATERIALIZED (
  SELECT m.id, m.channel_id, m.seq, m.mentions, n.counted::bigint[] AS counted
    FROM messages m, unnest($3::bigint[], $4::boolean[], $35::text[]) AS n (id, is_said, counted)
   WHERE m.id = n.id AND m.id = ANY($3::bigint[]) AND n.is_said
), unmentioned AS (
  DELETE FROM message_mentions x USING old
   WHERE x.channel_id = old.channel_id AND x.user_id = ANY(0 || old.mentions) AND x.seq = old.seq
     AND x.user_id <> ALL(old.counted)
), mentioned AS (
  INSERT INTO message_mentions (channel_id, user_id, seq)
  SELECT old.channel_id, u.user_id, old.seq FROM old, unnest(old.counted) AS u (user_id)
      ON CONFLICT DO NOTHING
), repliers AS (
  INSERT INTO thread_followers AS f (message_id, user_id, is_following)
  SELECT message_id, user_id, true FROM unnest($21::bigint[], $22::bigint[]) AS r (message_id, user_id)
      ON CONFLICT (message_id, user_id) DO UPDATE SET is_following = true WHERE NOT f.is_following
), others AS (
  INSERT INTO thread_followers (message_id, user_id, is_following)
  SELECT message_id, user_id, true FROM unnest($23::bigint[], $24::bigint[]) AS o (message_id, user_id)
      ON CONFLICT (message_id, user_id) DO NOTHING
)
INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, message_id, payload, group_id, correlation_id,
                            traceparent, created_at)
SELECT e.channel_id, e.seq, e.tenant_id, e.kind, e.actor_id, e.message_id, e.payload::jsonb, now.group_id,
       e.correlation_id, e.traceparent, now.at
  FROM unnest($25::bigint[], $26::bigint[], $27::bigint[], $28::text[], $29::bigint[], $30::bigint[], $31::text[],
              $32::text[], $33::text[])
       AS e (channel_id, seq, tenant_id, kind, actor_id, message_id, payload, correlation_id, traceparent), now";

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
