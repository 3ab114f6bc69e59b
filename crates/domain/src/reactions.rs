//! Reactions: which emoji stand at a message, and whose they are.

use crate::ids::UserId;

/// One emoji, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Emoji(String);

/// The text is no emoji, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one emoji")]
pub struct EmojiError;

impl Emoji {
    /// Checks `text`: one emoji that Unicode knows, of whatever skin.
    pub fn parse(text: &str) -> Result<Self, EmojiError> {
        emojis::get(text).ok_or(EmojiError)?;
        Ok(Self(text.to_owned()))
    }

    /// The emoji's characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes an emoji that we stored ourselves.
impl From<String> for Emoji {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

/// An emoji at a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// Whose it is, in the order in which they came; never nobody's.
    pub users: Vec<UserId>,
}

/// A message has all the different emoji that it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message has at most {} different reactions", Reactions::MOST_EMOJI)]
pub struct TooManyReactions;

/// The reactions to a message, in the order in which their emoji came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reactions(Vec<Reaction>);

impl Reactions {
    /// Different emoji of a message at most.
    pub const MOST_EMOJI: usize = 50;

    /// Each emoji.
    pub fn iter(&self) -> impl Iterator<Item = &Reaction> {
        self.0.iter()
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who reacted with this emoji.
    #[must_use]
    pub fn users(&self, emoji: &Emoji) -> &[UserId] {
        let found = self.0.iter().find(|reaction| reaction.emoji == *emoji);
        found.map_or(&[], |reaction| &reaction.users)
    }

    /// Adds a reaction; `false` when it was there already.
    pub fn add(&mut self, emoji: &Emoji, user: UserId) -> Result<bool, TooManyReactions> {
        let is_full = self.0.len() >= Self::MOST_EMOJI;
        let found = self.0.iter_mut().find(|reaction| reaction.emoji == *emoji);
        match found {
            Some(reaction) if reaction.users.contains(&user) => return Ok(false),
            Some(reaction) => reaction.users.push(user),
            None if is_full => return Err(TooManyReactions),
            None => self.0.push(Reaction {
                emoji: emoji.clone(),
                users: vec![user],
            }),
        }
        Ok(true)
    }

    /// Takes a reaction away; `false` when there was none.
    pub fn remove(&mut self, emoji: &Emoji, user: UserId) -> bool {
        if !self.users(emoji).contains(&user) {
            return false;
        }
        for reaction in self.0.iter_mut().filter(|one| one.emoji == *emoji) {
            reaction.users.retain(|other| *other != user);
        }
        self.0.retain(|reaction| !reaction.users.is_empty());
        true
    }
}

/// Takes reactions that we stored ourselves.
impl FromIterator<Reaction> for Reactions {
    fn from_iter<I: IntoIterator<Item = Reaction>>(stored: I) -> Self {
        Self(stored.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emoji(text: &str) -> Emoji {
        Emoji::parse(text).unwrap()
    }

    #[test]
    fn one_emoji_is_taken_as_it_was_sent() {
        for text in [
            "👍",
            "👍🏽",
            "❤\u{fe0f}",
            "❤",
            "👩\u{200d}💻",
            "🇻🇳",
            "#\u{fe0f}\u{20e3}",
        ] {
            assert_eq!(Emoji::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            " ",
            "a",
            "👍👍",
            "👍 ",
            ":thumbsup:",
            "thumbs up",
            "7",
            "👍\0",
            "%F0%9F%91%8D",
        ] {
            assert_eq!(Emoji::parse(text), Err(EmojiError), "{text:?}");
        }
    }

    #[test]
    fn a_person_counts_once_with_an_emoji() {
        let mut reactions = Reactions::default();
        let (up, heart) = (emoji("👍"), emoji("❤\u{fe0f}"));
        assert_eq!(reactions.add(&up, UserId::from(1)), Ok(true));
        assert_eq!(reactions.add(&up, UserId::from(1)), Ok(false));
        assert_eq!(reactions.add(&up, UserId::from(2)), Ok(true));
        assert_eq!(reactions.add(&heart, UserId::from(1)), Ok(true));
        assert_eq!(reactions.users(&up), [1, 2].map(UserId::from));
        assert_eq!(reactions.users(&heart), [1].map(UserId::from));
    }

    #[test]
    fn what_is_taken_back_leaves_no_trace() {
        let mut reactions = Reactions::default();
        let up = emoji("👍");
        assert!(!reactions.remove(&up, UserId::from(1)));
        reactions.add(&up, UserId::from(1)).unwrap();
        assert!(!reactions.remove(&up, UserId::from(2)));
        assert!(reactions.remove(&up, UserId::from(1)));
        assert!(reactions.is_empty());
    }

    #[test]
    fn a_message_has_at_most_50_different_emoji_and_each_may_have_more_people() {
        let mut reactions = Reactions::default();
        let different: Vec<Emoji> = emojis::iter()
            .take(51)
            .map(|one| emoji(one.as_str()))
            .collect();
        let (last, first) = different.split_last().unwrap();
        for emoji in first {
            reactions.add(emoji, UserId::from(1)).unwrap();
        }
        let full = reactions.clone();
        assert_eq!(reactions.add(last, UserId::from(2)), Err(TooManyReactions));
        assert_eq!(reactions, full);
        assert_eq!(reactions.add(&first[0], UserId::from(2)), Ok(true));
    }
}
