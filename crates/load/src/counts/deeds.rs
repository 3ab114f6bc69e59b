//! What people do, and in which channels.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use crate::people::Person;
use crate::rest::{Rest, RestError, Stored};

/// Messages of a channel that something may be done with; a new one takes the place of any of them, so
/// that some stay for long and many people meet at them.
const AT_HAND: usize = 20;
/// What people react with.
const EMOJI: [&str; 4] = ["👍", "🎉", "👀", "❤️"];

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Send,
    Reply,
    Edit,
    Delete,
    React,
    Unreact,
    Read,
    Add,
    Remove,
    Join,
    Leave,
}

/// A message that something may be done with.
#[derive(Debug, Clone)]
struct AtHand {
    id: u64,
    sender: Person,
}

/// A channel in which it happens.
pub(super) struct Place {
    pub(super) rest: Arc<Rest>,
    pub(super) channel: u64,
    owner: Person,
    at_hand: Mutex<Vec<AtHand>>,
}

impl Place {
    /// Makes a channel that everybody may join.
    pub(super) async fn make(rest: Arc<Rest>, owner: &Person) -> Result<Self, RestError> {
        let channel = rest.create_public_group(owner, "Counted").await?;
        Ok(Self {
            rest,
            channel,
            owner: owner.clone(),
            at_hand: Mutex::default(),
        })
    }

    fn keep(&self, message: Stored, sender: &Person) {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let message = AtHand {
            id: message.id,
            sender: sender.clone(),
        };
        if at_hand.len() < AT_HAND {
            at_hand.push(message);
        } else if let Some(place) = fastrand::choice(at_hand.iter_mut()) {
            *place = message;
        }
    }

    fn any(&self) -> Option<AtHand> {
        let at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        fastrand::choice(at_hand.iter()).cloned()
    }

    /// A message that nobody shall do anything with any more, but who is about to do so.
    fn take_any(&self) -> Option<AtHand> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let number = fastrand::usize(..at_hand.len().max(1));
        (number < at_hand.len()).then(|| at_hand.swap_remove(number))
    }
}

impl Deed {
    /// All of them, each as often as it is done.
    pub(super) const OFTEN: [Self; 24] = [
        Self::Send,
        Self::Send,
        Self::Send,
        Self::Reply,
        Self::Reply,
        Self::Reply,
        Self::Reply,
        Self::Edit,
        Self::Edit,
        Self::Delete,
        Self::React,
        Self::React,
        Self::React,
        Self::React,
        Self::Unreact,
        Self::Unreact,
        Self::Unreact,
        Self::Read,
        Self::Read,
        Self::Add,
        Self::Add,
        Self::Remove,
        Self::Join,
        Self::Leave,
    ];

    /// Somebody does it; owners add and remove somebody else, and only its sender changes a message. Says
    /// whether there was something to do it with.
    pub(super) async fn is_done(self, place: &Place, who: &Person) -> Result<bool, RestError> {
        let (rest, owner, channel) = (&place.rest, &place.owner, place.channel);
        match self {
            Self::Send => {
                let message = rest
                    .send(who, channel, (&text(who), Uuid::new_v4()))
                    .await?;
                place.keep(message, who);
            }
            Self::Read => rest.read_newest(who, channel).await?,
            Self::Add => rest.add_member(owner, channel, who.user).await?,
            Self::Remove => rest.remove_member(owner, channel, who.user).await?,
            Self::Join => rest.join(who, channel).await?,
            Self::Leave => rest.leave(who, channel).await?,
            Self::Reply | Self::Edit | Self::Delete | Self::React | Self::Unreact => {
                let found = match self {
                    Self::Delete => place.take_any(),
                    _ => place.any(),
                };
                let Some(message) = found else {
                    return Ok(false);
                };
                self.is_done_to(&message, place, who).await?;
            }
        }
        Ok(true)
    }

    async fn is_done_to(
        self,
        message: &AtHand,
        place: &Place,
        who: &Person,
    ) -> Result<(), RestError> {
        let (rest, channel, id) = (&place.rest, place.channel, message.id);
        let emoji = fastrand::choice(EMOJI).unwrap_or_default();
        match self {
            Self::Reply => {
                let reply = rest.reply(who, channel, (id, &text(who))).await?;
                place.keep(reply, who);
            }
            Self::Edit => {
                let sender = &message.sender;
                rest.edit(sender, channel, (id, &text(who))).await?;
            }
            Self::Delete => rest.delete(&message.sender, channel, id).await?,
            Self::React => rest.react(who, channel, (id, emoji)).await?,
            _ => rest.unreact(who, channel, (id, emoji)).await?,
        }
        Ok(())
    }
}

/// What is said: of three one mentions somebody, of ten one everybody.
fn text(who: &Person) -> String {
    match fastrand::u8(..30) {
        0..10 => format!("what <@{}> counts", who.user % 40 + 1),
        10..13 => "what @all count".to_owned(),
        _ => "what is counted".to_owned(),
    }
}
