//! What a group of commands becomes: pure, from what was looked up under the locks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use discuss_domain::channels::Counters;
use discuss_domain::messages::change::Change;
use discuss_domain::messages::{
    ClientMessageId, KnownSend, Message, Numbers, SendError, Verdict, decide,
};
use discuss_domain::reactions::Reactions;
use discuss_domain::threads::{Thread, require_root};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use discuss_storage::event_log::LoggedEvent;
use discuss_storage::messages::group::{Changes, Group, Look, NewMessage, Probe};
use uuid::Uuid;

use super::command::Borrowed;
use super::{Outcome, Refusal, Send};

mod changes;

/// A group, decided.
pub(super) struct Plan<'a> {
    /// What is to be stored.
    pub(super) group: Group<'a>,
    /// What each command is answered, in their order, once the group is committed.
    pub(super) answers: Vec<Result<Outcome, Refusal>>,
    /// The events to tell of then, in their order.
    pub(super) events: Vec<LoggedEvent>,
    /// The first event of the group, by which it is found again.
    pub(super) first: Option<(ChannelId, Seq)>,
    /// The client ids that this group stores.
    given: HashMap<(TenantId, UserId, ClientMessageId), KnownSend>,
}

/// What must be looked up for these commands.
pub(super) fn probe<'a>(commands: impl Iterator<Item = Borrowed<'a>> + Clone) -> Probe {
    let mut probe = Probe::default();
    for command in commands.clone() {
        if let Borrowed::Send(send) = command {
            let key = (send.tenant, send.channel, send.sender.id);
            probe.add_send(key, send.draft.client_message_id);
        }
    }
    for command in commands {
        match command {
            Borrowed::Send(send) => {
                for user in &send.draft.mentions {
                    probe.add_mention(send.tenant, send.channel, *user);
                }
                if let Some(parent) = send.draft.parent_id {
                    probe.add_target(parent);
                }
            }
            Borrowed::Change(change) => {
                let key = (change.tenant, change.channel, change.user);
                probe.add_change(key, change.message);
                if let Change::Edit { mentions, .. } = &change.change {
                    for user in &mentions.people {
                        probe.add_mention(change.tenant, change.channel, *user);
                    }
                }
            }
        }
    }
    probe
}

/// Decides each command in turn, each on what those before it made, and gives seqs, numbers and ids to
/// those that are accepted.
pub(super) fn plan<'a>(
    commands: impl Iterator<Item = Borrowed<'a>>,
    look: &Look,
    id: Uuid,
    at: DateTime<Utc>,
) -> Plan<'a> {
    let mut plan = Plan {
        group: Group {
            id,
            at,
            channels: HashMap::new(),
            messages: Vec::new(),
            changes: Changes::default(),
        },
        answers: Vec::new(),
        events: Vec::new(),
        first: None,
        given: HashMap::new(),
    };
    let mut looked = look.ids.iter().zip(&look.known);
    for command in commands {
        let answer = match command {
            Borrowed::Change(change) => plan.change(change, look).map_err(Refusal::from),
            // There is a row of the look for each send.
            Borrowed::Send(send) => match looked.next() {
                Some((id, stored)) => plan.send(send, look, (*id, *stored)).map_err(Refusal::from),
                None => break,
            },
        };
        plan.answers.push(answer);
    }
    plan
}

impl<'a> Plan<'a> {
    fn send(
        &mut self,
        send: &'a Send,
        look: &Look,
        (id, stored): (MessageId, Option<KnownSend>),
    ) -> Result<Outcome, SendError> {
        let client_id = send.draft.client_message_id;
        let key = client_id.map(|id| (send.tenant, send.sender.id, id));
        // The same client id a second time in a group: the first is as good as stored.
        let known = stored.or_else(|| self.given.get(&key?).copied());
        let state = look.channels.get(&send.channel);
        let membership = look.memberships.get(&(send.channel, send.sender.id));
        let fingerprint = send.fingerprint;
        let verdict = decide(send.tenant, fingerprint, state, membership.copied(), known)?;
        if let Verdict::Repeat(id) = verdict {
            return Ok(Outcome::Known(id));
        }
        let root = self.root_of(send, look)?;
        if let Some(key) = key {
            self.given.insert(key, KnownSend { id, fingerprint });
        }
        let message = self.store(send, look, (id, root.as_ref()));
        if let Some(root) = root {
            self.reply(send, look, (root, message.id));
        }
        Ok(Outcome::Stored(Box::new(message)))
    }

    /// The root of the thread that a send joins.
    fn root_of(&self, send: &Send, look: &Look) -> Result<Option<Message>, SendError> {
        let Some(parent) = send.draft.parent_id else {
            return Ok(None);
        };
        let parent = self.find(look, send.channel, parent);
        let root = parent.and_then(|parent| self.find(look, send.channel, parent.parent_id?));
        Ok(Some(require_root(parent, root)?.clone()))
    }

    fn store(
        &mut self,
        send: &'a Send,
        look: &Look,
        (id, root): (MessageId, Option<&Message>),
    ) -> Message {
        let counters = self.count(look, send.channel, |counters| match root {
            Some(_) => counters.after_reply(),
            None => counters.after_message(),
        });
        if let Some((_, newest)) = self.group.channels.get_mut(&send.channel) {
            *newest = Some(id);
        }
        let (seq, numbers) = (counters.last_seq, counters.numbers());
        let mentions = mentioned(send, look);
        let message = Message {
            parent_id: root.map(|root| root.id),
            ..message(send, (id, seq, numbers), mentions.clone(), self.group.at)
        };
        self.group.messages.push(NewMessage {
            id,
            channel: send.channel,
            seq,
            numbers,
            tenant: send.tenant,
            sender: send.sender.id,
            draft: &send.draft,
            mentions,
            everyone: send.everyone,
            reply_to: root.map(|root| (root.id, root.thread.newest_no.saturating_add(1))),
            fingerprint: send.fingerprint,
            correlation_id: send.correlation_id.as_deref(),
            traceparent: send.traceparent.as_deref(),
        });
        self.events
            .push(LoggedEvent::message_created(message.clone()));
        message
    }

    /// Moves a channel's counters on, which takes a seq.
    fn count(
        &mut self,
        look: &Look,
        channel: ChannelId,
        step: impl FnOnce(Counters) -> Counters,
    ) -> Counters {
        let before = look.channels.get(&channel).map(|state| state.counters);
        let given = self.group.channels.entry(channel);
        let given = given.or_insert((before.unwrap_or_default(), None));
        given.0 = step(given.0);
        self.first.get_or_insert((channel, given.0.last_seq));
        given.0
    }
}

/// Whom a send names, of those who are in the channel now.
fn mentioned(send: &Send, look: &Look) -> Vec<UserId> {
    let named = send.draft.mentions.iter().copied();
    named
        .filter(|user| is_in(look, send.channel, *user))
        .collect()
}

/// Is somebody in the channel now?
fn is_in(look: &Look, channel: ChannelId, user: UserId) -> bool {
    let found = look.memberships.get(&(channel, user));
    found.is_some_and(|member| member.is_current())
}

/// The message that a send becomes, outside of threads.
pub(super) fn message(
    send: &Send,
    (id, seq, numbers): (MessageId, Seq, Numbers),
    mentions: Vec<UserId>,
    at: DateTime<Utc>,
) -> Message {
    Message {
        id,
        channel_id: send.channel,
        seq,
        tenant_id: send.tenant,
        sender: send.sender.clone(),
        content: Some(send.draft.content.as_str().to_owned()),
        kind: send.draft.kind,
        numbers,
        mentions,
        mentions_everyone: send.everyone,
        parent_id: None,
        thread: Thread::default(),
        reactions: Reactions::default(),
        metadata: send.draft.metadata.clone(),
        client_message_id: send.draft.client_message_id,
        edited_at: None,
        deleted: None,
        created_at: at,
    }
}

#[cfg(test)]
mod tests;
