//! Channels and people for a proof.

use discuss_app::{App, Context, channels};
use discuss_domain::channels::{ChannelName, NewGroup};
use discuss_domain::messages::{Content, Draft, MessageKind};
use discuss_domain::users::Caller;
use discuss_domain::{ChannelId, TenantId, UserId};
use uuid::Uuid;

/// The tenant of everybody.
const TENANT: i64 = 1;

/// Makes a group of `owner` with these other members.
pub(crate) async fn make_group(
    app: &App,
    owner: UserId,
    members: Vec<UserId>,
) -> anyhow::Result<ChannelId> {
    let group = NewGroup {
        name: ChannelName::parse("Proof")?,
        description: None,
        is_private: true,
        members,
        metadata: None,
    };
    let seen = channels::create_group(app, &person(owner), &group).await?;
    Ok(seen.channel.id)
}

/// A request of somebody.
pub(crate) fn person(user: UserId) -> Context {
    Context::of(Caller {
        tenant: TenantId::from(TENANT),
        user,
        name: Some(format!("Person {user}")),
        email: None,
    })
}

/// A message under a client id of its own.
pub(crate) fn draft(text: String) -> anyhow::Result<Draft> {
    Ok(Draft {
        content: Content::parse(text)?,
        kind: MessageKind::Text,
        mentions: Vec::new(),
        parent_id: None,
        metadata: None,
        client_message_id: Some(Uuid::new_v4().into()),
    })
}
