//! The event log as frames: for who resumes, for holes, and to find out what was committed.

use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_storage::{event_log, members};
use discuss_wire::fanout::FanoutEvent;

use crate::{App, AppError, events};

mod follower;
pub mod tail;

pub use follower::Follower;

pub use discuss_storage::event_log::joins::Standing;
pub use discuss_storage::event_log::news::{ChannelNews, NewsReader};

/// The first `limit` events of a channel after `after`, in order and as they are now; one that can't be
/// told keeps its place. Whoever reads a page must look whether it starts at `after + 1`: what is older
/// may be gone.
pub async fn list_after(
    app: &App,
    channel: ChannelId,
    after: Seq,
    limit: i64,
) -> Result<Vec<FanoutEvent>, AppError> {
    let mut connection = app.connection().await?;
    let logged = event_log::list_all_after(&mut connection, channel, after, limit).await?;
    let framed = logged.iter().map(|event| match event {
        Ok(event) => events::with_frame(event),
        Err(unread) => events::keeping_place(unread),
    });
    Ok(framed.collect())
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

/// Events that made people members.
#[derive(Debug)]
pub struct Joins {
    /// Each names only those who are members now and joined by no newer event.
    pub events: Vec<(TenantId, FanoutEvent)>,
    /// There may be more: as many were looked at as were allowed.
    pub is_cut: bool,
}

/// The events that made people members of these channels; the newest `limit` of them are looked at.
pub async fn list_joins(app: &App, channels: &[ChannelId], limit: i64) -> Result<Joins, AppError> {
    let mut connection = app.connection().await?;
    let joins = event_log::joins::list_joins(&mut connection, channels, limit).await?;
    let mut people: Vec<UserId> = joins.iter().flat_map(|event| event.users.clone()).collect();
    people.sort_unstable();
    people.dedup();
    let mut left = members::list_current_of(&mut connection, channels, &people).await?;
    let framed = |event: &event_log::LoggedEvent| {
        let mut framed = events::with_frame(event);
        // The newest event of a channel comes first: whoever is named once is not named again.
        framed
            .users
            .retain(|user| left.remove(&(event.channel, *user)));
        (!framed.users.is_empty()).then_some((event.tenant, framed))
    };
    Ok(Joins {
        events: joins.iter().filter_map(framed).collect(),
        is_cut: i64::try_from(joins.len()).is_ok_and(|looked_at| looked_at >= limit),
    })
}

/// A reader of the news, on a connection of its own.
pub async fn news(app: &App) -> Result<NewsReader, AppError> {
    Ok(NewsReader::connect(app.database()).await?)
}
