//! What must hold of everything that is stored, whatever happened.

use crate::World;

/// Each finds rows that must not be.
const BREACHES: [(&str, &str); 9] = [
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
        "messages are numbered 1, 2, 3 in the order of seqs",
        "SELECT 1 FROM (SELECT message_no, timeline_no, unread_no,
                               count(*) OVER places AS place,
                               count(*) FILTER (WHERE kind <> 'SYSTEM') OVER places AS unread_place
                          FROM messages WHERE parent_id IS NULL
                        WINDOW places AS (PARTITION BY channel_id ORDER BY seq)) m
          WHERE (message_no, timeline_no, unread_no) <> (place, place, unread_place)",
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
        "who sent a message has read it",
        "SELECT 1 FROM messages m
           JOIN channel_members p ON p.channel_id = m.channel_id AND p.user_id = m.sender_id
          WHERE p.status IN ('ACTIVE', 'MUTED') AND p.last_read_seq < m.seq",
    ),
];

/// The rows of all tables of the core, as text, in an order of their own.
const EVERYTHING: &str = "
SELECT concat_ws(E'\\n',
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.id) FROM channels r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.channel_id, r.user_id) FROM channel_members r),
  (SELECT string_agg(r::text, E'\\n' ORDER BY r.id) FROM messages r),
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
