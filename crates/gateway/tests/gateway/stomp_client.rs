//! A client's end of a socket that speaks STOMP.

use discuss_domain::ChannelId;
use discuss_test_support::{World, asyncapi, token};
use discuss_wire::stomp::{Version, encode};
use serde_json::{Map, Value};

use crate::client::Client;
use crate::process::Gateway;

/// A client of STOMP.
pub(crate) struct Stomp {
    pub(crate) client: Client,
}

/// A frame of the server.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) command: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Frame {
    fn read(text: &str) -> Self {
        let (head, body) = text.strip_suffix('\0').unwrap().split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let command = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.to_owned())
        });
        let headers = headers.collect();
        let body = body.to_owned();
        Self {
            command,
            headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(own, _)| own == name)?;
        Some(value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_presence(&self) -> bool {
        self.command == "MESSAGE" && self.json()["type"].as_str().unwrap().starts_with("USER_")
    }

    /// Every frame is as asyncapi.yaml says of its command, a MESSAGE as it says of its type.
    fn require_described(&self) {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .cloned()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let name = if self.command == "MESSAGE" {
            let body = self.json();
            let name = format!("stomp.event.{}", body["type"].as_str().unwrap());
            asyncapi::require_payload(&name, &body);
            name
        } else {
            format!("stomp.server.{}", self.command)
        };
        asyncapi::require_headers(&name, &headers.into());
        if self.command == "ERROR" {
            asyncapi::require_payload(&name, &self.body.as_str().into());
        }
    }
}

impl Stomp {
    pub(crate) async fn open(gateway: &Gateway, protocols: &str) -> Self {
        let url = format!("ws://{}/ws/discuss", gateway.address);
        let headers = [("sec-websocket-protocol", protocols)];
        let client = Client::open(&url, &headers).await.unwrap();
        Self { client }
    }

    /// Before the answer to its CONNECT.
    pub(crate) async fn connecting(gateway: &Gateway, user: i64) -> Self {
        let mut stomp = Self::open(gateway, "v12.stomp, v11.stomp").await;
        let bearer = format!("Bearer {}", token(World::TENANT, user));
        let headers = [
            ("accept-version", "1.0,1.1,1.2"),
            ("heart-beat", "10000,10000"),
            ("Authorization", &bearer),
        ];
        stomp.send("CONNECT", &headers, "").await;
        stomp
    }

    pub(crate) async fn connected(gateway: &Gateway, user: i64) -> Self {
        let mut stomp = Self::connecting(gateway, user).await;
        let connected = stomp.next().await;
        assert_eq!(connected.command, "CONNECTED");
        assert_eq!(connected.header("version"), Some("1.2"));
        assert_eq!(connected.header("heart-beat"), Some("10000,10000"));
        assert_eq!(connected.header("user-name"), Some(&*user.to_string()));
        stomp
    }

    pub(crate) async fn subscribed(gateway: &Gateway, user: i64) -> Self {
        let mut stomp = Self::connected(gateway, user).await;
        let headers = [
            ("id", "sub-0"),
            ("destination", "/user/queue/events"),
            ("receipt", "r1"),
        ];
        stomp.send("SUBSCRIBE", &headers, "").await;
        let receipt = stomp.next().await;
        assert_eq!(
            (&*receipt.command, receipt.header("receipt-id")),
            ("RECEIPT", Some("r1"))
        );
        stomp
    }

    pub(crate) async fn send(&mut self, command: &str, headers: &[(&str, &str)], body: &str) {
        // CONNECT is not escaped.
        let version = if command == "CONNECT" {
            Version::V10
        } else {
            Version::V12
        };
        let frame = encode(command, headers, body.as_bytes(), version);
        self.client
            .say_text(std::str::from_utf8(&frame).unwrap())
            .await;
    }

    pub(crate) async fn say(&mut self, channel: ChannelId, what: &str, body: Value) {
        let destination = format!("/app/channels/{channel}/{what}");
        let headers = [("destination", &*destination)];
        self.send("SEND", &headers, &body.to_string()).await;
    }

    /// The next frame; heart-beats are passed over.
    pub(crate) async fn next(&mut self) -> Frame {
        loop {
            let text = self.client.next_text().await.unwrap();
            if text != "\n" {
                let frame = Frame::read(&text);
                frame.require_described();
                return frame;
            }
        }
    }

    /// The next MESSAGE of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> (Frame, Value) {
        loop {
            let frame = self.next().await;
            assert_eq!(frame.command, "MESSAGE", "{frame:?}");
            let body = frame.json();
            if body["type"] == kind {
                return (frame, body);
            }
        }
    }

    /// The next frame must be an ERROR, and the socket be closed with that code. Who comes and goes is told at any time,
    /// and passed over.
    pub(crate) async fn expect_refusal(&mut self, close: u16) {
        let mut frame = self.next().await;
        while frame.is_presence() {
            frame = self.next().await;
        }
        assert_eq!(frame.command, "ERROR");
        asyncapi::require_close_code("stomp", close);
        assert_eq!(self.client.next_text().await, Err(close));
    }
}
