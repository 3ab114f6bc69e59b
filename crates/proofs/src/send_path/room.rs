//! Who sends where: 200 channels with 20 members each, numbered so that pgbench finds them too.

use discuss_app::App;
use discuss_domain::{ChannelId, UserId};

use crate::servers::Servers;
use crate::stage;

/// Channels; `single.pgbench` knows the number.
pub(super) const CHANNELS: i64 = 200;
/// Members of each; `single.pgbench` knows the number.
const MEMBERS: i64 = 20;

/// Makes the channels 1 to 200 in an empty database.
pub(super) async fn make(app: &App, servers: &Servers) -> anyhow::Result<()> {
    for channel in 1..=CHANNELS {
        let others = (2..=MEMBERS).map(|number| member(channel, number));
        let made = stage::make_group(app, member(channel, 1), others.collect()).await?;
        anyhow::ensure!(
            made.get() == channel,
            "channel {made} was to be the {channel}th"
        );
    }
    let client = servers.client().await?;
    client
        .batch_execute("ANALYZE channels, channel_members, messages, channel_events")
        .await?;
    Ok(())
}

/// Some channel and one of its members.
pub(super) fn anybody() -> (ChannelId, UserId) {
    let channel = fastrand::i64(1..=CHANNELS);
    let user = member(channel, fastrand::i64(1..=MEMBERS));
    (ChannelId::from(channel), user)
}

/// The first member of a channel.
pub(super) fn owner(channel: i64) -> (ChannelId, UserId) {
    (ChannelId::from(channel), member(channel, 1))
}

fn member(channel: i64, number: i64) -> UserId {
    UserId::from(channel.saturating_mul(100).saturating_add(number))
}

/// What everybody says; pgbench's messages are as long.
pub(super) fn text() -> String {
    "x".repeat(256)
}
