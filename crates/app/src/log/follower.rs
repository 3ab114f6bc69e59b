//! Following the log: news after news, and when to compare heads.

use std::time::Duration;

use tokio::time::Instant;

use super::{ChannelNews, NewsReader, news};
use crate::{App, AppError};

/// Heads are compared so often, whatever the news say.
const COMPARE_EVERY: Duration = Duration::from_mins(1);

/// Follows the log's news over lost connections.
///
/// What a pass found must be kept until it was handled, as a [`super::tail::Tail`] does, or the
/// gateways' hub: the next pass does not bring it again.
#[derive(Default)]
pub struct Follower {
    reader: Option<NewsReader>,
    compared_at: Option<Instant>,
}

impl Follower {
    /// One pass. Look at [`Self::must_compare`] after it, not before.
    pub async fn pass(&mut self, app: &App) -> Result<Vec<ChannelNews>, AppError> {
        let mut reader = if let Some(reader) = self.reader.take() {
            reader
        } else {
            self.compared_at = None;
            news(app).await?
        };
        let found = reader.pass().await?;
        self.reader = Some(reader);
        Ok(found)
    }

    /// Must the heads be compared with `channels.last_seq` now? So it is after the first pass on each
    /// connection, which has nothing to start from and brings nothing (after a crash the same
    /// transaction ids can be given out again), and from time to time.
    #[must_use]
    pub fn must_compare(&self) -> bool {
        self.compared_at
            .is_none_or(|at| at.elapsed() >= COMPARE_EVERY)
    }

    /// The heads were compared, after the last pass.
    pub fn compared(&mut self) {
        self.compared_at = Some(Instant::now());
    }
}
