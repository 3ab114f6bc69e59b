//! Reading the log: for the hub's holes, and for sessions that are behind.

use bytes::Bytes;
use discuss_app::{AppError, channels, log};
use discuss_domain::{ChannelId, Seq};

use crate::gateway::Gateway;
use crate::hub::{FetchId, MemberPage, Page, Person};
use crate::hubs::event;

/// Events of a page.
const PAGE: i64 = 100;

/// Answers a fetch of the hub.
pub(crate) async fn fetch(gateway: &Gateway, channel: ChannelId, fetch: FetchId, after: Seq) {
    match read(gateway, channel, after).await {
        Ok(page) => gateway.hubs.page(channel, fetch, page),
        Err(error) => {
            tracing::debug!(%error, %channel, "a hole can't be filled yet");
            gateway.hubs.fetch_failed(channel, fetch);
        }
    }
}

async fn read(gateway: &Gateway, channel: ChannelId, after: Seq) -> Result<Page<Bytes>, AppError> {
    let _permit = gateway.reads.acquire().await;
    let events = log::list_after(&gateway.app, channel, after, PAGE).await?;
    let head = match events.last() {
        Some(last) => last.seq,
        // Nothing there: is it gone, or has the log never come so far?
        None => head(gateway, channel).await?,
    };
    Ok(Page {
        after,
        head,
        events: events.iter().map(event).collect(),
    })
}

async fn head(gateway: &Gateway, channel: ChannelId) -> Result<Seq, AppError> {
    let heads = channels::list_last_seqs(&gateway.app, &[channel]).await?;
    Ok(heads.first().map_or(Seq::ZERO, |(_, head)| *head))
}

/// A page for a session. Where its person stands is looked at first, so what the page has beyond that
/// is left for the next.
pub(crate) async fn read_as(
    gateway: &Gateway,
    person: Person,
    channel: ChannelId,
    after: Seq,
) -> Result<MemberPage<Bytes>, AppError> {
    let _permit = gateway.reads.acquire().await;
    let person = (person.tenant, person.user);
    let standing = log::find_standing(&gateway.app, person, channel).await?;
    let (member, head) = standing.map_or((false, Seq::ZERO), |standing| {
        (standing.is_member, standing.last_seq)
    });
    let mut events = Vec::new();
    if member && head > after {
        events = log::list_after(&gateway.app, channel, after, PAGE).await?;
        events.retain(|event| event.seq <= head);
    }
    let events = events.iter().map(event).collect();
    Ok(MemberPage {
        member,
        page: Page {
            after,
            head,
            events,
        },
    })
}
