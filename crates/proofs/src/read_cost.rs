//! `read-cost`: the database on which reading is measured.
//!
//! 1,000 channels with 5,000 messages each, three of ten of them replies, and one channel more with 60,000,
//! so that it has a thousand pages. In channel 150 nearly all are replies. Person 1 is in 300 channels of 20
//! members, has some messages left to read in each, and is mentioned in some of those.

use std::time::Instant;

use tokio_postgres::Client;

use crate::figures::print;
use crate::servers::Servers;

/// How much to store.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Channels.
    #[arg(long, default_value_t = 1_000)]
    channels: i64,
    /// Messages of each.
    #[arg(long, default_value_t = 5_000)]
    messages: i64,
    /// Messages of the channel that comes after those.
    #[arg(long, default_value_t = 60_000)]
    long: i64,
}

/// Channels that one statement fills.
const AT_ONCE: i64 = 50;

/// Empties the database and fills it; true, for there is nothing to hold.
pub(crate) async fn run(servers: &Servers, options: Options) -> anyhow::Result<bool> {
    servers.empty().await?;
    let mut client = servers.client().await?;
    let started = Instant::now();
    let long = options.channels.saturating_add(1);
    make_channels(&client, long).await?;
    let mut first = 1;
    while first <= options.channels {
        let last = first.saturating_add(AT_ONCE - 1).min(options.channels);
        let stored = (first - 1).saturating_mul(options.messages);
        fill(&mut client, (first, last), (options.messages, stored)).await?;
        first = last.saturating_add(1);
    }
    let stored = options.channels.saturating_mul(options.messages);
    fill(&mut client, (long, long), (options.long, stored)).await?;
    settle(&client).await?;
    let stored = client
        .query_one("SELECT count(*), count(parent_id) FROM messages", &[])
        .await?;
    print("messages", stored.try_get::<_, i64>(0)?);
    print("  replies among them", stored.try_get::<_, i64>(1)?);
    print("seconds to store them", started.elapsed().as_secs());
    Ok(true)
}

/// Channels 1 to `last`, of 20 people each: person 1 is in 1 to 299 and in the last.
async fn make_channels(client: &Client, last: i64) -> anyhow::Result<()> {
    let last_channel = format!(
        "INSERT INTO channels (id, tenant_id, kind, name, created_by, member_count)
         SELECT c, 1, 'GROUP', 'Channel ' || c, 2, 20 FROM generate_series(1, {last}) c;
         INSERT INTO channel_members (channel_id, user_id, tenant_id, role)
         SELECT c, CASE WHEN u = 1 AND (c < 300 OR c = {last}) THEN 1 ELSE c % 200 * 20 + u + 1 END, 1, 'MEMBER'
           FROM generate_series(1, {last}) c, generate_series(1, 20) u;
         INSERT INTO users (tenant_id, user_id, name, email)
         SELECT 1, u, 'Person ' || u, 'person' || u || '@example.com' FROM generate_series(1, 5000) u"
    );
    Ok(client.batch_execute(&last_channel).await?)
}

/// Fills some channels with so many messages each, in the order in which they would have been sent; so many
/// are stored already.
async fn fill(
    client: &mut Client,
    (first, last): (i64, i64),
    (messages, stored): (i64, i64),
) -> anyhow::Result<()> {
    let transaction = client.transaction().await?;
    transaction
        .execute(MESSAGES, &[&first, &last, &messages, &stored])
        .await?;
    transaction.execute(MENTIONS, &[&first, &last]).await?;
    transaction.execute(COUNTERS, &[&first, &last]).await?;
    transaction.execute(MARKS, &[&first, &last]).await?;
    Ok(transaction.commit().await?)
}

/// In most channels numbers 7, 8 and 9 of ten are replies to the first message, in channel 150 ninety-nine
/// of a hundred. `top` is how many are top-level up to a number.
const MESSAGES: &str = "
INSERT INTO messages (id, channel_id, seq, tenant_id, message_no, timeline_no, unread_no, sender_id, kind,
                      content, parent_id, mentions, created_at)
SELECT $4::bigint + (c - $1) * $3 + n, c, n + 1, 1, n, top, top, c % 200 * 20 + 3 + n % 18, 'TEXT',
       'Message ' || n || ' of channel ' || c || repeat(' and more', 10 + n::integer % 10),
       CASE WHEN n > 1 AND top = top_before THEN $4 + (c - $1) * $3 + 1 END,
       CASE WHEN n % 50 = 0 AND (c < 300 OR c > 1000) THEN ARRAY[1::bigint] ELSE '{}' END,
       now() - interval '100 days' + n * interval '1 minute'
  FROM generate_series($1::bigint, $2::bigint) c, generate_series(1, $3::bigint) n,
       LATERAL (SELECT CASE WHEN c = 150 THEN (n - 1) / 100 + 1 ELSE n / 10 * 7 + least(n % 10, 6) END AS top,
                       CASE WHEN c = 150 THEN (n - 2) / 100 + 1 ELSE (n - 1) / 10 * 7 + least((n - 1) % 10, 6) END AS top_before) t
 ORDER BY c, n";

const MENTIONS: &str = "
INSERT INTO message_mentions (channel_id, user_id, seq)
SELECT channel_id, 1, seq FROM messages WHERE channel_id BETWEEN $1 AND $2 AND mentions = ARRAY[1::bigint]";

const COUNTERS: &str = "
UPDATE channels c
   SET last_seq = m.seq, message_count = m.message_no, timeline_count = m.timeline_no,
       unread_count_base = m.unread_no, last_message_id = m.id, last_message_at = m.created_at
  FROM (SELECT DISTINCT ON (channel_id) * FROM messages WHERE channel_id BETWEEN $1 AND $2
         ORDER BY channel_id, seq DESC) m
 WHERE c.id = m.channel_id";

/// Everybody has read all but a few hundred messages.
const MARKS: &str = "
UPDATE channel_members p
   SET last_read_seq = m.seq, last_read_message_id = m.id, last_read_count = m.unread_no, last_read_at = m.created_at
  FROM channels c, messages m
 WHERE p.channel_id BETWEEN $1 AND $2 AND c.id = p.channel_id AND m.channel_id = c.id
   AND m.message_no = c.message_count - 20 * (p.user_id % 20)";

/// As autovacuum would leave it.
async fn settle(client: &Client) -> anyhow::Result<()> {
    for table in [
        "channels",
        "channel_members",
        "messages",
        "message_mentions",
        "users",
    ] {
        client
            .batch_execute(&format!("VACUUM (ANALYZE) {table}"))
            .await?;
    }
    Ok(())
}
