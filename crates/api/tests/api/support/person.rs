//! Somebody who calls the API.

use std::net::SocketAddr;

use discuss_test_support::{SECRET, token};
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::Answer;

/// A token with these claims.
pub(crate) fn signed(claims: &Value) -> String {
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap()
}

/// Somebody who calls the API.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    token: Option<String>,
    address: SocketAddr,
    http: Client,
}

impl Person {
    /// Somebody with a good token.
    pub(crate) fn new(address: SocketAddr, tenant: i64, id: i64) -> Self {
        Self {
            id,
            token: Some(token(tenant, id)),
            ..Self::anonymous(address)
        }
    }

    /// Somebody without a token.
    pub(crate) fn anonymous(address: SocketAddr) -> Self {
        Self {
            id: 0,
            token: None,
            address,
            http: Client::new(),
        }
    }

    /// The same person with another token.
    pub(crate) fn with_token(&self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    /// A request, for who wants to change it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(
            method,
            format!("http://{}/discuss/api/v1{path}", self.address),
        );
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn put_nothing(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::PUT, path)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    /// POST without a body.
    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::POST, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Makes a private group with these people; answers its id.
    pub(crate) async fn group(&self, members: &[&Person]) -> i64 {
        self.group_that(
            json!({ "memberIds": members.iter().map(|person| person.id).collect::<Vec<_>>() }),
        )
        .await
    }

    /// Makes a group with more properties; answers its id.
    pub(crate) async fn group_that(&self, mut properties: Value) -> i64 {
        properties["name"] = "Quarter review".into();
        let answer = self.post("/channels/group", properties).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.id()
    }

    /// Sends a message; answers its id.
    pub(crate) async fn say(&self, channel: i64, content: &str) -> i64 {
        let answer = self
            .post(
                &format!("/channels/{channel}/messages"),
                json!({ "content": content }),
            )
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.id()
    }

    /// The contents of a channel's messages, newest first.
    pub(crate) async fn contents(&self, channel: i64) -> Vec<String> {
        let answer = self
            .get(&format!("/channels/{channel}/messages?limit=100"))
            .await;
        let items = answer.data()["items"].as_array().unwrap();
        items
            .iter()
            .map(|message| message["content"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The newest seq of a channel's log: it moves with every change.
    pub(crate) async fn last_seq(&self, channel: i64) -> i64 {
        self.get(&format!("/channels/{channel}")).await.data()["lastSeq"]
            .as_i64()
            .unwrap()
    }
}
