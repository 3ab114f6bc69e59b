//! A client's end of a socket.

use std::collections::VecDeque;

use discuss_domain::ChannelId;
use discuss_test_support::{PATIENCE, asyncapi};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client's end of a socket.
pub(crate) struct Client {
    socket: Socket,
    /// The rest of a BATCH.
    batched: VecDeque<Value>,
    /// Who comes and goes is told at any time, and passed over unless it is asked for.
    pub(crate) shows_presence: bool,
    /// What the upgrade was answered.
    pub(crate) upgrade: Response<Option<Vec<u8>>>,
}

/// What the server sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Sent {
    Frame(Value),
    Closed(u16),
}

impl Client {
    /// Connects with these headers; the HTTP status when it is refused.
    pub(crate) async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.unwrap() {
            Ok(connected) => Ok(Self::over(connected)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects so that the system holds little of what comes and is not taken.
    pub(crate) async fn open_narrow(address: &str, path: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let url = format!("ws://{address}{path}");
        let connected = client_async(url, MaybeTlsStream::Plain(stream)).await;
        Self::over(connected.unwrap())
    }

    fn over((socket, upgrade): (Socket, Response<Option<Vec<u8>>>)) -> Self {
        Self {
            socket,
            batched: VecDeque::new(),
            shows_presence: false,
            upgrade,
        }
    }

    /// Sends a frame, of a type that asyncapi.yaml describes.
    pub(crate) async fn say(&mut self, frame: Value) {
        let kind = frame["type"].as_str().unwrap();
        let is_described = asyncapi::list_messages("json.client.").contains(kind);
        assert!(is_described, "asyncapi.yaml has no {kind}");
        self.say_text(&frame.to_string()).await;
    }

    /// Sends a text as it is.
    pub(crate) async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Writes to the connection itself.
    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        let MaybeTlsStream::Plain(connection) = self.socket.get_mut() else {
            panic!("there is no TLS");
        };
        connection.write_all(bytes).await.unwrap();
    }

    /// Asks for something that is answered by a frame of this type.
    pub(crate) async fn ask(&mut self, kind: &str, payload: Value, answer: &str) -> Value {
        let frame = self.answer_to(kind, payload).await;
        assert_eq!(frame["type"], answer, "{frame}");
        frame
    }

    /// Asks for something; the answer, before which events may come.
    pub(crate) async fn answer_to(&mut self, kind: &str, payload: Value) -> Value {
        self.say(json!({ "type": kind, "requestId": "asked", "payload": payload }))
            .await;
        loop {
            let frame = self.next_frame().await;
            if frame["requestId"] == "asked" {
                return frame;
            }
        }
    }

    /// Sends bytes as they are.
    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame, or the close code.
    pub(crate) async fn next(&mut self) -> Sent {
        let heard = timeout(PATIENCE, self.hear()).await;
        heard.expect("nothing was sent")
    }

    /// The next text as it is, or the close code.
    pub(crate) async fn next_text(&mut self) -> Result<String, u16> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                    Some(Ok(Message::Close(frame))) => {
                        return Err(frame.map_or(1005, |frame| frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return Err(1006),
                }
            }
        };
        timeout(PATIENCE, next).await.expect("nothing was sent")
    }

    /// Passes over the server's pings.
    async fn hear(&mut self) -> Sent {
        loop {
            let sent = self.hear_all().await;
            let is_presence = matches!(&sent, Sent::Frame(frame) if is_presence(frame));
            if self.shows_presence || !is_presence {
                return sent;
            }
        }
    }

    async fn hear_all(&mut self) -> Sent {
        loop {
            if let Some(frame) = self.batched.pop_front() {
                return Sent::Frame(frame);
            }
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let mut frame: Value = serde_json::from_str(&text).unwrap();
                    require_described(&frame);
                    if frame["type"] != "BATCH" {
                        return Sent::Frame(frame);
                    }
                    let events = frame["payload"]["events"].as_array_mut().unwrap();
                    self.batched.extend(events.drain(..));
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    asyncapi::require_close_code("json", frame.code.into());
                    return Sent::Closed(frame.code.into());
                }
                Some(Ok(Message::Close(None))) => return Sent::Closed(1005),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Sent::Closed(1006),
            }
        }
    }

    /// The next frame.
    pub(crate) async fn next_frame(&mut self) -> Value {
        match self.next().await {
            Sent::Frame(frame) => frame,
            Sent::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// The next frame of this channel's log must be this seq; what has no place there is passed over.
    pub(crate) async fn expect_channel_seq(&mut self, channel: ChannelId, seq: i64) {
        loop {
            let frame = self.next_frame().await;
            if frame["channelId"] == channel.get() && frame["seq"].is_i64() {
                assert_eq!(frame["seq"], seq);
                return;
            }
        }
    }

    /// The next frame, which must be of this type. State, which has no place in the order, is passed over
    /// unless it is asked for.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Sent::Frame(frame) if frame["type"] == kind => return frame,
                Sent::Frame(frame) if is_state(&frame) => {}
                other => panic!("not {kind} but {other:?}"),
            }
        }
    }

    /// The next frame of this type, whatever comes before it.
    pub(crate) async fn find(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next_frame().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next frame must be an ERROR of this code, and the socket be closed with that code.
    pub(crate) async fn expect_refusal(&mut self, code: &str, close: u16) {
        assert_eq!(self.expect("ERROR").await["payload"]["code"], code);
        assert_eq!(self.next().await, Sent::Closed(close));
    }

    /// The next frame must be this seq of the channel; answers the frame.
    pub(crate) async fn expect_seq(&mut self, channel: ChannelId, seq: i64) -> Value {
        loop {
            match self.next().await {
                Sent::Frame(frame)
                    if frame["channelId"] == channel.get() && frame["seq"] == seq =>
                {
                    return frame;
                }
                Sent::Frame(frame) if is_state(&frame) => {}
                other => panic!("not seq {seq} of {channel} but {other:?}"),
            }
        }
    }

    /// Nothing else has come: the next frame is the answer to a question asked now.
    pub(crate) async fn expect_silence(&mut self) {
        self.say(json!({ "type": "PING", "requestId": "silence" }))
            .await;
        assert_eq!(self.expect("PONG").await["requestId"], "silence");
    }

    /// The same, of state too: nothing whose type begins so has come, whatever else.
    pub(crate) async fn expect_nothing_of(&mut self, kind: &str) {
        self.shows_presence = true;
        self.say(json!({ "type": "PING", "requestId": "nothing" }))
            .await;
        loop {
            let frame = self.next_frame().await;
            if frame["requestId"] == "nothing" {
                return;
            }
            let is_such = frame["type"].as_str().unwrap().starts_with(kind);
            assert!(!is_such, "{frame}");
        }
    }

    /// Asks for what was missed after these seqs.
    pub(crate) async fn resume(&mut self, channels: &[(ChannelId, i64)]) {
        let channels: serde_json::Map<String, Value> = channels
            .iter()
            .map(|(channel, seq)| (channel.to_string(), json!(seq)))
            .collect();
        let payload = json!({ "channels": channels });
        let request = json!({ "type": "RESUME", "requestId": "resume", "payload": payload });
        self.say(request).await;
    }
}

/// Every frame is as asyncapi.yaml says of its type.
fn require_described(frame: &Value) {
    let kind = frame["type"].as_str().unwrap();
    asyncapi::require_payload(&format!("json.server.{kind}"), frame);
}

/// Does this say whether somebody is there?
fn is_presence(frame: &Value) -> bool {
    let kind = frame["type"].as_str();
    kind.is_some_and(|kind| kind.starts_with("USER_"))
}

/// State, which has no place in the order.
const STATE: [&str; 7] = [
    "UNREAD_COUNT_UPDATED",
    "MESSAGE_READ",
    "MESSAGE_DELIVERED",
    "USER_ONLINE",
    "USER_OFFLINE",
    "USER_PRESENCE_CHANGED",
    "TYPING_INDICATOR",
];

/// Is this state?
fn is_state(frame: &Value) -> bool {
    STATE.iter().any(|kind| frame["type"] == *kind)
}
