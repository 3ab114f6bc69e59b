//! A reader that is ordered by transaction id, as one might think is enough. It is not: ids are given
//! out before locks are waited for.

use discuss_domain::{ChannelId, Seq};
use tokio_postgres::{Client, Row};

use super::super::told::{Told, digest};
use crate::servers::Servers;

const ROWS: &str = "
SELECT e.txid, e.channel_id, e.seq, e.kind, e.actor_id, e.message_id, m.content::text
  FROM channel_events e LEFT JOIN messages m ON m.id = e.message_id
 WHERE e.txid > $1 ORDER BY e.txid, e.channel_id, e.seq";

pub(super) struct ByTxid {
    servers: Servers,
    client: Option<Client>,
    last: i64,
}

impl ByTxid {
    pub(super) fn new(servers: &Servers) -> Self {
        Self {
            servers: servers.clone(),
            client: None,
            last: 0,
        }
    }

    pub(super) async fn pass(&mut self, told: &mut Told) -> anyhow::Result<()> {
        let client = match self.client.take() {
            Some(client) => client,
            None => self.servers.client().await?,
        };
        for row in client.query(ROWS, &[&self.last]).await? {
            self.last = row.try_get(0)?;
            tell(told, &row)?;
        }
        self.client = Some(client);
        Ok(())
    }
}

/// Tells a row of: anything, channel, seq, kind, actor, message, text.
pub(super) fn tell(told: &mut Told, row: &Row) -> anyhow::Result<()> {
    let said = digest((
        row.try_get(3)?,
        row.try_get(4)?,
        row.try_get(5)?,
        row.try_get(6)?,
    ));
    let channel = ChannelId::from(row.try_get::<_, i64>(1)?);
    told.tell(channel, Seq::from(row.try_get::<_, i64>(2)?), said);
    Ok(())
}
