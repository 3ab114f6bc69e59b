//! Receipts: how a message looks to a member, and who has read it.

use discuss_domain::channels::Channel;
use discuss_domain::members::Member;
use discuss_domain::messages::receipts::{Progress, TOLD_UP_TO, Viewpoint};
use discuss_domain::permissions::NotInChannel;
use discuss_domain::{ChannelId, MessageId, UserId};
use discuss_storage::members::{Receipt, list_progress, list_receipts};
use discuss_storage::messages::history::find_outlook;
use discuss_storage::{Connection, StorageError};
use discuss_wire::receipts::{ReceiptView, ReceiptsView};

use crate::messages::find_readable;
use crate::permissions::require_entity_of_message;
use crate::{App, AppError, Context};

/// To whom a message came and who has read it; nobody in channels of more than 50 members.
pub async fn list(app: &App, context: &Context, id: MessageId) -> Result<ReceiptsView, AppError> {
    require_entity_of_message(context, id).await?;
    let mut connection = app.connection().await?;
    let (message, _, _) = find_readable(&mut connection, context, id).await?;
    let receipts = list_receipts(&mut connection, &message).await?;
    let has_read = |receipt: &&Receipt| receipt.read >= message.seq;
    let read = |receipt: &Receipt| view(receipt.user, receipt.read_at.timestamp_millis());
    let delivered = |receipt: &Receipt| {
        let delivered_at = receipt
            .delivered_at
            .filter(|_| receipt.delivered >= message.seq);
        let at = delivered_at.unwrap_or(receipt.read_at);
        view(receipt.user, at.timestamp_millis())
    };
    Ok(ReceiptsView {
        delivered_to: receipts.iter().map(delivered).collect(),
        read_by: receipts.iter().filter(has_read).map(read).collect(),
    })
}

/// Where the caller stands in a channel in which they have just done something.
pub async fn find_viewpoint(
    app: &App,
    context: &Context,
    channel: ChannelId,
) -> Result<Viewpoint, AppError> {
    let mut connection = app.connection().await?;
    let reader = (context.tenant(), context.user());
    let outlook = find_outlook(&mut connection, reader, channel, None).await?;
    Ok(outlook.ok_or(NotInChannel::Unknown)?.viewpoint)
}

fn view(user: UserId, at: i64) -> ReceiptView {
    ReceiptView {
        user_id: user.get(),
        at,
    }
}

/// Where a member of a channel stands.
pub(crate) async fn viewpoint(
    connection: &mut Connection,
    channel: &Channel,
    member: &Member,
) -> Result<Viewpoint, StorageError> {
    let members: Option<Vec<Progress>> = if channel.member_count <= TOLD_UP_TO {
        Some(list_progress(connection, channel.id).await?)
    } else {
        None
    };
    Ok(Viewpoint {
        viewer: member.user_id,
        read: member.read.seq,
        members,
    })
}
