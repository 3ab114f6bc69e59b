//! Reactions in requests and answers.

use std::borrow::Cow;

use discuss_domain::messages::Message;
use discuss_domain::reactions::{Emoji, Reaction, Reactions};
use discuss_domain::{MessageId, UserId};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;
use crate::messages::ids;

/// People who are named with an emoji at most; `count` tells of all.
const MOST_NAMED: usize = 50;

/// Reacts to a message.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReactionRequest {
    /// One emoji.
    #[schema(example = "👍")]
    pub emoji: String,
}

impl ReactionRequest {
    /// The checked emoji.
    pub fn parse(&self) -> Result<Emoji, FieldError> {
        emoji(&self.emoji)
    }
}

/// Checks an emoji. Some clients percent-encode it once more than the place where it stands asks for:
/// no emoji has a percent sign in it.
pub fn emoji(text: &str) -> Result<Emoji, FieldError> {
    let mut plain = Cow::Borrowed(text);
    for _ in 0..2 {
        if plain.contains('%') {
            let decoded = percent_decode_str(&plain).decode_utf8_lossy().into_owned();
            plain = Cow::Owned(decoded);
        }
    }
    Emoji::parse(&plain).in_field("emoji")
}

/// A reaction to a message, from a socket.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactToRequest {
    /// The message.
    pub message_id: IdNumber,
    /// One emoji.
    pub emoji: String,
}

impl ReactToRequest {
    /// The checked message and emoji.
    pub fn parse(&self) -> Result<(MessageId, Emoji), FieldError> {
        let message = MessageId::parse(self.message_id.0).in_field("messageId")?;
        Ok((message, emoji(&self.emoji)?))
    }
}

/// An emoji at a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionView {
    /// The emoji.
    pub emoji: String,
    /// Whose it is, at most 50 of them.
    pub user_ids: Vec<i64>,
    /// How many they are.
    pub count: usize,
    /// The caller is among them; left out where nobody calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mine: Option<bool>,
}

impl ReactionView {
    /// The reaction as everybody sees it.
    #[must_use]
    pub fn of(reaction: &Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str().to_owned(),
            user_ids: named(&reaction.users),
            count: reaction.users.len(),
            is_mine: None,
        }
    }

    /// The reactions as `viewer` sees them.
    #[must_use]
    pub fn seen_by(reactions: &Reactions, viewer: UserId) -> Vec<Self> {
        let seen = reactions.iter().map(|reaction| Self {
            is_mine: Some(reaction.users.contains(&viewer)),
            ..Self::of(reaction)
        });
        seen.collect()
    }
}

fn named(users: &[UserId]) -> Vec<i64> {
    ids(users.get(..MOST_NAMED).unwrap_or(users))
}

/// Who reacts with an emoji now: the payload of `REACTION_ADDED` and `REACTION_REMOVED`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactionChangedView<'a> {
    /// The message.
    pub message_id: i64,
    /// Its channel.
    pub channel_id: i64,
    /// The emoji.
    pub emoji: &'a str,
    /// Whose reaction was added or removed.
    pub user_id: i64,
    /// How many react with it now.
    pub total_count: usize,
    /// Who they are, at most 50 of them.
    pub user_ids: Vec<i64>,
}

impl<'a> ReactionChangedView<'a> {
    /// Of this emoji at a message, after `user` added or removed it.
    #[must_use]
    pub fn of(message: &Message, emoji: &'a Emoji, user: UserId) -> Self {
        let users = message.reactions.users(emoji);
        Self {
            message_id: message.id.get(),
            channel_id: message.channel_id.get(),
            emoji: emoji.as_str(),
            user_id: user.get(),
            total_count: users.len(),
            user_ids: named(users),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_taken_plain_and_encoded_once_or_twice() {
        for text in ["👍", "%F0%9F%91%8D", "%25F0%259F%2591%258D"] {
            assert_eq!(emoji(text).unwrap().as_str(), "👍", "{text}");
        }
        for text in ["", "x", "%", "%zz", "%41", "%2525F0", "%FF", "👍%20"] {
            assert_eq!(emoji(text).unwrap_err().field, "emoji", "{text}");
        }
    }

    #[test]
    fn a_reaction_names_at_most_50_people_and_counts_all() {
        let mut reactions = Reactions::default();
        let up = Emoji::parse("👍").unwrap();
        for user in 1..=60 {
            reactions.add(&up, UserId::from(user)).unwrap();
        }
        let seen = ReactionView::seen_by(&reactions, UserId::from(60));
        let view = serde_json::to_value(&seen[0]).unwrap();
        assert_eq!(
            (&view["emoji"], &view["count"], &view["isMine"]),
            (&"👍".into(), &60.into(), &true.into())
        );
        assert_eq!(view["userIds"].as_array().unwrap().len(), 50);
        let stranger = ReactionView::seen_by(&reactions, UserId::from(70));
        assert_eq!(stranger[0].is_mine, Some(false));
        let all = reactions.iter().map(ReactionView::of).next().unwrap();
        let view = serde_json::to_value(all).unwrap();
        assert!(view.get("isMine").is_none());
    }
}
