//! The channels that everybody writes to, and who writes.

use discuss_domain::{ChannelId, UserId};

use crate::servers::Servers;
use crate::stage::make_group;

/// Few channels, so that writers meet.
const CHANNELS: usize = 12;
/// Members for good: 1 to this.
const STAYERS: i64 = 8;
/// Somebody who comes and goes all the time.
const COMER: i64 = 9;

/// The channels.
#[derive(Debug)]
pub(super) struct Stage {
    channels: Vec<ChannelId>,
}

impl Stage {
    /// Makes channels with all members in them, and a table for writes that are none of the log's.
    pub(super) async fn make(servers: &Servers) -> anyhow::Result<Self> {
        let app = servers.app()?;
        let mut channels = Vec::new();
        for _ in 0..CHANNELS {
            let others = (2..=COMER).map(UserId::from).collect();
            channels.push(make_group(&app, UserId::from(1), others).await?);
        }
        let client = servers.client().await?;
        client
            .batch_execute(
                "DROP TABLE IF EXISTS proof_scratch; CREATE TABLE proof_scratch (content text)",
            )
            .await?;
        Ok(Self { channels })
    }

    /// The channels' ids, lowest first.
    pub(super) fn ids(&self) -> &[ChannelId] {
        &self.channels
    }

    /// Any channel.
    pub(super) fn any(&self) -> ChannelId {
        any_of(&self.channels)
    }
}

/// Any of these channels.
pub(super) fn any_of(channels: &[ChannelId]) -> ChannelId {
    let one = fastrand::choice(channels).copied();
    one.unwrap_or_else(|| ChannelId::from(1))
}

/// Somebody who always is a member.
pub(super) fn any_stayer() -> UserId {
    UserId::from(fastrand::i64(1..=STAYERS))
}

/// Who comes and goes.
pub(super) fn comer() -> UserId {
    UserId::from(COMER)
}
