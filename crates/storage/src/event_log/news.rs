//! What was committed lately, whichever channel it is in.
//!
//! A row's transaction id says only where to look for news: ids are given out before row locks are
//! waited for, so a lower id may commit a higher seq. A pass therefore looks at every row whose
//! transaction was not yet over for the last complete pass, and order comes from seq alone.

use discuss_domain::{ChannelId, Seq};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use crate::database::answered;
use crate::{Database, StorageError};

/// The plan that was measured: by the index on txid, however many rows are new.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off \
     -c max_parallel_workers_per_gather=0";

const NEWS: &str = "
SELECT s.snap::text, n.channel_id, n.max_seq, n.membership
  FROM (SELECT pg_current_snapshot() AS snap) s
  LEFT JOIN LATERAL (
    SELECT channel_id, max(seq) AS max_seq, bool_or(kind IN ('channel_created', 'member_added')) AS membership
      FROM (SELECT channel_id, seq, kind FROM channel_events
             WHERE txid >= $1 AND txid < pg_snapshot_xmax(s.snap)::text::bigint
            UNION ALL
            SELECT channel_id, seq, kind FROM channel_events WHERE txid = ANY($2::bigint[])) e
     GROUP BY channel_id) n ON true";

/// Which transactions were over when a pass looked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Snapshot {
    /// No transaction from this one on had been begun.
    xmax: i64,
    /// Those below it that were still under way.
    under_way: Vec<i64>,
}

/// A channel in which something was committed since the last pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelNews {
    /// The channel.
    pub channel: ChannelId,
    /// The highest seq among the news; all seqs below it are visible too.
    pub last_seq: Seq,
    /// Somebody may have joined by it.
    pub has_joins: bool,
}

/// Reads the news, on a connection of its own.
///
/// The first pass after [`NewsReader::connect`] has nothing to start from and brings no news: what was
/// committed before is to be found by comparing heads. So it is whenever the connection was lost, since
/// after a crash the same transaction ids can be given out again.
pub struct NewsReader {
    client: Client,
    news: Statement,
    last: Option<Snapshot>,
}

impl NewsReader {
    /// Connects.
    pub async fn connect(database: &Database) -> Result<Self, StorageError> {
        let client = database.client("discuss-news", SESSION).await?;
        let news = answered(client.prepare(NEWS)).await?;
        Ok(Self {
            client,
            news,
            last: None,
        })
    }

    /// One pass. Compare heads once after the first pass, not before it.
    ///
    /// After an error the reader is of no more use.
    pub async fn pass(&mut self) -> Result<Vec<ChannelNews>, StorageError> {
        let (xmax, under_way) = match &self.last {
            Some(last) => (last.xmax, last.under_way.clone()),
            // Nothing has a transaction id as high as this.
            None => (i64::MAX, Vec::new()),
        };
        let parameters: [&(dyn ToSql + Sync); 2] = [&xmax, &under_way];
        let rows = answered(self.client.query(&self.news, &parameters)).await?;
        let mut news = Vec::new();
        for row in &rows {
            self.last = Some(Snapshot::parse(row.try_get(0)?)?);
            let channel: Option<i64> = row.try_get(1)?;
            if let Some(channel) = channel {
                news.push(ChannelNews {
                    channel: ChannelId::from(channel),
                    last_seq: Seq::from(row.try_get::<_, i64>(2)?),
                    has_joins: row.try_get(3)?,
                });
            }
        }
        Ok(news)
    }
}

impl Snapshot {
    /// Reads PostgreSQL's `xmin:xmax:xip,xip,…`.
    fn parse(text: &str) -> Result<Self, StorageError> {
        let corrupt = || StorageError::corrupt("pg_current_snapshot", "text", text);
        let mut parts = text.split(':').skip(1);
        let xmax = parts
            .next()
            .and_then(|part| part.parse().ok())
            .ok_or_else(corrupt)?;
        let under_way = parts.next().unwrap_or_default();
        let ids = under_way.split(',').filter(|id| !id.is_empty());
        let under_way: Result<Vec<i64>, _> = ids.map(str::parse).collect();
        Ok(Self {
            xmax,
            under_way: under_way.ok().ok_or_else(corrupt)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_as_postgresql_writes_it() {
        let snapshot = Snapshot::parse("10:20:11,15").unwrap();
        assert_eq!(
            snapshot,
            Snapshot {
                xmax: 20,
                under_way: vec![11, 15]
            }
        );
        assert_eq!(
            Snapshot::parse("20:20:").unwrap().under_way,
            Vec::<i64>::new()
        );
        assert!(Snapshot::parse("nothing").is_err());
    }
}
