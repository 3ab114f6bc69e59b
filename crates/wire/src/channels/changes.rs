//! Requests that change a channel.

use discuss_domain::channels::{ChannelChanges, ChannelName, Description};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::errors::{FieldError, InField};
use crate::messages::metadata;

/// Changes a channel: only what is there changes. `null` takes away a description or metadata.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateChannelRequest {
    /// Another name.
    #[schema(max_length = 100, example = "Quarter review")]
    pub name: Option<String>,
    /// What it is about from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub description: Option<Option<String>>,
    /// Only its members know of it. Only the OWNER changes that.
    pub is_private: Option<bool>,
    /// Colour, icon and what else a front end keeps, at most 8 KiB; replaces all that was there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Option<serde_json::Value>>,
}

/// Tells a member that is `null` from one that is not there.
#[expect(
    clippy::option_option,
    reason = "serde's own way to tell null from nothing"
)]
fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl UpdateChannelRequest {
    /// The checked changes.
    pub fn parse(self) -> Result<ChannelChanges, FieldError> {
        let name = self.name.as_deref().map(ChannelName::parse);
        let describe = |new: Option<String>| new.as_deref().map(Description::parse).transpose();
        let description = self.description.map(describe);
        let metadata = self.metadata.map(|new| new.map(metadata).transpose());
        Ok(ChannelChanges {
            name: name.transpose().in_field("name")?,
            description: description.transpose().in_field("description")?,
            is_private: self.is_private,
            metadata: metadata.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Result<ChannelChanges, FieldError> {
        let request: UpdateChannelRequest = crate::json::parse("body", json.as_bytes())?;
        request.parse()
    }

    #[test]
    fn what_is_not_there_stays_and_null_takes_away() {
        assert_eq!(parsed("{}"), Ok(ChannelChanges::default()));
        let nothing = parsed(r#"{"name":null,"isPrivate":null}"#);
        assert_eq!(nothing, Ok(ChannelChanges::default()));
        let cleared = parsed(r#"{"description":null,"metadata":null}"#).unwrap();
        assert_eq!(cleared.description, Some(None));
        assert_eq!(cleared.metadata, Some(None));
        let changed = parsed(r#"{"name":" a ","description":"b","isPrivate":false,"metadata":{}}"#);
        let changed = changed.unwrap();
        assert_eq!(changed.name.unwrap().as_str(), "a");
        assert_eq!(changed.description.unwrap().unwrap().as_str(), "b");
        assert_eq!(changed.is_private, Some(false));
        assert_eq!(changed.metadata, Some(Some(serde_json::json!({}))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, field) in [
            (r#"{"name":" "}"#, "name"),
            (r#"{"name":5}"#, "name"),
            (r#"{"description":5}"#, "description"),
            (r#"{"isPrivate":"no"}"#, "isPrivate"),
            (r#"{"metadata":[]}"#, "metadata"),
            (r#"{"metadata":"teal"}"#, "metadata"),
        ] {
            assert_eq!(parsed(json).unwrap_err().field, field, "{json}");
        }
    }
}
