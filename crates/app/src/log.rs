//! The event log as frames: for who resumes, for holes, and to find out what was committed.

use discuss_domain::{ChannelId, Seq};
use discuss_storage::event_log;
use discuss_wire::fanout::FanoutEvent;

use crate::{App, AppError, events};

pub use discuss_storage::event_log::news::{ChannelNews, NewsReader};

/// The first `limit` events of a channel after `after`, in order and as they are now. Whoever reads a
/// page must look whether it starts at `after + 1`: what is older may be gone.
pub async fn list_after(
    app: &App,
    channel: ChannelId,
    after: Seq,
    limit: i64,
) -> Result<Vec<FanoutEvent>, AppError> {
    let mut connection = app.connection().await?;
    let logged = event_log::list_after(&mut connection, channel, after, limit).await?;
    let frames: Option<Vec<FanoutEvent>> = logged.iter().map(events::with_frame).collect();
    frames.ok_or(AppError::Internal)
}

/// A reader of the news, on a connection of its own.
pub async fn news(app: &App) -> Result<NewsReader, AppError> {
    Ok(NewsReader::connect(app.database()).await?)
}
