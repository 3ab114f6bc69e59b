//! Reactions as the column of their message holds them: `[{"emoji": "👍", "userIds": [1, 2]}]`.

use discuss_domain::UserId;
use discuss_domain::reactions::{Emoji, Reaction, Reactions};
use serde_json::Value;

use crate::StorageError;

/// The reactions of a column.
pub(crate) fn read(stored: Option<&Value>) -> Result<Reactions, StorageError> {
    let Some(stored) = stored else {
        return Ok(Reactions::default());
    };
    let corrupt = || StorageError::corrupt("messages", "reactions", &stored.to_string());
    let items = stored.as_array().ok_or_else(corrupt)?;
    items
        .iter()
        .map(|item| reaction(item).ok_or_else(corrupt))
        .collect()
}

fn reaction(item: &Value) -> Option<Reaction> {
    let ids = item.get("userIds")?.as_array()?.iter();
    let users: Option<Vec<UserId>> = ids.map(|id| id.as_i64().map(UserId::from)).collect();
    Some(Reaction {
        emoji: Emoji::from(item.get("emoji")?.as_str()?.to_owned()),
        users: users?,
    })
}

/// The column's JSON; nothing where there are no reactions.
pub(crate) fn write(reactions: &Reactions) -> Option<Value> {
    if reactions.is_empty() {
        return None;
    }
    let stored = reactions.iter().map(|reaction| {
        let users: Vec<i64> = reaction.users.iter().map(|user| user.get()).collect();
        serde_json::json!({ "emoji": reaction.emoji.as_str(), "userIds": users })
    });
    Some(stored.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_in_its_order() {
        let mut reactions = Reactions::default();
        for (emoji, user) in [("👍", 2), ("❤\u{fe0f}", 1), ("👍", 1)] {
            let emoji = Emoji::parse(emoji).unwrap();
            reactions.add(&emoji, UserId::from(user)).unwrap();
        }
        let written = write(&reactions);
        assert_eq!(
            written,
            Some(serde_json::json!([
                {"emoji": "👍", "userIds": [2, 1]}, {"emoji": "❤\u{fe0f}", "userIds": [1]}
            ]))
        );
        assert_eq!(read(written.as_ref()).unwrap(), reactions);
    }

    #[test]
    fn none_are_nothing_and_nonsense_is_told() {
        assert_eq!(write(&Reactions::default()), None);
        assert!(read(None).unwrap().is_empty());
        let error = read(Some(&serde_json::json!({"👍": 1}))).unwrap_err();
        assert!(error.to_string().contains("messages.reactions"), "{error}");
    }
}
