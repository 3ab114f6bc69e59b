//! The REST side of the contract, as far as the load needs it.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::Person;

mod channels;
mod erasures;
mod messages;
mod refusals;

pub(crate) use refusals::RestError;

/// The most members one call takes.
const MEMBERS_A_CALL: usize = 100;
/// Longer than the server may think about a send (5 s).
const PATIENCE: Duration = Duration::from_secs(8);

/// A client of one or several API processes.
pub(crate) struct Rest {
    client: reqwest::Client,
    bases: Vec<String>,
    turn: AtomicUsize,
}

/// A message that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Stored {
    /// Its id.
    pub(crate) id: u64,
    /// Its place in the channel.
    pub(crate) seq: u64,
}

/// A message of the history.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryMessage {
    /// Its id.
    pub(crate) id: u64,
    /// Its place in the channel.
    pub(crate) seq: u64,
    /// Its sender, 0 for the system.
    pub(crate) sender_id: u64,
    /// Its text.
    #[serde(default)]
    pub(crate) content: String,
    /// The sender's id for it.
    pub(crate) client_message_id: Option<String>,
    /// It no longer says what its sender first said.
    #[serde(default)]
    pub(crate) is_edited: bool,
    /// It says nothing any more.
    #[serde(default)]
    pub(crate) is_deleted: bool,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Created {
    id: u64,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<HistoryMessage>,
}

impl Rest {
    /// A client that takes the API processes `bases` in turn.
    pub(crate) fn new(bases: Vec<String>) -> anyhow::Result<Self> {
        anyhow::ensure!(!bases.is_empty(), "no API to talk to");
        let client = reqwest::Client::builder()
            // The servers are on this machine, whatever the environment says of proxies.
            .no_proxy()
            .timeout(PATIENCE)
            .connect_timeout(Duration::from_secs(2))
            .build()?;
        let bases = bases
            .into_iter()
            .map(|base| base.trim_end_matches('/').to_owned())
            .collect();
        Ok(Self {
            client,
            bases,
            turn: AtomicUsize::new(0),
        })
    }

    /// How many API processes there are.
    pub(crate) fn processes(&self) -> usize {
        self.bases.len()
    }

    /// Makes a group channel of `owner` and `members`.
    pub(crate) async fn create_group(
        &self,
        owner: &Person,
        name: &str,
        members: &[u64],
    ) -> Result<u64, RestError> {
        let (first, more) = members.split_at(members.len().min(MEMBERS_A_CALL));
        let body = json!({ "name": name, "memberIds": first });
        let Created { id } = self
            .call(Method::POST, "/channels/group", owner, Some(&body))
            .await?;
        for some in more.chunks(MEMBERS_A_CALL) {
            let body = json!({ "userIds": some });
            let _: Value = self
                .call(
                    Method::POST,
                    &format!("/channels/{id}/members"),
                    owner,
                    Some(&body),
                )
                .await?;
        }
        Ok(id)
    }

    /// Makes `user` a member.
    pub(crate) async fn add_member(
        &self,
        owner: &Person,
        channel: u64,
        user: u64,
    ) -> Result<(), RestError> {
        let (path, body) = (
            format!("/channels/{channel}/members"),
            json!({ "userIds": [user] }),
        );
        let _: Option<Value> = self.call(Method::POST, &path, owner, Some(&body)).await?;
        Ok(())
    }

    /// Ends the membership of `user`.
    pub(crate) async fn remove_member(
        &self,
        owner: &Person,
        channel: u64,
        user: u64,
    ) -> Result<(), RestError> {
        let path = format!("/channels/{channel}/members/{user}");
        let _: Option<Value> = self.call(Method::DELETE, &path, owner, None).await?;
        Ok(())
    }

    /// Sends a message.
    pub(crate) async fn send(
        &self,
        sender: &Person,
        channel: u64,
        message: (&str, Uuid),
    ) -> Result<Stored, RestError> {
        let (content, client_id) = message;
        let body = json!({ "content": content, "clientMessageId": client_id });
        self.call(
            Method::POST,
            &format!("/channels/{channel}/messages"),
            sender,
            Some(&body),
        )
        .await
    }

    /// The channels of `caller`: id and name.
    pub(crate) async fn channels(&self, caller: &Person) -> Result<Value, RestError> {
        self.read(caller, "/channels?size=100").await
    }

    /// What a GET answers.
    pub(crate) async fn read(&self, reader: &Person, path: &str) -> Result<Value, RestError> {
        self.call(Method::GET, path, reader, None).await
    }

    /// The newest `count` messages of a channel, newest first.
    pub(crate) async fn newest(
        &self,
        reader: &Person,
        channel: u64,
        count: u8,
    ) -> Result<Value, RestError> {
        let path = format!("/channels/{channel}/messages?page=0&size={count}");
        self.read(reader, &path).await
    }

    /// The messages of a channel whose seq is at least `from`, oldest first.
    pub(crate) async fn history_from(
        &self,
        reader: &Person,
        channel: u64,
        from: u64,
    ) -> Result<Vec<HistoryMessage>, RestError> {
        let mut all: Vec<HistoryMessage> = Vec::new();
        let mut query = "page=0&size=100".to_owned();
        loop {
            let path = format!("/channels/{channel}/messages?{query}");
            let page: Page = self.call(Method::GET, &path, reader, None).await?;
            let oldest = page.items.iter().map(|message| message.id).min();
            let reached = page.items.iter().any(|message| message.seq <= from);
            let full = page.items.len() >= 100;
            all.extend(page.items.into_iter().filter(|message| message.seq >= from));
            let Some(oldest) = oldest.filter(|_| full && !reached) else {
                break;
            };
            query = format!("beforeId={oldest}&limit=100");
        }
        all.sort_by_key(|message| message.id);
        Ok(all)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        caller: &Person,
        body: Option<&Value>,
    ) -> Result<T, RestError> {
        let turn = self.turn.fetch_add(1, Relaxed) % self.bases.len();
        let base = self.bases.get(turn).map_or("", String::as_str);
        let mut request = self
            .client
            .request(method, format!("{base}{path}"))
            .bearer_auth(&caller.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        if answer.status().is_success() {
            return Ok(answer.json::<Envelope<T>>().await?.data);
        }
        Err(RestError::of(answer).await)
    }
}
