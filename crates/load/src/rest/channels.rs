//! Channels and members by REST.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Created, HistoryMessage, Page, Rest, RestError};
use crate::people::Person;

impl Rest {
    /// Makes a group that everybody of the tenant may join.
    pub(crate) async fn create_public_group(
        &self,
        owner: &Person,
        name: &str,
    ) -> Result<u64, RestError> {
        let body = json!({ "name": name, "isPrivate": false });
        let made: Created = self
            .call(Method::POST, "/channels/group", owner, Some(&body))
            .await?;
        Ok(made.id)
    }

    /// Gets or makes the direct channel with somebody; answers its id.
    pub(crate) async fn direct(&self, caller: &Person, other: u64) -> Result<u64, RestError> {
        let body = json!({ "otherUserId": other });
        let made: Created = self
            .call(Method::POST, "/channels/direct", caller, Some(&body))
            .await?;
        Ok(made.id)
    }

    /// Gets or makes the channel of a customer; answers its id.
    pub(crate) async fn topic(&self, caller: &Person, customer: u64) -> Result<u64, RestError> {
        let body = json!({ "entityType": "customer", "entityId": customer });
        let made: Created = self
            .call(Method::POST, "/channels/topic", caller, Some(&body))
            .await?;
        Ok(made.id)
    }

    /// Joins a public group.
    pub(crate) async fn join(&self, caller: &Person, channel: u64) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/join");
        let _: Value = self.call(Method::POST, &path, caller, None).await?;
        Ok(())
    }

    /// Leaves a channel.
    pub(crate) async fn leave(&self, caller: &Person, channel: u64) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/leave");
        let _: Value = self.call(Method::POST, &path, caller, None).await?;
        Ok(())
    }

    /// Marks the newest of a channel's messages as read, if there is one.
    pub(crate) async fn read_newest(&self, caller: &Person, channel: u64) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/messages?page=0&size=1");
        let page: Page = self.call(Method::GET, &path, caller, None).await?;
        if let Some(HistoryMessage { id, .. }) = page.items.first() {
            let path = format!("/channels/{channel}/messages/{id}/read");
            let _: Value = self.call(Method::POST, &path, caller, None).await?;
        }
        Ok(())
    }

    /// What the API says of a channel.
    pub(crate) async fn channel(&self, caller: &Person, channel: u64) -> Result<Value, RestError> {
        self.read(caller, &format!("/channels/{channel}")).await
    }
}
