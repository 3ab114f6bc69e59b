//! Pages, by number and by cursor.

use discuss_domain::MessageId;
use discuss_domain::messages::history::{Cursor, Scope};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::errors::{FieldError, InField};
use crate::ids::IdNumber;

/// Entries of a page when nothing is asked for.
pub const DEFAULT_SIZE: i64 = 50;
/// The most entries of a page.
pub const MAX_SIZE: i64 = 100;

/// A page by number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Its number, from 0.
    pub page: i64,
    /// The most entries it can have.
    pub page_size: i64,
    /// Entries of all pages.
    pub total_items: i64,
    /// How many pages there are.
    pub total_pages: i64,
    /// A page follows.
    pub has_next: bool,
    /// A page goes before.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// The page that `request` asked for.
    #[must_use]
    pub fn new(items: Vec<T>, request: PageRequest, total_items: i64) -> Self {
        let total_pages = total_items.saturating_add(request.size - 1) / request.size;
        Self {
            items,
            page: request.page,
            page_size: request.size,
            total_items,
            total_pages,
            has_next: request.page.saturating_add(1) < total_pages,
            has_previous: request.page > 0 && total_pages > 0,
        }
    }
}

/// Messages from a cursor on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CursorPage<T> {
    /// The entries, newest first.
    pub items: Vec<T>,
    /// There are older ones.
    pub has_more: bool,
    /// There are newer ones.
    pub has_newer: bool,
    /// The oldest of these.
    pub oldest_message_id: Option<i64>,
    /// The newest of these.
    pub newest_message_id: Option<i64>,
}

/// A checked page request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Its number, from 0.
    pub page: i64,
    /// The most entries: 1 to [`MAX_SIZE`].
    pub size: i64,
}

/// `page`, `size` and its synonym `pageSize`, as they were sent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The page's number, from 0.
    #[param(value_type = Option<i64>, minimum = 0, example = 0)]
    pub page: Option<String>,
    /// Entries of a page, 1 to 100; 50 when it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 50)]
    pub size: Option<String>,
    /// The same as `size`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 50)]
    pub page_size: Option<String>,
}

impl PageQuery {
    /// Was a page asked for at all?
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.page.is_some() || self.size.is_some() || self.page_size.is_some()
    }

    /// The checked request.
    pub fn parse(&self) -> Result<PageRequest, FieldError> {
        let page = number("page", self.page.as_deref(), 0, 0..=1_000_000_000)?;
        let (name, size) = match &self.size {
            Some(size) => ("size", Some(size)),
            None => ("pageSize", self.page_size.as_ref()),
        };
        let size = number(name, size.map(String::as_str), DEFAULT_SIZE, 1..=MAX_SIZE)?;
        Ok(PageRequest { page, size })
    }
}

/// `beforeId`, `afterId`, `aroundId`, `limit` and `includeThreads`, as they were sent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CursorQuery {
    /// Messages older than this one.
    #[param(value_type = Option<i64>, minimum = 1, example = 1042)]
    pub before_id: Option<String>,
    /// Messages newer than this one.
    #[param(value_type = Option<i64>, minimum = 1, example = 1042)]
    pub after_id: Option<String>,
    /// How many, 1 to 100; 50 when it is left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 50)]
    pub limit: Option<String>,
    /// Messages around this one: half of them older, itself, the others newer.
    #[param(value_type = Option<i64>, minimum = 1, example = 1042)]
    pub around_id: Option<String>,
    /// Replies as well; left out, they are told by page and size, and not by cursor.
    #[param(value_type = Option<bool>, example = false)]
    pub include_threads: Option<String>,
}

impl CursorQuery {
    /// Was a cursor asked for at all?
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.before_id.is_some()
            || self.after_id.is_some()
            || self.around_id.is_some()
            || self.limit.is_some()
    }

    /// The checked cursor and limit.
    pub fn parse(&self) -> Result<(Cursor, i64), FieldError> {
        let limit = self.parse_limit()?;
        let mut given = [
            ("beforeId", &self.before_id),
            ("afterId", &self.after_id),
            ("aroundId", &self.around_id),
        ]
        .into_iter()
        .filter_map(|(field, id)| Some((field, id.as_deref()?)));
        let Some((field, id)) = given.next() else {
            return Ok((Cursor::Newest, limit));
        };
        if let Some((other, _)) = given.next() {
            return Err(FieldError::new(
                other,
                format!("can't go together with {field}"),
            ));
        }
        let id = message_id(field, id)?;
        let cursor = match field {
            "beforeId" => Cursor::Before(id),
            "afterId" => Cursor::After(id),
            _ => Cursor::Around(id),
        };
        Ok((cursor, limit))
    }

    /// The checked limit alone.
    pub fn parse_limit(&self) -> Result<i64, FieldError> {
        number("limit", self.limit.as_deref(), DEFAULT_SIZE, 1..=MAX_SIZE)
    }

    /// Which messages are asked for; `usual` are those when nothing is said.
    pub fn parse_scope(&self, usual: Scope) -> Result<Scope, FieldError> {
        match self.include_threads.as_deref() {
            None => Ok(usual),
            Some("true") => Ok(Scope::WithReplies),
            Some("false") => Ok(Scope::TopLevel),
            Some(_) => Err(FieldError::new("includeThreads", "must be true or false")),
        }
    }
}

fn message_id(field: &str, digits: &str) -> Result<MessageId, FieldError> {
    IdNumber::parse(digits)
        .and_then(|id| MessageId::parse(id.0))
        .in_field(field)
}

fn number(
    field: &str,
    text: Option<&str>,
    default: i64,
    bounds: std::ops::RangeInclusive<i64>,
) -> Result<i64, FieldError> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (bounds.start(), bounds.end());
        FieldError::new(
            field,
            format!("must be a whole number from {least} to {most}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_its_neighbours() {
        let page = Page::new(vec![1, 2], PageRequest { page: 1, size: 2 }, 5);
        assert_eq!(
            (page.total_pages, page.has_next, page.has_previous),
            (3, true, true)
        );
        let none = Page::<i64>::new(vec![], PageRequest { page: 0, size: 2 }, 0);
        assert_eq!(
            (none.total_pages, none.has_next, none.has_previous),
            (0, false, false)
        );
    }

    #[test]
    fn bad_pages_name_their_field() {
        let query = PageQuery {
            page: Some("-1".into()),
            ..PageQuery::default()
        };
        assert_eq!(query.parse().unwrap_err().field, "page");
        let query = PageQuery {
            page_size: Some("101".into()),
            ..PageQuery::default()
        };
        assert_eq!(query.parse().unwrap_err().field, "pageSize");
    }

    #[test]
    fn replies_are_told_as_asked_or_as_usual() {
        let scope = |text: Option<&str>| {
            let query = CursorQuery {
                include_threads: text.map(str::to_owned),
                ..CursorQuery::default()
            };
            query.parse_scope(Scope::TopLevel)
        };
        assert_eq!(scope(None), Ok(Scope::TopLevel));
        assert_eq!(scope(Some("true")), Ok(Scope::WithReplies));
        assert_eq!(scope(Some("false")), Ok(Scope::TopLevel));
        assert_eq!(scope(Some("yes")).unwrap_err().field, "includeThreads");
    }

    #[test]
    fn a_cursor_goes_one_way() {
        let both = CursorQuery {
            before_id: Some("5".into()),
            after_id: Some("4".into()),
            ..CursorQuery::default()
        };
        assert_eq!(both.parse().unwrap_err().field, "afterId");
        let before = CursorQuery {
            before_id: Some("5".into()),
            ..CursorQuery::default()
        };
        assert_eq!(
            before.parse(),
            Ok((Cursor::Before(MessageId::from(5)), DEFAULT_SIZE))
        );
        let around = CursorQuery {
            around_id: Some("7".into()),
            limit: Some("9".into()),
            ..CursorQuery::default()
        };
        assert_eq!(around.parse(), Ok((Cursor::Around(MessageId::from(7)), 9)));
        let mixed = CursorQuery {
            after_id: Some("5".into()),
            ..around
        };
        assert_eq!(mixed.parse().unwrap_err().field, "aroundId");
    }
}
