//! Delivered marks: how far the events of a channel have come to somebody. State, as read marks are; kept in
//! channels of at most 50 members, and told in direct ones.

use bytes::Bytes;
use discuss_domain::messages::receipts::TOLD_UP_TO;
use discuss_domain::{ChannelId, Seq};
use discuss_storage::members::{DeliveredMark, MovedDelivery, move_delivered_marks};
use discuss_storage::redis::Topic;
use discuss_storage::{Database, StorageError};
use discuss_wire::members::DeliveredView;
use tokio::task::JoinHandle;

use crate::channels::now;
use crate::fanout::Fanout;
use crate::gatherer::Gatherer;
use crate::reads::{Place, notice};
use crate::{App, Context};

/// Notes that everything up to a seq has come to the caller; it is written with others in a moment. Marks
/// of who is not in the channel move nothing.
pub fn gather(app: &App, context: &Context, channel: ChannelId, seq: Seq) {
    let place = (context.tenant(), channel, context.user());
    app.parts.deliveries.add(place, seq);
}

/// Gathers marks, and moves them together.
pub(crate) fn start_gathering(
    database: &Database,
    fanout: &Fanout,
) -> (Gatherer<Place, Seq>, JoinHandle<()>) {
    let (database, fanout) = (database.clone(), fanout.clone());
    Gatherer::start("delivered", move |marks: Vec<(Place, Seq)>| {
        let (database, fanout) = (database.clone(), fanout.clone());
        let mark = |((tenant, channel, user), seq)| DeliveredMark {
            tenant,
            channel,
            user,
            seq,
        };
        let marks: Vec<DeliveredMark> = marks.into_iter().map(mark).collect();
        async move { write(&database, &fanout, &marks).await }
    })
}

async fn write(
    database: &Database,
    fanout: &Fanout,
    marks: &[DeliveredMark],
) -> Result<(), StorageError> {
    let at = now();
    let mut connection = database.connection().await?;
    let moved = move_delivered_marks(&mut connection, marks, TOLD_UP_TO, at).await?;
    let told = moved.iter().filter_map(|moved| told(moved, at));
    fanout.publish(told.collect());
    Ok(())
}

/// What the other one of a direct channel is told.
fn told(moved: &MovedDelivery, at: chrono::DateTime<chrono::Utc>) -> Option<(Topic, Bytes)> {
    let mark = moved.mark;
    let view = DeliveredView {
        channel_id: mark.channel.get(),
        user_id: mark.user.get(),
        last_delivered_message_id: moved.message?.get(),
        at: at.timestamp_millis(),
    };
    let topic = Topic::User(mark.tenant, moved.other?);
    notice(topic, mark.channel, "MESSAGE_DELIVERED", view, at)
}
