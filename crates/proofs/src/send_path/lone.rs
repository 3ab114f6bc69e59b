//! A lone send beside a bare commit of one row, in turns, one by one.

use std::time::Instant;

use discuss_app::{App, messages};
use discuss_domain::{ChannelId, UserId};
use tokio_postgres::{Client, Statement};

use super::room;
use crate::figures::ms;
use crate::servers::Servers;
use crate::stage;

/// Pairs that are counted, and pairs before them that are not.
const PAIRS: usize = 500;
const WARM_UP: usize = 50;
/// The sender writes in so many channels by turns.
const CHANNELS: i64 = 10;

/// Milliseconds of each.
#[derive(Debug, Default)]
pub(super) struct Lone {
    /// Sends to channels in which the sender wrote before.
    pub(super) sends: Vec<f64>,
    /// Sends to channels of which the process knows nothing yet.
    pub(super) first_sends: Vec<f64>,
    /// Bare commits of one row.
    pub(super) bare: Vec<f64>,
}

/// One sender who waits for each answer, with an App of their own.
pub(super) async fn measure(servers: &Servers) -> anyhow::Result<Lone> {
    let app = servers.app()?;
    let client = servers.client().await?;
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS proof_bare (id bigint, content text)")
        .await?;
    let insert = client
        .prepare("INSERT INTO proof_bare (id, content) VALUES ($1, $2)")
        .await?;
    let mut lone = Lone::default();
    for pair in 0..WARM_UP + PAIRS {
        let channel = i64::try_from(pair)? % CHANNELS + 1;
        let send = time_send(&app, room::owner(channel)).await?;
        let bare = time_bare(&client, &insert).await?;
        if pair >= WARM_UP {
            lone.sends.push(send);
            lone.bare.push(bare);
        }
    }
    for channel in CHANNELS + 1..=room::CHANNELS {
        lone.first_sends
            .push(time_send(&app, room::owner(channel)).await?);
        time_bare(&client, &insert).await?;
    }
    Ok(lone)
}

async fn time_send(app: &App, (channel, user): (ChannelId, UserId)) -> anyhow::Result<f64> {
    let draft = stage::draft(room::text())?;
    let sender = stage::person(user);
    let before = Instant::now();
    messages::send(app, &sender, channel, draft).await?;
    Ok(ms(before.elapsed()))
}

async fn time_bare(client: &Client, insert: &Statement) -> anyhow::Result<f64> {
    let text = room::text();
    let before = Instant::now();
    client.execute(insert, &[&1_i64, &text]).await?;
    Ok(ms(before.elapsed()))
}
