//! What a group makes of messages that are there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use discuss_domain::messages::Message;
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::reactions::Emoji;
use discuss_domain::{ChannelId, EventKind, MessageId, Seq, TenantId, UserId};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::write::array_text;
use crate::event_log::reaction_payload;
use crate::messages::mentions::counted;
use crate::reactions;

/// What a group makes of messages that are there.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// The messages that change, as they are after the group.
    pub messages: BTreeMap<MessageId, Message>,
    /// What they said before they were edited, in the order of the edits.
    pub kept: Vec<Kept>,
    /// Who replied to which roots: they follow from now on.
    pub repliers: BTreeSet<(MessageId, UserId)>,
    /// Who else has to do with these threads: they follow unless they once said otherwise.
    pub others: BTreeSet<(MessageId, UserId)>,
    /// The events that tell of it.
    pub events: Vec<NewChange<'a>>,
}

/// What a message said before an edit.
#[derive(Debug)]
pub struct Kept {
    /// The message.
    pub message: MessageId,
    /// What it said.
    pub content: String,
    /// Who edits it.
    pub edited_by: UserId,
}

/// An event that tells of a change.
#[derive(Debug)]
pub struct NewChange<'a> {
    /// The channel's tenant.
    pub tenant: TenantId,
    /// The channel.
    pub channel: ChannelId,
    /// The event's seq.
    pub seq: Seq,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: UserId,
    /// The message that changed.
    pub message: MessageId,
    /// The emoji of a reaction.
    pub emoji: Option<&'a Emoji>,
    /// The request's correlation id.
    pub correlation_id: Option<&'a str>,
    /// The request's trace.
    pub traceparent: Option<&'a str>,
}

impl Changes<'_> {
    /// Does the group change nothing that was there? Whatever changes has an event.
    pub(super) const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn arrays(&self, group_id: Uuid, at: DateTime<Utc>) -> ChangeArrays<'_> {
        let mut arrays = ChangeArrays {
            group_id,
            at,
            ..ChangeArrays::default()
        };
        for message in self.messages.values() {
            arrays.messages.push(message, at);
        }
        for kept in &self.kept {
            arrays.kept.push(kept);
        }
        for event in &self.events {
            arrays.events.push(event);
        }
        arrays.repliers = self.repliers.iter().copied().map(numbers).unzip();
        let others = self.others.difference(&self.repliers);
        arrays.others = others.copied().map(numbers).unzip();
        arrays
    }
}

const fn numbers((root, user): (MessageId, UserId)) -> (i64, i64) {
    (root.get(), user.get())
}

/// The changes, as the statement takes them.
#[derive(Default)]
pub(super) struct ChangeArrays<'a> {
    group_id: Uuid,
    at: DateTime<Utc>,
    messages: MessageArrays<'a>,
    kept: KeptArrays<'a>,
    repliers: (Vec<i64>, Vec<i64>),
    others: (Vec<i64>, Vec<i64>),
    events: EventArrays<'a>,
}

#[derive(Default)]
struct MessageArrays<'a> {
    ids: Vec<i64>,
    are_said: Vec<bool>,
    contents: Vec<Option<&'a str>>,
    mentions: Vec<String>,
    metadata: Vec<Option<String>>,
    reactions: Vec<Option<String>>,
    edited_at: Vec<Option<DateTime<Utc>>>,
    deleted_at: Vec<Option<DateTime<Utc>>>,
    deleted_by: Vec<Option<i64>>,
    thread_counts: Vec<i64>,
    newest_reply_nos: Vec<i64>,
    last_reply_at: Vec<Option<DateTime<Utc>>>,
    participants: Vec<String>,
    deleted: Vec<i64>,
    everyones: Vec<Option<&'static str>>,
    counted: Vec<String>,
}

/// What messages said; `places` count the edits of one message within the group.
#[derive(Default)]
struct KeptArrays<'a> {
    messages: Vec<i64>,
    places: Vec<i64>,
    contents: Vec<&'a str>,
    editors: Vec<i64>,
    edits: HashMap<MessageId, i64>,
}

#[derive(Default)]
struct EventArrays<'a> {
    channels: Vec<i64>,
    seqs: Vec<i64>,
    tenants: Vec<i64>,
    kinds: Vec<&'static str>,
    actors: Vec<i64>,
    messages: Vec<i64>,
    payloads: Vec<Option<String>>,
    correlation_ids: Vec<Option<&'a str>>,
    traceparents: Vec<Option<&'a str>>,
}

impl<'a> MessageArrays<'a> {
    fn push(&mut self, message: &'a Message, at: DateTime<Utc>) {
        let (deleted_at, deleted_by) = message.deleted.unzip();
        // Only what this group edited or deleted says something else than before.
        let is_said = message.edited_at == Some(at) || deleted_at == Some(at);
        let metadata = message.metadata.as_ref().filter(|_| is_said);
        let said = message.content.as_deref().filter(|_| is_said);
        let reactions = reactions::write(&message.reactions);
        self.ids.push(message.id.get());
        self.are_said.push(is_said);
        self.contents.push(said);
        self.mentions.push(array_text(&message.mentions));
        self.metadata
            .push(metadata.map(serde_json::Value::to_string));
        self.reactions
            .push(reactions.map(|reactions| reactions.to_string()));
        self.edited_at.push(message.edited_at);
        self.deleted_at.push(deleted_at);
        self.deleted_by.push(deleted_by.map(UserId::get));
        self.thread_counts.push(message.thread.count);
        self.newest_reply_nos.push(message.thread.newest_no);
        self.last_reply_at.push(message.thread.last_reply_at);
        self.participants
            .push(array_text(&message.thread.participants));
        self.everyones
            .push(message.mentions_everyone.map(Everyone::as_str));
        let counted = counted(message.mentions_everyone, &message.mentions);
        self.counted.push(array_text(&counted));
        if deleted_at.is_some() {
            self.deleted.push(message.id.get());
        }
    }
}

impl<'a> KeptArrays<'a> {
    fn push(&mut self, kept: &'a Kept) {
        let place = self.edits.entry(kept.message).or_default();
        *place = place.saturating_add(1);
        self.messages.push(kept.message.get());
        self.places.push(*place);
        self.contents.push(&kept.content);
        self.editors.push(kept.edited_by.get());
    }
}

impl<'a> EventArrays<'a> {
    fn push(&mut self, event: &NewChange<'a>) {
        self.channels.push(event.channel.get());
        self.seqs.push(event.seq.get());
        self.tenants.push(event.tenant.get());
        self.kinds.push(event.kind.as_str());
        self.actors.push(event.actor.get());
        self.messages.push(event.message.get());
        let payload = event
            .emoji
            .map(|emoji| reaction_payload(emoji, event.actor));
        self.payloads
            .push(payload.map(|payload| payload.to_string()));
        self.correlation_ids.push(event.correlation_id);
        self.traceparents.push(event.traceparent);
    }
}

impl ChangeArrays<'_> {
    /// In the order of the statement's `$1` to `$35`.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 35] {
        let (messages, kept, events) = (&self.messages, &self.kept, &self.events);
        [
            &self.group_id,
            &self.at,
            &messages.ids,
            &messages.are_said,
            &messages.contents,
            &messages.mentions,
            &messages.metadata,
            &messages.reactions,
            &messages.edited_at,
            &messages.deleted_at,
            &messages.deleted_by,
            &messages.thread_counts,
            &messages.newest_reply_nos,
            &messages.last_reply_at,
            &messages.participants,
            &kept.messages,
            &kept.places,
            &kept.contents,
            &kept.editors,
            &messages.deleted,
            &self.repliers.0,
            &self.repliers.1,
            &self.others.0,
            &self.others.1,
            &events.channels,
            &events.seqs,
            &events.tenants,
            &events.kinds,
            &events.actors,
            &events.messages,
            &events.payloads,
            &events.correlation_ids,
            &events.traceparents,
            &messages.everyones,
            &messages.counted,
        ]
    }
}
