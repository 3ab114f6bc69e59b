//! What Redis brings: one connection, subscribed to the topics of this process's people and channels.
//!
//! After a subscription is confirmed the heads of its channels are read, so that nothing committed
//! before it is missed. Whatever Redis loses, the reader of the log's news finds.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use discuss_app::{AppError, PubSubSink, Topic, channels};
use discuss_domain::ChannelId;
use discuss_wire::fanout::Fanout;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::access;
use crate::event_frame::Frame;
use crate::gateway::Gateway;
use crate::hub::Person;
use crate::topics::Changes;

/// Messages that may wait to be handed out; beyond that they are dropped and read from the log.
const QUEUE: usize = 16_384;
/// Topics of one command, and channels of one query.
const BATCH: usize = 500;
/// No confirmation or pong takes longer, or the connection is given up.
const ANSWER: Duration = Duration::from_secs(2);
/// How often an otherwise quiet connection is asked whether it is there.
const PING: Duration = Duration::from_secs(5);
/// The first pause before connecting again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A message of Redis: the name of its topic, and its bytes.
type Message = (String, Bytes);

/// Keeps connected for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut pause = PAUSES.0;
    loop {
        let error = connect_and_serve(&gateway).await;
        if gateway.redis_is_up.send_replace(false) || pause == PAUSES.0 {
            // Once an outage.
            pause = PAUSES.0;
            tracing::warn!(%error, "redis can't be listened to: the log is read");
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(PAUSES.1);
    }
}

/// Why the connection was given up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct FeedError(String);

async fn connect_and_serve(gateway: &Arc<Gateway>) -> FeedError {
    let connection = match gateway.app.redis().subscriber().await {
        Ok(connection) => connection,
        Err(error) => return FeedError(error.to_string()),
    };
    let (sink, stream) = connection.split();
    let messages = stream.map(|message| {
        let bytes = Bytes::copy_from_slice(message.get_payload_bytes());
        (message.get_channel_name().to_owned(), bytes)
    });
    tokio::select! {
        ended = read(gateway, messages) => ended,
        Err(ended) = subscribe(gateway, sink) => ended,
    }
}

/// Subscribes to all that is followed, then to what changes, until the connection fails.
async fn subscribe(gateway: &Arc<Gateway>, mut sink: PubSubSink) -> Result<Infallible, FeedError> {
    let mut changes = Changes {
        subscribe: gateway.topics.take_all(),
        unsubscribe: Vec::new(),
    };
    // After an outage everybody would be asked about at once: that comes in time.
    let mut is_up = false;
    loop {
        for names in names(gateway, &changes.unsubscribe) {
            answered(timeout(ANSWER, sink.unsubscribe(names)).await)?;
        }
        for names in names(gateway, &changes.subscribe) {
            answered(timeout(ANSWER, sink.subscribe(names)).await)?;
        }
        let subscribed = changes.subscribe.iter().copied();
        let subscribed: Vec<ChannelId> = subscribed.filter_map(channel_of).collect();
        while let Err(error) = look_at_heads(gateway, &subscribed).await {
            tracing::warn!(%error, "heads can't be read");
            tokio::time::sleep(PAUSES.0).await;
        }
        if is_up {
            access::look_again_at_listened(gateway, &subscribed);
        }
        is_up = true;
        gateway
            .redis_is_up
            .send_if_modified(|is_up| !std::mem::replace(is_up, true));
        changes = next_changes(gateway, &mut sink).await?;
    }
}

/// What is followed or left next; meanwhile the connection is asked whether it is there.
async fn next_changes(gateway: &Gateway, sink: &mut PubSubSink) -> Result<Changes, FeedError> {
    loop {
        if let Ok(changes) = timeout(PING, gateway.topics.changes()).await {
            return Ok(changes);
        }
        answered(timeout(ANSWER, sink.ping::<()>()).await)?;
    }
}

/// Takes messages off the connection as fast as they come, and hands them out in their own time.
async fn read(gateway: &Arc<Gateway>, messages: impl Stream<Item = Message>) -> FeedError {
    let (queue, waiting) = mpsc::channel(QUEUE);
    let overflowed = AtomicBool::new(false);
    let taking = async {
        let mut messages = pin!(messages);
        while let Some(message) = messages.next().await {
            if queue.try_send(message).is_err() {
                overflowed.store(true, Ordering::Relaxed);
            }
        }
    };
    tokio::select! {
        () = taking => {}
        () = hand_out(gateway, waiting, &overflowed) => {}
    }
    FeedError("the connection was closed".to_owned())
}

fn answered<T, E: std::fmt::Display, L>(outcome: Result<Result<T, E>, L>) -> Result<(), FeedError> {
    match outcome {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(FeedError(error.to_string())),
        Err(_elapsed) => Err(FeedError("no answer in time".to_owned())),
    }
}

/// The topics' names, in portions of one command each.
fn names(gateway: &Gateway, topics: &[Topic]) -> Vec<Vec<String>> {
    let redis = gateway.app.redis();
    topics
        .chunks(BATCH)
        .map(|batch| batch.iter().map(|topic| redis.name(*topic)).collect())
        .collect()
}

fn channel_of(topic: Topic) -> Option<ChannelId> {
    match topic {
        Topic::Channel(_, channel) => Some(channel),
        Topic::User(..) | Topic::Presence(..) => None,
    }
}

/// Tells the hub how far these channels' logs reach.
pub(crate) async fn look_at_heads(
    gateway: &Gateway,
    channels: &[ChannelId],
) -> Result<(), AppError> {
    for batch in channels.chunks(BATCH) {
        for (channel, head) in channels::list_last_seqs(&gateway.app, batch).await? {
            gateway.hubs.log_read_at(channel, head);
        }
    }
    Ok(())
}

async fn hand_out(
    gateway: &Arc<Gateway>,
    mut waiting: mpsc::Receiver<Message>,
    overflowed: &AtomicBool,
) {
    while let Some((name, bytes)) = waiting.recv().await {
        take(gateway, &name, &bytes);
        if overflowed.swap(false, Ordering::Relaxed) {
            metrics::counter!("discuss_gateway_feed_overflows_total").increment(1);
            if let Err(error) = look_at_heads(gateway, &gateway.hubs.followed()).await {
                tracing::warn!(%error, "heads can't be read");
                overflowed.store(true, Ordering::Relaxed);
            }
        }
    }
}

fn take(gateway: &Arc<Gateway>, name: &str, bytes: &Bytes) {
    let (Some(topic), Ok(fanout)) = (gateway.app.redis().find_topic(name), Fanout::decode(bytes))
    else {
        tracing::warn!(name, "redis brought something that can't be read");
        return;
    };
    let (Topic::Channel(tenant, _) | Topic::User(tenant, _) | Topic::Presence(tenant)) = topic;
    match fanout {
        Fanout::Event(event) => gateway.hubs.published(tenant, &event),
        Fanout::Notice { channel, frame } => {
            let frame = Frame::text(&frame);
            if let Topic::User(tenant, user) = topic {
                gateway.hubs.notice_person(Person { tenant, user }, &frame);
            } else {
                gateway.hubs.notice(channel, &frame);
            }
        }
        Fanout::Access { channel } => access::look_again_in(gateway, tenant, channel),
        Fanout::Typing {
            channel,
            user,
            starts,
            frame,
        } => {
            let typist = (channel, user);
            gateway.typists.note(typist, starts.then_some(&frame));
            let frame = Frame::text(&frame);
            gateway.hubs.notice_others(channel, user, &frame);
        }
        Fanout::Presence {
            user,
            channels,
            frame,
        } => {
            let person = Person { tenant, user };
            gateway.hubs.show(person, &channels, &Frame::text(&frame));
        }
    }
}
