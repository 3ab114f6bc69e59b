//! What a group of sends becomes: pure, from what was looked up under the locks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use discuss_domain::messages::{
    ClientMessageId, KnownSend, Message, Numbers, SendError, Verdict, decide,
};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use discuss_storage::messages::group::{Group, Look, NewMessage, Probe};
use uuid::Uuid;

use super::{Outcome, Send};

/// A group, decided.
pub(super) struct Plan<'a> {
    /// What is to be stored.
    pub(super) group: Group<'a>,
    /// What each send is answered, in their order, once the group is committed.
    pub(super) answers: Vec<Result<Outcome, SendError>>,
}

/// What must be looked up for these sends.
pub(super) fn probe<'a>(sends: impl Iterator<Item = &'a Send> + Clone) -> Probe {
    let mut probe = Probe::default();
    for send in sends.clone() {
        let key = (send.tenant, send.channel, send.sender.id);
        probe.add_send(key, send.draft.client_message_id);
    }
    for send in sends {
        for user in &send.draft.mentions {
            probe.add_mention(send.tenant, send.channel, *user);
        }
    }
    probe
}

/// Decides each send, and gives seqs, numbers and ids to those that are accepted.
pub(super) fn plan<'a>(
    sends: impl Iterator<Item = &'a Send>,
    look: &Look,
    id: Uuid,
    at: DateTime<Utc>,
) -> Plan<'a> {
    let group = Group {
        id,
        at,
        channels: HashMap::new(),
        messages: Vec::new(),
    };
    let mut plan = Plan {
        group,
        answers: Vec::new(),
    };
    let mut given: HashMap<(TenantId, UserId, ClientMessageId), KnownSend> = HashMap::new();
    for (place, (send, id)) in sends.zip(&look.ids).enumerate() {
        let key = send
            .draft
            .client_message_id
            .map(|id| (send.tenant, send.sender.id, id));
        let stored = look.known.get(place).copied().flatten();
        // The same client id a second time in a group: the first is as good as stored.
        let known = stored.or_else(|| given.get(&key?).copied());
        let answer = plan.decide(send, look, known, *id);
        if let (Some(key), Ok(Outcome::Stored(message))) = (key, &answer) {
            let (id, fingerprint) = (message.id, send.fingerprint);
            given.insert(key, KnownSend { id, fingerprint });
        }
        plan.answers.push(answer);
    }
    plan
}

impl<'a> Plan<'a> {
    fn decide(
        &mut self,
        send: &'a Send,
        look: &Look,
        known: Option<KnownSend>,
        id: MessageId,
    ) -> Result<Outcome, SendError> {
        let state = look.channels.get(&send.channel);
        let membership = look
            .memberships
            .get(&(send.channel, send.sender.id))
            .copied();
        match decide(send.tenant, send.fingerprint, state, membership, known)? {
            Verdict::Repeat(id) => Ok(Outcome::Known(id)),
            Verdict::Store => {
                let before = state.map(|state| state.counters).unwrap_or_default();
                Ok(Outcome::Stored(Box::new(
                    self.store(send, look, before, id),
                )))
            }
        }
    }

    fn store(
        &mut self,
        send: &'a Send,
        look: &Look,
        before: discuss_domain::channels::Counters,
        id: MessageId,
    ) -> Message {
        let given = self
            .group
            .channels
            .entry(send.channel)
            .or_insert((before, id));
        *given = (given.0.after_message(), id);
        let (seq, numbers) = (given.0.last_seq, given.0.numbers());
        let is_member = |user: &UserId| {
            look.memberships
                .get(&(send.channel, *user))
                .is_some_and(|member| member.is_current())
        };
        let mentions: Vec<UserId> = send
            .draft
            .mentions
            .iter()
            .copied()
            .filter(is_member)
            .collect();
        let message = message(send, (id, seq, numbers), mentions.clone(), self.group.at);
        self.group.messages.push(NewMessage {
            id,
            channel: send.channel,
            seq,
            numbers,
            tenant: send.tenant,
            sender: send.sender.id,
            draft: &send.draft,
            mentions,
            fingerprint: send.fingerprint,
            correlation_id: send.correlation_id.as_deref(),
            traceparent: send.traceparent.as_deref(),
        });
        message
    }

    /// The first event of the group, by which it is found again.
    pub(super) fn first(&self) -> Option<(ChannelId, Seq)> {
        self.group
            .messages
            .first()
            .map(|message| (message.channel, message.seq))
    }
}

/// The message that a send becomes.
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
        parent_id: None,
        metadata: send.draft.metadata.clone(),
        client_message_id: send.draft.client_message_id,
        edited_at: None,
        deleted: None,
        created_at: at,
    }
}

#[cfg(test)]
mod tests;
