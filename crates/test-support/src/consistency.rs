//! What must hold of everything that is stored, whatever happened.

use crate::World;

/// Each finds rows that must not be.
const BREACHES: [(&str, &str); 15] = [
    (
        "seqs start at 1 and have no hole",
        "SELECT channel_id FROM channel_events GROUP BY channel_id
         HAVING min(seq) <> 1 OR count(*) <> max(seq)",
    ),
    (
        "a channel's newest seq is its newest event's",
        "SELECT id FROM channels c WHERE last_seq IS DISTINCT FROM
           (SELECT max(seq) FROM channel_events e WHERE e.channel_id = c.id)",
    ),
    (
        "each message has its event, and each such event its message",
        "SELECT 1 FROM messages m FULL JOIN
           (SELECT * FROM channel_events WHERE kind = 'message_created') e
             ON e.channel_id = m.channel_id AND e.seq = m.seq AND e.message_id = m.id
            AND e.tenant_id = m.tenant_id AND e.actor_id = m.sender_id
          WHERE m.id IS NULL OR e.seq IS NULL",
    ),
    (
        "within a channel the order of ids is the order of seqs",
        "SELECT 1 FROM (SELECT id, lag(id) OVER (PARTITION BY channel_id ORDER BY seq) AS before
                          FROM messages) m WHERE before >= id",
    ),
    (
        "messages are numbered 1, 2, 3 in the order of seqs; replies carry the timeline's numbers",
        "SELECT 1 FROM (SELECT message_no, timeline_no, unread_no,
                               count(*) OVER places AS place,
                               count(*) FILTER (WHERE parent_id IS NULL) OVER places AS timeline_place,
                               count(*) FILTER (WHERE parent_id IS NULL AND kind <> 'SYSTEM')
                                 OVER places AS unread_place
                          FROM messages
                        WINDOW places AS (PARTITION BY channel_id ORDER BY seq)) m
          WHERE (message_no, timeline_no, unread_no) <> (place, timeline_place, unread_place)",
    ),
    (
        "a channel's counters are its newest message's numbers",
        "SELECT 1 FROM channels c
          LEFT JOIN LATERAL (SELECT * FROM messages m WHERE m.channel_id = c.id
                              ORDER BY seq DESC LIMIT 1) m ON true
         WHERE (c.message_count, c.timeline_count, c.unread_count_base)
               <> (coalesce(m.message_no, 0), coalesce(m.timeline_no, 0), coalesce(m.unread_no, 0))
            OR c.last_message_id IS DISTINCT FROM m.id
            OR c.last_message_at IS DISTINCT FROM m.created_at",
    ),
    (
        "a channel's members are counted",
        "SELECT id FROM channels c WHERE member_count <>
           (SELECT count(*) FROM channel_members m
             WHERE m.channel_id = c.id AND status IN ('ACTIVE', 'MUTED'))",
    ),
    (
        "a mark is the seq and number of its message",
        "SELECT 1 FROM channel_members p JOIN messages m ON m.id = p.last_read_message_id
          WHERE (p.last_read_seq, p.last_read_count, p.channel_id)
                <> (m.seq, m.unread_no, m.channel_id)",
    ),
    (
        "who sent a message to all has read it",
        "SELECT 1 FROM messages m
           JOIN channel_members p ON p.channel_id = m.channel_id AND p.user_id = m.sender_id
          WHERE p.status IN ('ACTIVE', 'MUTED') AND p.last_read_seq < m.seq AND m.parent_id IS NULL",
    ),
    (
        "a reply is in the channel of its root, which is no reply, and numbered there",
        "SELECT 1 FROM (SELECT *, count(*) OVER (PARTITION BY parent_id ORDER BY seq) AS place
                          FROM messages WHERE parent_id IS NOT NULL) m
           LEFT JOIN messages r ON r.id = m.parent_id
          WHERE r.parent_id IS NOT NULL OR r.channel_id IS DISTINCT FROM m.channel_id
             OR m.reply_no IS DISTINCT FROM m.place",
    ),
    (
        "a root counts its replies",
        "SELECT 1 FROM messages r
           LEFT JOIN LATERAL (SELECT count(*) AS all_replies,
                                     count(*) FILTER (WHERE deleted_at IS NULL) AS replies
                                FROM messages m WHERE m.parent_id = r.id) m ON true
          WHERE (r.newest_reply_no, r.thread_count) <> (m.all_replies, m.replies)
             OR (r.last_reply_at IS NULL) <> (m.replies = 0)
             OR (cardinality(r.thread_participants) = 0) <> (m.replies = 0)",
    ),
    (
        "a tombstone says nothing",
        "SELECT 1 FROM messages m WHERE deleted_at IS NOT NULL
            AND (content IS NOT NULL OR metadata IS NOT NULL OR reactions IS NOT NULL OR mentions <> '{}'
                 OR EXISTS (SELECT 1 FROM message_edits e WHERE e.message_id = m.id))",
    ),
    (
        "reactions are those that the log tells of, once a person and emoji",
        "SELECT 1 FROM (
           SELECT message_id, emoji, user_id, sum(step) AS reactions FROM (
             SELECT e.message_id, payload ->> 'emoji' AS emoji, (payload ->> 'userId')::bigint AS user_id,
                    CASE e.kind WHEN 'reaction_added' THEN 1 ELSE -1 END AS step
               FROM channel_events e JOIN messages m ON m.id = e.message_id AND m.deleted_at IS NULL
              WHERE e.kind IN ('reaction_added', 'reaction_removed')
             UNION ALL
             SELECT m.id, r ->> 'emoji', u::bigint, -1
               FROM messages m, jsonb_array_elements(m.reactions) r, jsonb_array_elements_text(r -> 'userIds') u
           ) steps GROUP BY 1, 2, 3) sums WHERE reactions <> 0",
    ),
    (
        "earlier versions are numbered 1, 2, 3, one for each edit of a message that is there",
        "SELECT 1 FROM messages m
           LEFT JOIN LATERAL (SELECT count(*) AS edits, coalesce(max(version), 0) AS newest
                                FROM message_edits e WHERE e.message_id = m.id) v ON true
           LEFT JOIN LATERAL (SELECT count(*) AS told FROM channel_events e
                               WHERE e.message_id = m.id AND e.kind = 'message_edited') t ON true
          WHERE m.deleted_at IS NULL AND (v.edits <> v.newest OR v.edits <> t.told
             OR (m.edited_at IS NULL) <> (v.edits = 0))",
    ),
    (
        "whom a message mentions is counted, and nobody else",
        "WITH named AS (
           SELECT channel_id, unnest(CASE WHEN mentions_everyone IS NULL THEN mentions ELSE '{0}' END) AS user_id, seq
             FROM messages WHERE deleted_at IS NULL),
         counted AS (
           SELECT x.channel_id, x.user_id, x.seq FROM message_mentions x
             JOIN messages m ON m.channel_id = x.channel_id AND m.seq = x.seq AND m.deleted_at IS NULL)
         (TABLE named EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE named)",
    ),
];

/// The rows of all tables of the core, as text, in an order of their own.
const EVERYTHING: &str = "
SELECT concat_ws(E'\\n',
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.id) FROM channels r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.channel_id, r.user_id) FROM channel_members r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.id) FROM messages r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.message_id, r.version) FROM message_edits r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.message_id, r.user_id) FROM thread_followers r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.channel_id, r.user_id, r.seq) FROM message_mentions r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.channel_id, r.seq) FROM channel_events r))";

impl World {
    /// Fails when seqs have holes, numbers or counters are wrong, messages lack their events and so on.
    /// Not for logs that were pruned.
    pub async fn require_consistent(&self) {
        let client = self.database.client().await;
        for (rule, breaches) in BREACHES {
            let rows = client.query(breaches, &[]).await;
            let rows = rows.expect("the database must be there");
            assert!(rows.is_empty(), "{} times broken: {rule}", rows.len());
        }
    }

    /// Everything that is stored in channels, as text: to see that a refusal changed nothing.
    pub async fn everything(&self) -> String {
        let client = self.database.client().await;
        let row = client.query_one(EVERYTHING, &[]).await;
        row.expect("the database must be there").get(0)
    }
}
