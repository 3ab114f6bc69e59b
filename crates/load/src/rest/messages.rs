//! What becomes of messages that are there, by REST.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Rest, RestError, Stored};
use crate::people::Person;

impl Rest {
    /// Replies to a message.
    pub(crate) async fn reply(
        &self,
        sender: &Person,
        channel: u64,
        (parent, content): (u64, &str),
    ) -> Result<Stored, RestError> {
        let body =
            json!({ "content": content, "parentId": parent, "clientMessageId": Uuid::new_v4() });
        let path = format!("/channels/{channel}/messages");
        self.call(Method::POST, &path, sender, Some(&body)).await
    }

    /// Has a message say something else.
    pub(crate) async fn edit(
        &self,
        sender: &Person,
        channel: u64,
        (message, content): (u64, &str),
    ) -> Result<(), RestError> {
        let body = json!({ "content": content });
        let path = format!("/channels/{channel}/messages/{message}");
        let _: Value = self.call(Method::PUT, &path, sender, Some(&body)).await?;
        Ok(())
    }

    /// Deletes a message.
    pub(crate) async fn delete(
        &self,
        sender: &Person,
        channel: u64,
        message: u64,
    ) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/messages/{message}");
        let _: Value = self.call(Method::DELETE, &path, sender, None).await?;
        Ok(())
    }

    /// Reacts to a message.
    pub(crate) async fn react(
        &self,
        caller: &Person,
        channel: u64,
        reaction: (u64, &str),
    ) -> Result<(), RestError> {
        self.call_reaction(Method::POST, (caller, channel), reaction)
            .await
    }

    /// Takes a reaction back.
    pub(crate) async fn unreact(
        &self,
        caller: &Person,
        channel: u64,
        reaction: (u64, &str),
    ) -> Result<(), RestError> {
        self.call_reaction(Method::DELETE, (caller, channel), reaction)
            .await
    }

    async fn call_reaction(
        &self,
        method: Method,
        (caller, channel): (&Person, u64),
        (message, emoji): (u64, &str),
    ) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/messages/{message}/reactions?emoji={emoji}");
        let _: Value = self.call(method, &path, caller, None).await?;
        Ok(())
    }

    /// All messages of a channel, replies too, as the history tells them; newest first.
    pub(crate) async fn history(
        &self,
        reader: &Person,
        channel: u64,
    ) -> Result<Vec<Value>, RestError> {
        let mut all = Vec::new();
        let mut before = String::new();
        loop {
            let path =
                format!("/channels/{channel}/messages?limit=100&includeThreads=true{before}");
            let mut page = self.read(reader, &path).await?;
            let items = page.get_mut("items").and_then(Value::as_array_mut);
            let items = items.map(std::mem::take).unwrap_or_default();
            let Some(oldest) = items.last().and_then(|message| message.get("id")) else {
                return Ok(all);
            };
            before = format!("&beforeId={oldest}");
            all.extend(items);
        }
    }
}
