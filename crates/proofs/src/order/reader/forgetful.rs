//! A reader by snapshots that goes on with the one it had after its connection was lost. A crash may
//! have taken transaction ids back that this snapshot counts as over.

use tokio_postgres::Client;

use super::super::told::Told;
use super::txids::tell;
use crate::servers::Servers;

/// The channels with news since a snapshot, and the snapshot of now.
const NEWS: &str = "
SELECT s.snap::text, pg_snapshot_xmax(s.snap)::text::bigint,
       ARRAY(SELECT pg_snapshot_xip(s.snap)::text::bigint),
       ARRAY(SELECT DISTINCT channel_id FROM channel_events
              WHERE (txid >= $1 AND txid < pg_snapshot_xmax(s.snap)::text::bigint) OR txid = ANY($2::bigint[]))
  FROM (SELECT pg_current_snapshot() AS snap) s";
const ROWS: &str = "
SELECT 0::bigint, e.channel_id, e.seq, e.kind, e.actor_id, e.message_id, m.content::text
  FROM channel_events e LEFT JOIN messages m ON m.id = e.message_id
 WHERE e.channel_id = $1 AND e.seq > $2 ORDER BY e.seq";

pub(super) struct Forgetful {
    servers: Servers,
    client: Option<Client>,
    xmax: i64,
    under_way: Vec<i64>,
}

impl Forgetful {
    pub(super) fn new(servers: &Servers) -> Self {
        Self {
            servers: servers.clone(),
            client: None,
            xmax: 0,
            under_way: Vec::new(),
        }
    }

    pub(super) async fn pass(&mut self, told: &mut Told) -> anyhow::Result<()> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.servers.client().await?,
        };
        let news = client
            .query_one(NEWS, &[&self.xmax, &self.under_way])
            .await?;
        let channels: Vec<i64> = news.try_get(3)?;
        for channel in channels {
            let head = told.head(channel.into());
            for row in client.query(ROWS, &[&channel, &head]).await? {
                tell(told, &row)?;
            }
        }
        self.xmax = news.try_get(1)?;
        self.under_way = news.try_get(2)?;
        self.client = Some(client);
        Ok(())
    }
}
