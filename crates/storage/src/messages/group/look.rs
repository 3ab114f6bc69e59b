//! What a group asks under its locks, and what it learns.

use std::collections::{BTreeSet, HashMap};

use discuss_domain::channels::Counters;
use discuss_domain::members::Membership;
use discuss_domain::messages::{ChannelState, ClientMessageId, Fingerprint, KnownSend, Message};
use discuss_domain::{ChannelId, MessageId, Seq, TenantId, UserId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{GroupError, targets};
use crate::{StorageError, channels, members};

/// What a group asks, in parallel arrays: its sends, then those whom they mention and who changes
/// messages; and the messages that are changed or replied to.
#[derive(Debug, Default)]
pub struct Probe {
    tenants: Vec<i64>,
    channels: Vec<i64>,
    users: Vec<i64>,
    client_ids: Vec<Option<Uuid>>,
    is_send: Vec<bool>,
    targets: BTreeSet<i64>,
}

impl Probe {
    /// Asks for a send; the group's sends are asked for first.
    pub fn add_send(
        &mut self,
        (tenant, channel, sender): (TenantId, ChannelId, UserId),
        client_message_id: Option<ClientMessageId>,
    ) {
        self.push((tenant, channel, sender), client_message_id, true);
    }

    /// Asks whether somebody whom a send mentions is a member.
    pub fn add_mention(&mut self, tenant: TenantId, channel: ChannelId, user: UserId) {
        self.push((tenant, channel, user), None, false);
    }

    /// Asks for a message that somebody changes, and whether they are a member of its channel.
    pub fn add_change(
        &mut self,
        (tenant, channel, user): (TenantId, ChannelId, UserId),
        message: MessageId,
    ) {
        self.push((tenant, channel, user), None, false);
        self.add_target(message);
    }

    /// Asks for a message that is replied to.
    pub fn add_target(&mut self, message: MessageId) {
        self.targets.insert(message.get());
    }

    fn push(
        &mut self,
        (tenant, channel, user): (TenantId, ChannelId, UserId),
        client_id: Option<ClientMessageId>,
        is_send: bool,
    ) {
        self.tenants.push(tenant.get());
        self.channels.push(channel.get());
        self.users.push(user.get());
        self.client_ids.push(client_id.map(ClientMessageId::get));
        self.is_send.push(is_send);
    }

    pub(super) fn channel_ids(&self) -> Vec<i64> {
        let ids: BTreeSet<i64> = self.channels.iter().copied().collect();
        ids.into_iter().collect()
    }

    /// The messages that are asked for.
    pub(super) fn target_ids(&self) -> Vec<i64> {
        self.targets.iter().copied().collect()
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 5] {
        [
            &self.tenants,
            &self.channels,
            &self.users,
            &self.client_ids,
            &self.is_send,
        ]
    }
}

/// What a group learns.
#[derive(Debug, Default)]
pub struct Look {
    /// The channels that there are, locked.
    pub channels: HashMap<ChannelId, ChannelState>,
    /// The memberships of senders and mentioned, also former ones.
    pub memberships: HashMap<(ChannelId, UserId), Membership>,
    /// What is stored under the client id of each send, in the order of the sends.
    pub known: Vec<Option<KnownSend>>,
    /// Message ids, one for each send, the lowest first.
    pub ids: Vec<MessageId>,
    /// The messages that were asked for and are in these channels, locked, and their roots.
    pub messages: HashMap<MessageId, Message>,
}

impl Look {
    /// Reads what the three statements brought.
    pub(super) fn read(
        probe: &Probe,
        (locked, looked, targets): (&[Row], &[Row], &[Row]),
    ) -> Result<Self, GroupError> {
        let mut look = Self::default();
        for row in locked {
            let (id, state) = channel_state(row)?;
            look.channels.insert(id, state);
        }
        let pairs = probe.channels.iter().zip(&probe.users);
        for (row, (channel, user)) in looked.iter().zip(pairs) {
            look.take(row, (ChannelId::from(*channel), UserId::from(*user)))?;
        }
        look.ids.sort_unstable();
        for row in targets {
            let message = targets::message_of(row)?;
            look.messages.insert(message.id, message);
        }
        Ok(look)
    }

    /// Takes a row of the look; rows come in the order of the probe.
    fn take(&mut self, row: &Row, pair: (ChannelId, UserId)) -> Result<(), GroupError> {
        let (role, status): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(2)?);
        if let Some((role, status)) = role.zip(status) {
            self.memberships
                .insert(pair, members::membership(role, status)?);
        }
        let drawn: Option<i64> = row.try_get(5)?;
        if let Some(drawn) = drawn {
            let (stored, print): (Option<i64>, Option<Uuid>) = (row.try_get(3)?, row.try_get(4)?);
            self.known
                .push(stored.zip(print).map(|(id, print)| KnownSend {
                    id: MessageId::from(id),
                    fingerprint: Fingerprint::from(print),
                }));
            self.ids.push(MessageId::from(drawn));
        }
        Ok(())
    }
}

fn channel_state(row: &Row) -> Result<(ChannelId, ChannelState), GroupError> {
    let number = |column: usize| row.try_get::<_, i64>(column).map_err(StorageError::from);
    let state = ChannelState {
        tenant: TenantId::from(number(1)?),
        kind: channels::kind(row.try_get(2)?)?,
        is_private: row.try_get(3)?,
        is_archived: row.try_get(4)?,
        counters: Counters {
            last_seq: Seq::from(number(5)?),
            message_count: number(6)?,
            timeline_count: number(7)?,
            unread_count_base: number(8)?,
        },
    };
    Ok((ChannelId::from(number(0)?), state))
}
