//! Events as frames: built the same way when they are committed and when the log is read again.

use bytes::Bytes;
use discuss_domain::EventKind;
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::redis::Topic;
use discuss_wire::channels::{ChannelChangedView, ChannelCreatedView, ChannelView};
use discuss_wire::fanout::{Fanout, FanoutEvent};
use discuss_wire::frames::ServerFrame;
use discuss_wire::members::{
    MemberLeftView, MemberRemovedView, MemberRoleChangedView, MembersAddedView,
};
use discuss_wire::messages::change::{MessageDeletedView, MessageEditedView};
use discuss_wire::messages::{MessageView, NewMessageView};
use discuss_wire::reactions::ReactionChangedView;
use discuss_wire::threads::ThreadUpdatedView;
use serde::Serialize;

use crate::App;

mod unread;

pub(crate) use unread::keeping_place;

/// The event with its frame; where what it is about is gone, with one that only keeps its place.
pub(crate) fn with_frame(event: &LoggedEvent) -> FanoutEvent {
    let frame = frame(event).unwrap_or_else(|| {
        let place = (event.channel, event.seq);
        unread::warn_once(place, event.kind.as_str(), &"what it is about is gone");
        unread::frame(place, event.kind.as_str(), event.at)
    });
    FanoutEvent {
        channel: event.channel,
        seq: event.seq,
        kind: Some(event.kind),
        users: event.users.clone(),
        frame,
    }
}

/// Where an event is published: to the channel, and to those who may not follow it yet.
pub(crate) fn topics(event: &LoggedEvent) -> Vec<Topic> {
    let mut topics = vec![Topic::Channel(event.tenant, event.channel)];
    if matches!(
        event.kind,
        EventKind::ChannelCreated | EventKind::MemberAdded
    ) {
        topics.extend(
            event
                .users
                .iter()
                .map(|user| Topic::User(event.tenant, *user)),
        );
    }
    topics
}

/// Tells the gateways what was committed.
pub(crate) fn announce(app: &App, logged: &[LoggedEvent]) {
    let publications = logged.iter().flat_map(publication);
    app.parts.fanout.publish(publications.collect());
}

/// What is published of an event.
pub(crate) fn publication(event: &LoggedEvent) -> Vec<(Topic, Bytes)> {
    let bytes = Bytes::from(Fanout::Event(with_frame(event)).encode());
    topics(event)
        .into_iter()
        .map(|topic| (topic, bytes.clone()))
        .collect()
}

fn frame(event: &LoggedEvent) -> Option<Bytes> {
    match event.kind {
        EventKind::MessageCreated => {
            let message = MessageView::of(event.message.as_ref()?);
            encode(event, "NEW_MESSAGE", NewMessageView { message })
        }
        EventKind::MessageEdited => {
            let view = MessageEditedView::of(event.message.as_ref()?);
            encode(event, "MESSAGE_EDITED", view)
        }
        EventKind::MessageDeleted => {
            let view = MessageDeletedView::of(event.message.as_ref()?)?;
            encode(event, "MESSAGE_DELETED", view)
        }
        EventKind::ReactionAdded => reaction_changed(event, "REACTION_ADDED"),
        EventKind::ReactionRemoved => reaction_changed(event, "REACTION_REMOVED"),
        EventKind::ThreadUpdated => {
            let view = ThreadUpdatedView::of(event.message.as_ref()?);
            encode(event, "THREAD_UPDATED", view)
        }
        EventKind::ChannelCreated => channel_created(event),
        EventKind::ChannelUpdated => channel_changed(event, "CHANNEL_UPDATED"),
        EventKind::ChannelArchived => channel_changed(event, "CHANNEL_ARCHIVED"),
        EventKind::MemberAdded => members_added(event),
        EventKind::MemberRemoved => member_removed(event),
        EventKind::MemberLeft => member_left(event),
        EventKind::MemberRoleChanged => role_changed(event),
    }
}

fn reaction_changed(event: &LoggedEvent, kind: &str) -> Option<Bytes> {
    let (message, emoji) = (event.message.as_ref()?, event.emoji.as_ref()?);
    let view = ReactionChangedView::of(message, emoji, event.actor);
    encode(event, kind, view)
}

fn channel_created(event: &LoggedEvent) -> Option<Bytes> {
    let view = ChannelCreatedView {
        channel: ChannelView::of(event.made.as_ref()?),
        member_ids: event.users.iter().map(|user| user.get()).collect(),
    };
    encode(event, "CHANNEL_CREATED", view)
}

fn channel_changed(event: &LoggedEvent, kind: &str) -> Option<Bytes> {
    let channel = ChannelView::of(event.made.as_ref()?);
    encode(event, kind, ChannelChangedView { channel })
}

fn members_added(event: &LoggedEvent) -> Option<Bytes> {
    let view = MembersAddedView {
        channel_id: event.channel.get(),
        user_ids: event.users.iter().map(|user| user.get()).collect(),
        added_by: event.actor.get(),
    };
    encode(event, "MEMBER_ADDED", view)
}

fn member_removed(event: &LoggedEvent) -> Option<Bytes> {
    let view = MemberRemovedView {
        channel_id: event.channel.get(),
        user_id: event.users.first()?.get(),
        removed_by: event.actor.get(),
    };
    encode(event, "MEMBER_REMOVED", view)
}

fn member_left(event: &LoggedEvent) -> Option<Bytes> {
    let view = MemberLeftView {
        channel_id: event.channel.get(),
        user_id: event.users.first()?.get(),
    };
    encode(event, "MEMBER_LEFT", view)
}

fn role_changed(event: &LoggedEvent) -> Option<Bytes> {
    let membership = event.membership?;
    let view = MemberRoleChangedView {
        channel_id: event.channel.get(),
        user_id: event.users.first()?.get(),
        role: membership.role.as_str(),
        status: membership.status.as_str(),
        changed_by: event.actor.get(),
    };
    encode(event, "MEMBER_ROLE_CHANGED", view)
}

fn encode(event: &LoggedEvent, kind: &str, payload: impl Serialize) -> Option<Bytes> {
    let at = event.at.timestamp_millis();
    ServerFrame::event(kind, event.channel, event.seq, payload, at)
        .encode()
        .ok()
}
