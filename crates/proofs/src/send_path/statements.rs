//! How many statements the server was asked for.

use tokio_postgres::Client;

use crate::servers::Servers;

const CALLS: &str = "
SELECT coalesce(sum(calls), 0)::bigint,
       coalesce(sum(calls) FILTER (WHERE query ILIKE 'begin%'), 0)::bigint,
       coalesce(sum(calls) FILTER (WHERE query ILIKE 'commit%'), 0)::bigint
  FROM pg_stat_statements
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND query NOT LIKE '%pg_stat_statements%'";

/// Reads `pg_stat_statements`, on a connection of its own.
pub(super) struct Counter {
    client: Client,
}

/// Statements so far, or over a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calls {
    /// Every one, BEGIN and COMMIT too.
    pub(super) all: u64,
    pub(super) begins: u64,
    pub(super) commits: u64,
}

impl Counter {
    pub(super) async fn new(servers: &Servers) -> anyhow::Result<Self> {
        let client = servers.client().await?;
        Ok(Self { client })
    }

    /// In this database, by anybody.
    pub(super) async fn calls(&self) -> anyhow::Result<Calls> {
        let row = self.client.query_one(CALLS, &[]).await?;
        let number = |column: usize| -> anyhow::Result<u64> {
            Ok(u64::try_from(row.try_get::<_, i64>(column)?)?)
        };
        Ok(Calls {
            all: number(0)?,
            begins: number(1)?,
            commits: number(2)?,
        })
    }
}

impl Calls {
    /// What came since.
    pub(super) const fn since(&self, before: &Self) -> Self {
        Self {
            all: self.all.saturating_sub(before.all),
            begins: self.begins.saturating_sub(before.begins),
            commits: self.commits.saturating_sub(before.commits),
        }
    }
}
