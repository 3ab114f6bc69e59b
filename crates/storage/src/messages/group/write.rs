//! What a group stores.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use discuss_domain::channels::Counters;
use discuss_domain::messages::mentions::Everyone;
use discuss_domain::messages::{ClientMessageId, Draft, Fingerprint, Numbers};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::Changes;
use crate::messages::mentions::counted;

/// What a group stores.
#[derive(Debug)]
pub struct Group<'a> {
    /// Names the group in the log.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What its channels have given out after it, and the newest message of each in which one was sent.
    pub channels: HashMap<ChannelId, (Counters, Option<MessageId>)>,
    /// Its messages, in the order of their seqs within each channel.
    pub messages: Vec<NewMessage<'a>>,
    /// What becomes of messages that are there.
    pub changes: Changes<'a>,
}

/// A message to be stored.
#[derive(Debug)]
pub struct NewMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its seq.
    pub seq: Seq,
    /// Its numbers in the channel.
    pub numbers: Numbers,
    /// Its tenant.
    pub tenant: TenantId,
    /// Who sent it.
    pub sender: UserId,
    /// What they said.
    pub draft: &'a Draft,
    /// Which members it names.
    pub mentions: Vec<UserId>,
    /// The root of the thread that it joins, and its number there.
    pub reply_to: Option<(MessageId, i64)>,
    /// It is to everybody in the channel.
    pub everyone: Option<Everyone>,
    /// The send, shortened.
    pub fingerprint: Fingerprint,
    /// The request's correlation id.
    pub correlation_id: Option<&'a str>,
    /// The request's trace.
    pub traceparent: Option<&'a str>,
}

/// The group, as the statement takes it.
#[derive(Default)]
pub(super) struct GroupArrays<'a> {
    messages: MessageArrays<'a>,
    group_id: Uuid,
    at: DateTime<Utc>,
    channels: ChannelArrays,
    marks: MarkArrays,
    mentions: MentionArrays,
}

#[derive(Default)]
struct MessageArrays<'a> {
    ids: Vec<i64>,
    channels: Vec<i64>,
    seqs: Vec<i64>,
    tenants: Vec<i64>,
    message_nos: Vec<i64>,
    timeline_nos: Vec<i64>,
    unread_nos: Vec<i64>,
    senders: Vec<i64>,
    kinds: Vec<&'a str>,
    contents: Vec<&'a str>,
    mentions: Vec<String>,
    metadata: Vec<Option<String>>,
    client_ids: Vec<Option<Uuid>>,
    fingerprints: Vec<Uuid>,
    correlation_ids: Vec<Option<&'a str>>,
    traceparents: Vec<Option<&'a str>>,
    parents: Vec<Option<i64>>,
    reply_nos: Vec<Option<i64>>,
    everyones: Vec<Option<&'static str>>,
}

#[derive(Default)]
struct ChannelArrays {
    ids: Vec<i64>,
    last_seqs: Vec<i64>,
    message_counts: Vec<i64>,
    timeline_counts: Vec<i64>,
    unread_bases: Vec<i64>,
    last_messages: Vec<Option<i64>>,
}

/// The newest message of each sender in each channel: how far they have read.
#[derive(Default)]
struct MarkArrays {
    channels: Vec<i64>,
    users: Vec<i64>,
    seqs: Vec<i64>,
    messages: Vec<i64>,
    counts: Vec<i64>,
}

/// Whom the messages mention, for counting: somebody a row, user 0 stands for everybody.
#[derive(Default)]
struct MentionArrays {
    channels: Vec<i64>,
    users: Vec<i64>,
    seqs: Vec<i64>,
}

impl Group<'_> {
    pub(super) fn arrays(&self) -> GroupArrays<'_> {
        let mut arrays = GroupArrays {
            group_id: self.id,
            at: self.at,
            ..GroupArrays::default()
        };
        let mut newest: HashMap<(ChannelId, UserId), &NewMessage<'_>> = HashMap::new();
        for message in &self.messages {
            arrays.messages.push(message);
            arrays.mentions.push(message);
            // Who replies has read the thread, not the channel.
            if message.reply_to.is_none() {
                newest.insert((message.channel, message.sender), message);
            }
        }
        for (id, (counters, last_message)) in &self.channels {
            arrays.channels.push(*id, *counters, *last_message);
        }
        for message in newest.values() {
            arrays.marks.push(message);
        }
        arrays
    }
}

impl<'a> MessageArrays<'a> {
    fn push(&mut self, message: &'a NewMessage<'a>) {
        self.ids.push(message.id.get());
        self.channels.push(message.channel.get());
        self.seqs.push(message.seq.get());
        self.tenants.push(message.tenant.get());
        self.message_nos.push(message.numbers.message_no);
        self.timeline_nos.push(message.numbers.timeline_no);
        self.unread_nos.push(message.numbers.unread_no);
        self.senders.push(message.sender.get());
        self.kinds.push(message.draft.kind.as_str());
        self.contents.push(message.draft.content.as_str());
        self.mentions.push(array_text(&message.mentions));
        self.metadata.push(
            message
                .draft
                .metadata
                .as_ref()
                .map(serde_json::Value::to_string),
        );
        self.client_ids
            .push(message.draft.client_message_id.map(ClientMessageId::get));
        self.fingerprints.push(message.fingerprint.get());
        self.correlation_ids.push(message.correlation_id);
        self.traceparents.push(message.traceparent);
        self.parents
            .push(message.reply_to.map(|(root, _)| root.get()));
        self.reply_nos
            .push(message.reply_to.map(|(_, number)| number));
        self.everyones.push(message.everyone.map(Everyone::as_str));
    }
}

/// PostgreSQL has no array of arrays of different lengths: each goes as its text.
pub(super) fn array_text(ids: &[impl ToString]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

impl ChannelArrays {
    fn push(&mut self, id: ChannelId, counters: Counters, last_message: Option<MessageId>) {
        self.ids.push(id.get());
        self.last_seqs.push(counters.last_seq.get());
        self.message_counts.push(counters.message_count);
        self.timeline_counts.push(counters.timeline_count);
        self.unread_bases.push(counters.unread_count_base);
        self.last_messages.push(last_message.map(MessageId::get));
    }
}

impl MarkArrays {
    fn push(&mut self, message: &NewMessage<'_>) {
        self.channels.push(message.channel.get());
        self.users.push(message.sender.get());
        self.seqs.push(message.seq.get());
        self.messages.push(message.id.get());
        self.counts.push(message.numbers.unread_no);
    }
}

impl MentionArrays {
    fn push(&mut self, message: &NewMessage<'_>) {
        let counted = counted(message.everyone, &message.mentions);
        self.users.extend(&counted);
        self.channels
            .extend(counted.iter().map(|_| message.channel.get()));
        self.seqs.extend(counted.iter().map(|_| message.seq.get()));
    }
}

impl GroupArrays<'_> {
    /// In the order of the statement's `$1` to `$35`.
    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 35] {
        let (sent, channels, marks) = (&self.messages, &self.channels, &self.marks);
        let mentions = &self.mentions;
        [
            &sent.ids,
            &sent.channels,
            &sent.seqs,
            &sent.tenants,
            &sent.message_nos,
            &sent.timeline_nos,
            &sent.unread_nos,
            &sent.senders,
            &sent.kinds,
            &sent.contents,
            &sent.mentions,
            &sent.metadata,
            &sent.client_ids,
            &sent.fingerprints,
            &sent.correlation_ids,
            &sent.traceparents,
            &self.group_id,
            &self.at,
            &channels.ids,
            &channels.last_seqs,
            &channels.message_counts,
            &channels.timeline_counts,
            &channels.unread_bases,
            &channels.last_messages,
            &marks.channels,
            &marks.users,
            &marks.seqs,
            &marks.messages,
            &marks.counts,
            &sent.parents,
            &sent.reply_nos,
            &sent.everyones,
            &mentions.channels,
            &mentions.users,
            &mentions.seqs,
        ]
    }
}
