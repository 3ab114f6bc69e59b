//! A database as people leave it: texts of all lengths, replies, reactions, mentions, edits, tombstones.

use anyhow::Context as _;
use discuss_domain::Seq;
use discuss_domain::channels::Counters;
use tokio_postgres::Client;

/// The channel that is read; 50 others have as many messages.
pub(super) const HOT: i64 = 7;

/// Stores it, and answers the counters of the channel that is read.
pub(super) async fn store(client: &Client) -> anyhow::Result<Counters> {
    for statement in [CHANNELS, MEMBERS, PEOPLE, MESSAGES, COUNTERS] {
        client.batch_execute(statement).await?;
    }
    for table in ["channels", "channel_members", "messages", "users"] {
        let settle = format!("VACUUM (ANALYZE) {table}");
        client.batch_execute(&settle).await?;
    }
    let counters = "SELECT last_seq, message_count, timeline_count, unread_count_base
                      FROM channels WHERE id = 7";
    let row = client.query_one(counters, &[]).await;
    let row = row.context("the channel that is read")?;
    Ok(Counters {
        last_seq: Seq::from(row.try_get::<_, i64>(0)?),
        message_count: row.try_get(1)?,
        timeline_count: row.try_get(2)?,
        unread_count_base: row.try_get(3)?,
    })
}

const CHANNELS: &str = "
INSERT INTO channels (id, tenant_id, kind, name, created_by, member_count)
SELECT c, 1, 'GROUP', 'Channel ' || c, 1, 20 FROM generate_series(1, 51) c";

const MEMBERS: &str = "
INSERT INTO channel_members (channel_id, user_id, tenant_id, role)
SELECT c, u, 1, 'MEMBER' FROM generate_series(1, 51) c, generate_series(1, 20) u";

const PEOPLE: &str = "
INSERT INTO users (tenant_id, user_id, name, email)
SELECT 1, u, 'Nguyễn Văn ' || u, 'nguyen.van' || u || '@example.com' FROM generate_series(1, 20) u";

/// `dice` is any number from 0 to 99, the same on every run. Half of the texts are shorter than 75
/// characters, one of twenty is longer than 700. Every message may be a root: whoever replies does so to the
/// message ten before.
const MESSAGES: &str = "
INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind,
                      content, parent_id, thread_count, last_reply_at, thread_participants, mentions, reactions,
                      metadata, client_message_id, edited_at, deleted_at, deleted_by, created_at)
SELECT n * 51 + c, c, n + 1, 1, n, n - n / 5, n - n / 5, 1 + dice % 20, 'TEXT',
       CASE WHEN dice <> 13 THEN substr(words, 1 + dice::integer, (40 + 3 ^ (dice / 16.0))::integer) END,
       CASE WHEN n % 5 = 0 THEN (n - 4) * 51 + c END,
       CASE WHEN n % 5 = 1 THEN 1 ELSE 0 END,
       CASE WHEN n % 5 = 1 THEN now() END,
       CASE WHEN n % 5 = 1 THEN ARRAY[1 + dice % 19]::bigint[] ELSE '{}' END,
       CASE WHEN dice % 10 = 0 THEN ARRAY[1 + dice % 20]::bigint[] ELSE '{}' END,
       CASE WHEN dice % 4 = 0 THEN '[{\"emoji\": \"👍\", \"userIds\": [3, 9, 17]}, {\"emoji\": \"🎉\", \"userIds\": [2]}]'::jsonb END,
       CASE WHEN dice % 25 = 0 THEN '{\"language\": \"rust\", \"folded\": true}'::jsonb END,
       gen_random_uuid(),
       CASE WHEN dice % 16 = 0 THEN now() END,
       CASE WHEN dice = 13 THEN now() END, CASE WHEN dice = 13 THEN 1 END,
       now() - interval '10 days' + n * interval '1 minute'
  FROM generate_series(1::bigint, 51) c, generate_series(1::bigint, 2000) n,
       LATERAL (SELECT (n * 7919 + c * 104729) % 100 AS dice) d,
       (SELECT repeat('Hợp đồng với khách hàng đã ký, the offer for **Acme** goes out on Monday; see `SO-2024/00123`. ', 60) AS words) w
 ORDER BY n, c";

const COUNTERS: &str = "
UPDATE channels c
   SET last_seq = m.seq, message_count = m.message_no, timeline_count = m.timeline_no,
       unread_count_base = m.unread_no, last_message_id = m.id, last_message_at = m.created_at
  FROM (SELECT DISTINCT ON (channel_id) * FROM messages ORDER BY channel_id, seq DESC) m
 WHERE c.id = m.channel_id";
