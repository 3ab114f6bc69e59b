//! Which channels a list is to have, and in what order.

use discuss_domain::channels::{ChannelKind, Direction, ListFilter, SearchText, SortKey};
use discuss_domain::entities::EntityType;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::errors::{FieldError, InField};

/// Which channels to list, as it was sent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ChannelFilterQuery {
    /// Only DIRECT, GROUP or TOPIC channels.
    #[serde(rename = "type")]
    #[param(example = "GROUP")]
    pub kind: Option<String>,
    /// Archived channels instead of the others.
    #[param(value_type = Option<bool>, example = false)]
    pub is_archived: Option<String>,
    /// Only pinned ones, or only those that are not.
    #[param(value_type = Option<bool>, example = true)]
    pub is_pinned: Option<String>,
    /// Only those with something unread, or only those without.
    #[param(value_type = Option<bool>, example = true)]
    pub has_unread: Option<String>,
    /// Only of this sort of business record.
    #[param(example = "customer")]
    pub entity_type: Option<String>,
    /// Only with this in their name, whatever its case; a DIRECT channel has the other person's.
    #[param(max_length = 100, example = "review")]
    pub search: Option<String>,
    /// By what they are ordered: lastMessage (the default), name or createdAt.
    #[param(example = "lastMessage")]
    pub sort_by: Option<String>,
    /// asc or desc; names go up and times go down when it is left out.
    #[param(example = "desc")]
    pub sort_order: Option<String>,
}

impl ChannelFilterQuery {
    /// The checked filter.
    pub fn parse(&self) -> Result<ListFilter, FieldError> {
        let kind = known(
            "type",
            self.kind.as_deref(),
            ChannelKind::find,
            "DIRECT, GROUP or TOPIC",
        );
        let sort = known(
            "sortBy",
            self.sort_by.as_deref(),
            sort_key,
            "lastMessage, name or createdAt",
        );
        let entity_type = known(
            "entityType",
            self.entity_type.as_deref(),
            EntityType::find,
            "a known sort of business record",
        );
        let direction = known(
            "sortOrder",
            self.sort_order.as_deref(),
            direction,
            "asc or desc",
        );
        let search = self.search.as_deref().map(SearchText::parse).transpose();
        Ok(ListFilter {
            kind: kind?,
            is_archived: flag("isArchived", self.is_archived.as_deref())?.unwrap_or(false),
            is_pinned: flag("isPinned", self.is_pinned.as_deref())?,
            has_unread: flag("hasUnread", self.has_unread.as_deref())?,
            entity_type: entity_type?,
            search: search.in_field("search")?.flatten(),
            sort: sort?.unwrap_or_default(),
            direction: direction?,
        })
    }
}

/// The value that a word stands for.
fn known<T>(
    field: &str,
    word: Option<&str>,
    find: impl Fn(&str) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, FieldError> {
    let Some(word) = word else { return Ok(None) };
    match find(word) {
        Some(value) => Ok(Some(value)),
        None => Err(FieldError::new(field, format!("must be {expected}"))),
    }
}

fn flag(field: &str, word: Option<&str>) -> Result<Option<bool>, FieldError> {
    known(field, word, |word| word.parse().ok(), "true or false")
}

fn sort_key(name: &str) -> Option<SortKey> {
    SortKey::ALL.into_iter().find(|key| key.as_str() == name)
}

fn direction(word: &str) -> Option<Direction> {
    match word.to_ascii_lowercase().as_str() {
        "asc" => Some(Direction::Ascending),
        "desc" => Some(Direction::Descending),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_for_is_what_is_not_archived_the_newest_first() {
        let filter = ChannelFilterQuery::default().parse().unwrap();
        assert_eq!(filter, ListFilter::default());
        assert_eq!(filter.direction(), Direction::Descending);
    }

    #[test]
    fn each_word_is_read() {
        let word = |text: &str| Some(text.to_owned());
        let filter = ChannelFilterQuery {
            kind: word("TOPIC"),
            is_archived: word("true"),
            is_pinned: word("false"),
            has_unread: word("true"),
            entity_type: word("CUSTOMER"),
            search: word(" Acme "),
            sort_by: word("name"),
            sort_order: word("DESC"),
        };
        let expected = ListFilter {
            kind: Some(ChannelKind::Topic),
            is_archived: true,
            is_pinned: Some(false),
            has_unread: Some(true),
            entity_type: Some(EntityType::Customer),
            search: SearchText::parse("Acme").unwrap(),
            sort: SortKey::Name,
            direction: Some(Direction::Descending),
        };
        assert_eq!(filter.parse(), Ok(expected));
    }
}
