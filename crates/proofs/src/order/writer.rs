//! A writer process: the real writer, driven by tasks that send and repeat until they are answered.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use discuss_app::{App, AppError, messages};
use discuss_domain::messages::Draft;
use discuss_domain::{ChannelId, UserId};
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::stage;
use crate::servers::Servers;
use crate::stage::{draft, person};

/// Senders of a process.
const SENDERS: usize = 12;
/// Between two sends of one sender, at most, in milliseconds.
const PAUSE_MS: u64 = 40;

/// What a writer process is told.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WriterOptions {
    /// First part of all its messages.
    #[arg(long)]
    name: String,
    /// The channels to write to.
    #[arg(long, value_delimiter = ',')]
    channels: Vec<i64>,
}

struct Writer {
    app: App,
    name: String,
    channels: Vec<ChannelId>,
    messages: AtomicU64,
}

/// Sends until the standard input is closed, then sees through what is under way. Prints a line for
/// each message that was acknowledged: channel, seq, id, content, and a full stop by which it is whole.
pub(crate) async fn write(servers: &Servers, options: WriterOptions) -> anyhow::Result<bool> {
    let writer = Arc::new(Writer {
        app: servers.app()?,
        name: options.name,
        channels: options.channels.into_iter().map(ChannelId::from).collect(),
        messages: AtomicU64::new(0),
    });
    let stop = CancellationToken::new();
    let mut senders: JoinSet<anyhow::Result<()>> = (0..SENDERS)
        .map(|_| send_until(Arc::clone(&writer), stop.clone()))
        .collect();
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    stop.cancel();
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    Ok(true)
}

async fn send_until(writer: Arc<Writer>, stop: CancellationToken) -> anyhow::Result<()> {
    while !stop.is_cancelled() {
        sleep(Duration::from_millis(fastrand::u64(0..PAUSE_MS))).await;
        let number = writer.messages.fetch_add(1, Ordering::Relaxed);
        let text = format!("{}-{number}", writer.name);
        let sender = if fastrand::u8(0..10) == 0 {
            stage::comer()
        } else {
            stage::any_stayer()
        };
        writer
            .send(sender, stage::any_of(&writer.channels), &draft(text)?)
            .await?;
    }
    Ok(())
}

impl Writer {
    /// Sends it under the same client id until there is an answer other than "try again".
    async fn send(&self, sender: UserId, channel: ChannelId, draft: &Draft) -> anyhow::Result<()> {
        let person = person(sender);
        loop {
            match messages::send(&self.app, &person, channel, draft.clone()).await {
                Ok(sent) => {
                    let (seq, id) = (sent.message.seq, sent.message.id);
                    let text = draft.content.as_str();
                    return Ok(writeln!(
                        std::io::stdout(),
                        "{channel} {seq} {id} {text} ."
                    )?);
                }
                Err(AppError::Send(_)) => return Ok(()),
                Err(AppError::Busy) => {}
                Err(AppError::Storage(error)) if error.is_unavailable() => {}
                Err(error) => return Err(error.into()),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}
