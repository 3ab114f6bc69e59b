//! The courier against an API that answers as told: what it repeats, and what it holds against it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client_ids::RunId;
use crate::courier::{Courier, Letter, Repeats, Via};
use crate::dialer::Dialer;
use crate::ledger::Ledger;
use crate::people::Tenant;
use crate::rest::Rest;
use crate::stage::Stage;

/// What the API says to the `n`-th request: a status and the data.
type Script = fn(n: usize, body: &Value) -> (u16, Value);

async fn courier(script: Script, repeats: Repeats) -> Courier {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let apis = vec![format!("http://{}", listener.local_addr().unwrap())];
    tokio::spawn(async move {
        for n in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            answer(stream, |body| script(n, body)).await;
        }
    });
    let dialer = Dialer::new(vec!["ws://127.0.0.1:1".to_owned()], &[], Vec::new()).unwrap();
    let ledger = Ledger::new(RunId::from_seed(3));
    let stage = Stage::new(ledger, Rest::new(apis.clone()).unwrap(), dialer).unwrap();
    Courier {
        stage: Arc::new(stage),
        rest: Rest::new(apis).unwrap(),
        people: Tenant::new(5, "secret").people(1).unwrap(),
        sockets: Vec::new(),
        via: Via::Rest,
        patience: Duration::from_mins(1),
        repeats,
    }
}

async fn answer(mut stream: TcpStream, script: impl FnOnce(&Value) -> (u16, Value)) {
    let mut request = Vec::new();
    let body = loop {
        stream.read_buf(&mut request).await.unwrap();
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some(body) = text
            .split_once("\r\n\r\n")
            .and_then(|(_, body)| serde_json::from_str::<Value>(body).ok())
        {
            break body;
        }
    };
    let (status, data) = script(&body);
    let body = json!({"status": "x", "code": status, "error": "X", "message": "", "data": data})
        .to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}

fn letter() -> Letter {
    Letter {
        number: 0,
        sender: 0,
        channel: 7,
        content: "hello".to_owned(),
    }
}

fn stored(id: usize) -> (u16, Value) {
    (201, json!({"id": id, "seq": 12}))
}

#[tokio::test]
async fn a_send_that_is_put_off_is_repeated_and_holds_nothing_against_the_server() {
    let courier = courier(
        |n, _| if n < 2 { (503, Value::Null) } else { stored(5) },
        Repeats::Never,
    )
    .await;
    courier.carry(&letter(), Duration::ZERO, 3).await;
    let gauges = &courier.stage.gauges;
    assert_eq!(
        (gauges.retries.load(Relaxed), gauges.expected.load(Relaxed)),
        (2, 3)
    );
    assert!(courier.stage.faults().is_none());
    assert!(
        courier
            .stage
            .ledger
            .all()
            .all(|entered| entered.acked && entered.id == 5)
    );
}

#[tokio::test]
async fn a_send_that_is_refused_is_a_wrong_answer_and_not_repeated() {
    let courier = courier(|_, _| (403, Value::Null), Repeats::Never).await;
    courier.carry(&letter(), Duration::ZERO, 3).await;
    assert_eq!(courier.stage.faults().wrong_answers, 1);
    assert_eq!(courier.stage.gauges.retries.load(Relaxed), 0);
    assert!(courier.stage.ledger.all().all(|entered| !entered.acked));
}

#[tokio::test]
async fn two_answers_with_different_ids_mean_that_the_message_was_stored_twice() {
    let courier = courier(|n, _| stored(5 + n), Repeats::Never).await;
    courier.carry(&letter(), Duration::ZERO, 1).await;
    courier.carry(&letter(), Duration::ZERO, 1).await;
    assert_eq!(courier.stage.faults().doubled, 1);
}

#[tokio::test]
async fn another_content_under_a_used_client_id_must_be_refused() {
    let honest: Script = |_, body| {
        if body["content"] == "hello" {
            stored(5)
        } else {
            (409, Value::Null)
        }
    };
    let courier_of_honest = courier(honest, Repeats::UpToFive).await;
    courier_of_honest.carry(&letter(), Duration::ZERO, 1).await;
    assert!(courier_of_honest.stage.faults().is_none());
    assert_eq!(courier_of_honest.stage.gauges.conflicts.load(Relaxed), 1);

    let careless = courier(|_, _| stored(5), Repeats::UpToFive).await;
    careless.carry(&letter(), Duration::ZERO, 1).await;
    assert_eq!(careless.stage.faults().wrong_answers, 1);
}
