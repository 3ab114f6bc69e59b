//! Erasing what somebody wrote, by REST.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{Rest, RestError};
use crate::people::Person;

/// How far an erasure has come.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Erasure {
    /// So many messages are gone.
    pub(crate) erased_count: u64,
    /// When all was; milliseconds.
    pub(crate) finished_at: Option<i64>,
}

impl Rest {
    /// Asks that all be erased that somebody wrote.
    pub(crate) async fn erase(&self, caller: &Person) -> Result<(), RestError> {
        let path = "/users/me/messages";
        let _: Value = self.call(Method::DELETE, path, caller, None).await?;
        Ok(())
    }

    /// How far that has come.
    pub(crate) async fn erasure(&self, caller: &Person) -> Result<Erasure, RestError> {
        let path = "/users/me/messages/erasure";
        self.call(Method::GET, path, caller, None).await
    }
}
