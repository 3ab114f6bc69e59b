//! The cache that might be: a page of a channel under a key, after the seq at which it was read.

use anyhow::Context as _;
use discuss_domain::messages::Message;
use discuss_domain::{ChannelId, Seq};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;

use super::entry::Entry;

/// A connection to it, shared by all readers as those of a process would share one.
#[derive(Clone)]
pub(super) struct Cache {
    connection: ConnectionManager,
}

impl Cache {
    /// Connects.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        let connection = redis::Client::open(url)?.get_connection_manager().await?;
        Ok(Self { connection })
    }

    /// Keeps a page, as it was when the channel had that seq; answers how many bytes it takes.
    pub(super) async fn put(
        &mut self,
        channel: ChannelId,
        seq: Seq,
        page: &[Message],
    ) -> anyhow::Result<usize> {
        let entries: Vec<Entry> = page.iter().map(Entry::of).collect();
        let mut bytes = seq.get().to_be_bytes().to_vec();
        serde_json::to_writer(&mut bytes, &entries)?;
        let () = self.connection.set(key(channel), &bytes).await?;
        Ok(bytes.len())
    }

    /// The page as it is kept.
    pub(super) async fn get_bytes(&mut self, channel: ChannelId) -> anyhow::Result<Vec<u8>> {
        let kept: Option<Vec<u8>> = self.connection.get(key(channel)).await?;
        kept.context("the page is not in the cache")
    }

    /// The page, unless the channel has had another seq since.
    pub(super) async fn get(
        &mut self,
        channel: ChannelId,
        seq: Seq,
    ) -> anyhow::Result<Option<Vec<Message>>> {
        let kept = self.get_bytes(channel).await?;
        let (at, entries) = kept.split_first_chunk().context("an empty page")?;
        if i64::from_be_bytes(*at) != seq.get() {
            return Ok(None);
        }
        let entries: Vec<Entry> = serde_json::from_slice(entries)?;
        let messages: Option<Vec<Message>> = entries.into_iter().map(Entry::message).collect();
        messages
            .context("the page in the cache is not one of ours")
            .map(Some)
    }

    /// The server's process.
    pub(super) async fn server(&mut self) -> anyhow::Result<i32> {
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut self.connection)
            .await?;
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        Ok(line
            .context("Redis does not tell its process")?
            .trim()
            .parse()?)
    }
}

fn key(channel: ChannelId) -> String {
    format!("page-cache:{channel}")
}
