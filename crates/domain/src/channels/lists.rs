//! Which of a person's channels to list, and in what order.

use super::ChannelKind;
use crate::entities::EntityType;
use crate::text::{TextError, require_bounded};

/// Which of a person's channels to list. Pinned ones always come first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    /// Only of this kind.
    pub kind: Option<ChannelKind>,
    /// Archived ones, or those that are not.
    pub is_archived: bool,
    /// Only pinned ones, or only those that are not.
    pub is_pinned: Option<bool>,
    /// Only with something unread, or only without.
    pub has_unread: Option<bool>,
    /// Only of this sort of business record.
    pub entity_type: Option<EntityType>,
    /// Only with this in their name; a direct channel has the other person's.
    pub search: Option<SearchText>,
    /// By what they are ordered.
    pub sort: SortKey,
    /// In which direction; each key has a usual one.
    pub direction: Option<Direction>,
}

impl ListFilter {
    /// The direction, also where none was asked for.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction.unwrap_or(match self.sort {
            SortKey::Name => Direction::Ascending,
            SortKey::LastMessage | SortKey::CreatedAt => Direction::Descending,
        })
    }
}

/// By what channels are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// The time of the newest message; of a channel without any, when it was made.
    #[default]
    LastMessage,
    /// The name, whatever its case.
    Name,
    /// When they were made.
    CreatedAt,
}

impl SortKey {
    /// Every key.
    pub const ALL: [Self; 3] = [Self::LastMessage, Self::Name, Self::CreatedAt];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastMessage => "lastMessage",
            Self::Name => "name",
            Self::CreatedAt => "createdAt",
        }
    }
}

/// In which direction channels are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// What is looked for in names: at most 100 characters, without the white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// Longest text, in characters.
    pub const MAX_CHARS: usize = 100;

    /// Checks `text`; `None` when there is nothing in it to look for.
    pub fn parse(text: &str) -> Result<Option<Self>, TextError> {
        require_bounded(text, Self::MAX_CHARS)?;
        let text = text.trim();
        Ok((!text.is_empty()).then(|| Self(text.to_owned())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_look_for_is_no_search() {
        assert_eq!(SearchText::parse(" \t"), Ok(None));
        assert_eq!(
            SearchText::parse(" a b "),
            Ok(Some(SearchText("a b".to_owned())))
        );
        assert!(SearchText::parse(&"x".repeat(101)).is_err());
    }

    #[test]
    fn names_go_up_and_times_go_down_unless_it_is_said() {
        let by = |sort, direction| {
            ListFilter {
                sort,
                direction,
                ..ListFilter::default()
            }
            .direction()
        };
        assert_eq!(by(SortKey::Name, None), Direction::Ascending);
        assert_eq!(by(SortKey::LastMessage, None), Direction::Descending);
        let asked = Some(Direction::Descending);
        assert_eq!(by(SortKey::Name, asked), Direction::Descending);
    }
}
