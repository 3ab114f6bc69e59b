//! People in answers and frames.

use discuss_domain::text::require_bounded;
use discuss_domain::users::User;
use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};

/// Longest text that people are searched by, in characters.
const MOST_QUERY_CHARS: usize = 100;

/// Checks what people are searched by; nothing finds everybody.
pub fn parse_query(query: Option<&str>) -> Result<String, FieldError> {
    let query = query.unwrap_or_default().trim();
    require_bounded(query, MOST_QUERY_CHARS).in_field("query")?;
    Ok(query.to_lowercase())
}

/// A person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Their id.
    pub id: i64,
    /// The name to show; "User 17" when no better one is known.
    pub name: String,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.get(),
            name: user.display_name(),
            email: user.email.clone(),
            avatar_url: user.avatar_url.clone(),
        }
    }
}
