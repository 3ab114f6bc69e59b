//! The event log as frames: for who resumes, for holes, and to find out what was committed.

use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_storage::event_log;
use discuss_wire::fanout::FanoutEvent;

use crate::{App, AppError, events};

mod follower;
pub mod tail;

pub use follower::Follower;

pub use discuss_storage::event_log::joins::Standing;
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

/// Where somebody stands in a channel; `None` if their tenant has no such channel.
pub async fn find_standing(
    app: &App,
    person: (TenantId, UserId),
    channel: ChannelId,
) -> Result<Option<Standing>, AppError> {
    let mut connection = app.connection().await?;
    Ok(event_log::joins::find_standing(&mut connection, person, channel).await?)
}

/// The newest events that made people members of these channels, at most `limit`, newest first within
/// a channel.
pub async fn list_joins(
    app: &App,
    channels: &[ChannelId],
    limit: i64,
) -> Result<Vec<(TenantId, FanoutEvent)>, AppError> {
    let mut connection = app.connection().await?;
    let joins = event_log::joins::list_joins(&mut connection, channels, limit).await?;
    let framed = |event: &event_log::LoggedEvent| Some((event.tenant, events::with_frame(event)?));
    Ok(joins.iter().filter_map(framed).collect())
}

/// A reader of the news, on a connection of its own.
pub async fn news(app: &App) -> Result<NewsReader, AppError> {
    Ok(NewsReader::connect(app.database()).await?)
}
