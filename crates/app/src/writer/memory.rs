//! What a lane remembers of the channels it wrote to last, so that a lone send needs no look.
//!
//! The facts hold for as long as the channel's newest seq is the remembered one: the statement that
//! stores a lone send asks for just that. Nothing is ever refused because of what is remembered.

use std::collections::HashMap;

use discuss_domain::members::Membership;
use discuss_domain::messages::{ChannelState, Verdict, decide};
use discuss_domain::{ChannelId, UserId};
use discuss_storage::messages::group::Look;

use super::Send;
use super::plan::Plan;

/// Channels remembered at most; then all are forgotten.
const MOST: usize = 4_096;

/// What a lane remembers.
#[derive(Default)]
pub(super) struct Memory {
    channels: HashMap<ChannelId, Remembered>,
}

struct Remembered {
    state: ChannelState,
    members: HashMap<UserId, Membership>,
}

impl Memory {
    /// The channel's state, if by what is remembered this send is to be stored.
    pub(super) fn find(&self, send: &Send) -> Option<ChannelState> {
        // Whom it names and what it replies to is looked at under the lock.
        let draft = &send.draft;
        if !draft.mentions.is_empty() || send.everyone.is_some() || draft.parent_id.is_some() {
            return None;
        }
        let channel = self.channels.get(&send.channel)?;
        let membership = channel.members.get(&send.sender.id).copied();
        let state = channel.state;
        let verdict = decide(
            send.tenant,
            send.fingerprint,
            Some(&state),
            membership,
            None,
        );
        (verdict == Ok(Verdict::Store)).then_some(state)
    }

    /// Keeps what was looked up for a group that was committed.
    pub(super) fn keep(&mut self, look: Look, plan: &Plan<'_>) {
        if self.channels.len() >= MOST {
            self.channels.clear();
        }
        for (id, (counters, _)) in &plan.group.channels {
            let Some(state) = look.channels.get(id).copied() else {
                continue;
            };
            // Who was remembered is still right if nothing happened since.
            let old = self.channels.remove(id).filter(|old| old.state == state);
            let members = old.map(|old| old.members).unwrap_or_default();
            let state = ChannelState {
                counters: *counters,
                ..state
            };
            self.channels.insert(*id, Remembered { state, members });
        }
        for ((channel, user), membership) in look.memberships {
            if let Some(channel) = self.channels.get_mut(&channel) {
                channel.members.insert(user, membership);
            }
        }
    }

    /// Keeps that a message was added to a channel.
    pub(super) fn count_message(&mut self, channel: ChannelId) {
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.state.counters = channel.state.counters.after_message();
        }
    }

    /// Forgets a channel in which something else happened.
    pub(super) fn forget(&mut self, channel: ChannelId) {
        self.channels.remove(&channel);
    }
}
