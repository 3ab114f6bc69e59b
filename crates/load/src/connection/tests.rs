//! A connection against a peer that speaks the contract's JSON dialect: it must come back, resume,
//! reload gaps, and repeat what was not answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request as Upgrade, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::checker::Inbox;
use crate::client_ids::RunId;
use crate::connection::Connection;
use crate::courier::{Courier, Letter, Repeats, Via};
use crate::dialer::Dialer;
use crate::frame::hash;
use crate::ledger::Ledger;
use crate::people::Tenant;
use crate::requests::Request;
use crate::rest::Rest;
use crate::stage::Stage;

const CHANNEL: u64 = 7;

/// The server's side of one socket.
struct Peer {
    socket: WebSocketStream<TcpStream>,
    query: String,
}

/// A connection under test and where its peers come from.
struct World {
    stage: Arc<Stage>,
    gateway: TcpListener,
    api: TcpListener,
    requests: mpsc::Sender<Request>,
    connection: JoinHandle<Inbox>,
}

impl World {
    async fn new() -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rest = Rest::new(vec![format!("http://{}", api.local_addr().unwrap())]).unwrap();
        let url = format!("ws://{}/ws/discuss", gateway.local_addr().unwrap());
        let dialer = Dialer::new(vec![url], &[], vec!["127.0.0.2".parse().unwrap()]).unwrap();
        let stage = Arc::new(Stage::new(Ledger::new(RunId::from_seed(3)), rest, dialer).unwrap());
        let person = Tenant::new(5, "secret").person(1, "One").unwrap();
        let (requests, taken) = mpsc::channel(8);
        let connection = tokio::spawn(Connection::new(Arc::clone(&stage), person, 0).run(taken));
        Self {
            stage,
            gateway,
            api,
            requests,
            connection,
        }
    }

    #[expect(
        clippy::result_large_err,
        reason = "the callback's type is tungstenite's"
    )]
    async fn accept(&self) -> Peer {
        let (stream, from) = self.gateway.accept().await.unwrap();
        assert_eq!(from.ip().to_string(), "127.0.0.2");
        let mut query = String::new();
        let socket = accept_hdr_async(stream, |request: &Upgrade, response: Response| {
            query = request.uri().query().unwrap_or_default().to_owned();
            Ok(response)
        });
        let socket = socket.await.unwrap();
        Peer { socket, query }
    }

    /// Accepts a socket that comes back, and the positions it resumes from.
    async fn accept_back(&self, head: u64) -> (Peer, Value) {
        let mut peer = self.accept().await;
        assert!(peer.query.ends_with("&resume=1"), "{}", peer.query);
        peer.say(
            "CONNECTED",
            json!({"channels": {CHANNEL.to_string(): head}}),
        )
        .await;
        let resume = peer.hear().await;
        assert_eq!(resume["type"], "RESUME");
        let positions = resume["payload"]["channels"].clone();
        (peer, positions)
    }

    fn enter(&self, number: u64) {
        self.stage
            .ledger
            .enter(number, CHANNEL, hash(&content(number)), Duration::ZERO);
    }

    fn frame(&self, number: u64, seq: u64) -> Value {
        json!({"type": "NEW_MESSAGE", "channelId": CHANNEL, "seq": seq, "payload": {"message": self.message(number, seq)}})
    }

    fn message(&self, number: u64, seq: u64) -> Value {
        let client_id = self.stage.ledger.run.client_id(number);
        json!({"id": seq + 50, "seq": seq, "senderId": 1, "content": content(number), "clientMessageId": client_id})
    }

    async fn end(self) -> Inbox {
        self.stage.tell(|signal| signal.stop = true);
        self.connection.await.unwrap()
    }
}

impl Peer {
    async fn say(&mut self, kind: &str, payload: Value) {
        self.tell(json!({"type": kind, "payload": payload, "timestamp": 0}))
            .await;
    }

    async fn tell(&mut self, frame: Value) {
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    async fn hear(&mut self) -> Value {
        let frame = self.socket.next().await.unwrap().unwrap();
        serde_json::from_str(frame.to_text().unwrap()).unwrap()
    }

    /// Waits until everything said before has been read.
    async fn flush(&mut self) {
        self.socket
            .send(Message::Ping("done".into()))
            .await
            .unwrap();
        while !matches!(self.socket.next().await, Some(Ok(Message::Pong(_)))) {}
    }
}

fn content(number: u64) -> String {
    format!("message {number}")
}

/// Answers one HTTP request with `data`.
async fn answer(api: &TcpListener, data: Value) -> String {
    let (mut stream, _) = api.accept().await.unwrap();
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let body = json!({"status": "success", "code": 200, "message": "", "data": data}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    String::from_utf8_lossy(&request[..length])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_broken_connection_comes_back_and_resumes_from_the_last_seq_it_had() {
    let world = World::new().await;
    (0..3).for_each(|number| world.enter(number));
    let mut peer = world.accept().await;
    assert!(!peer.query.contains("resume"), "{}", peer.query);
    peer.say("CONNECTED", json!({"channels": {CHANNEL.to_string(): 4}}))
        .await;
    peer.tell(world.frame(0, 5)).await;
    peer.flush().await;
    drop(peer);

    let (mut peer, positions) = world.accept_back(7).await;
    assert_eq!(positions, json!({CHANNEL.to_string(): 5}));
    peer.tell(
        json!({"type": "BATCH", "payload": {"events": [world.frame(1, 6), world.frame(2, 7)]}}),
    )
    .await;
    peer.say("RESUMED", json!({})).await;
    peer.flush().await;

    let back = world.stage.latencies.back.summary().count;
    let replayed = world.stage.latencies.replay.summary().count;
    let inbox = world.end().await;
    assert!(inbox.faults.is_none(), "{:?}", inbox.faults);
    assert_eq!((back, replayed, inbox.delivered), (1, 2, 3));
    assert_eq!(
        inbox
            .cursor(CHANNEL)
            .map(|cursor| (cursor.last, cursor.holes.len())),
        Some((7, 0))
    );
}

#[tokio::test]
async fn a_cut_makes_the_socket_come_back_and_a_rewind_makes_it_ask_again() {
    let world = World::new().await;
    (0..2).for_each(|number| world.enter(number));
    let mut peer = world.accept().await;
    peer.say("CONNECTED", json!({"channels": {CHANNEL.to_string(): 4}}))
        .await;
    peer.tell(world.frame(0, 5)).await;
    peer.flush().await;
    world.stage.tell(|signal| signal.rewinds += 1);
    let rewound = peer.hear().await;
    assert_eq!(
        rewound["payload"]["channels"],
        json!({CHANNEL.to_string(): 4})
    );
    peer.tell(world.frame(0, 5)).await;
    peer.say("RESUMED", json!({})).await;
    peer.flush().await;
    world.stage.tell(|signal| signal.cuts += 1);

    let (mut peer, _) = world.accept_back(6).await;
    peer.tell(world.frame(1, 6)).await;
    peer.tell(world.frame(1, 6)).await;
    peer.flush().await;
    let inbox = world.end().await;
    assert_eq!(
        (inbox.repeated, inbox.delivered, inbox.faults.doubled),
        (1, 2, 1)
    );
    assert_eq!(inbox.faults.total(), 1, "{:?}", inbox.faults);
}

#[tokio::test]
async fn a_gap_is_reloaded_by_rest() {
    let world = World::new().await;
    (0..3).for_each(|number| world.enter(number));
    let mut peer = world.accept().await;
    peer.say("CONNECTED", json!({"channels": {CHANNEL.to_string(): 4}}))
        .await;
    peer.say(
        "GAP",
        json!({"channelId": CHANNEL, "fromSeq": 5, "toSeq": 6}),
    )
    .await;
    let page = json!({"items": [world.message(2, 7), world.message(1, 6), world.message(0, 5)], "hasNext": false});
    let asked = answer(&world.api, page).await;
    assert!(
        asked.starts_with(&format!("GET /channels/{CHANNEL}/messages?")),
        "{asked}"
    );
    peer.tell(world.frame(2, 7)).await;
    peer.flush().await;

    let inbox = world.end().await;
    assert!(inbox.faults.is_none(), "{:?}", inbox.faults);
    let cursor = inbox.cursor(CHANNEL).unwrap();
    assert_eq!(
        (cursor.last, cursor.gaps.as_slice(), cursor.reloaded.len()),
        (7, [(5, 6)].as_slice(), 2)
    );
}

#[tokio::test]
async fn a_send_whose_answer_stays_out_is_repeated_with_the_same_client_id() {
    let world = World::new().await;
    let courier = Courier {
        stage: Arc::clone(&world.stage),
        rest: Rest::new(vec!["http://127.0.0.1:1".to_owned()]).unwrap(),
        people: Vec::new(),
        sockets: vec![world.requests.clone()],
        via: Via::Socket,
        patience: Duration::from_mins(1),
        repeats: Repeats::Never,
    };
    let letter = Letter {
        number: 0,
        sender: 0,
        channel: CHANNEL,
        content: content(0),
    };
    let carried = tokio::spawn(async move { courier.carry(&letter, Duration::ZERO, 1).await });

    let mut peer = world.accept().await;
    peer.say("CONNECTED", json!({"channels": {CHANNEL.to_string(): 4}}))
        .await;
    let first = peer.hear().await;
    drop(peer);
    let (mut peer, _) = world.accept_back(5).await;
    peer.say("RESUMED", json!({})).await;
    let again = peer.hear().await;
    assert_eq!(first["payload"], again["payload"]);
    peer.tell(json!({"type": "MESSAGE_SENT", "requestId": again["requestId"], "payload": {"id": 55, "seq": 5}})).await;
    carried.await.unwrap();

    let entered = world.stage.ledger.all().next().unwrap();
    assert_eq!((entered.acked, entered.seq), (true, 5));
    assert!(world.stage.faults().is_none());
    world.end().await;
}
