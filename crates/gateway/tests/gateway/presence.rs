//! Whether people are there.

use std::time::Duration;

use discuss_app::presence::get;
use discuss_test_support::{World, token, until};
use serde_json::{Value, json};
use tokio::time::interval;

use crate::client::{Client, Sent};
use crate::process::Gateway;
use crate::stomp_client::Stomp;

/// Whoever is gone is told of soon.
const QUICK: [(&str, &str); 1] = [("GATEWAY_GRACE_MS", "200")];

/// What is told of somebody next: the type, and of the payload the status.
async fn told(client: &mut Client, of: i64) -> (String, String) {
    let payload = told_all(client, of).await;
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    (word(&payload["type"]), word(&payload["payload"]["status"]))
}

async fn told_all(client: &mut Client, of: i64) -> Value {
    client.shows_presence = true;
    loop {
        let frame = client.next_frame().await;
        let kind = frame["type"].as_str().unwrap();
        if kind.starts_with("USER_") && frame["payload"]["userId"] == of {
            return frame;
        }
    }
}

fn pair(kind: &str, status: &str) -> (String, String) {
    (kind.to_owned(), status.to_owned())
}

#[tokio::test]
async fn who_shares_a_channel_hears_of_who_comes_and_goes() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    world.group(3, &[4]).await;
    let gateway = Gateway::start_with(&world, &QUICK).await;
    let (mut an, mut stranger) = (gateway.connect(1).await, gateway.connect(3).await);
    told(&mut stranger, 3).await;

    let binh = gateway.connect(2).await;
    let frame = told_all(&mut an, 2).await;
    assert_eq!(frame["type"], "USER_ONLINE");
    let payload = &frame["payload"];
    assert_eq!(
        (&payload["isOnline"], &payload["devices"]),
        (&json!(true), &json!(["web"]))
    );
    drop(binh);
    assert_eq!(told(&mut an, 2).await, pair("USER_OFFLINE", "OFFLINE"));
    stranger.expect_nothing_of("USER_").await;
}

#[tokio::test]
async fn several_connections_of_somebody_are_one_person() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    let gateway = Gateway::start_with(&world, &QUICK).await;
    let other = Gateway::start_with(&world, &QUICK).await;
    let mut an = gateway.connect(1).await;
    let (browser, mut phone) = (gateway.connect(2).await, other.connect(2).await);
    assert_eq!(told(&mut an, 2).await, pair("USER_ONLINE", "ONLINE"));

    phone
        .say(json!({ "type": "SET_PRESENCE", "payload": { "device": "mobile" } }))
        .await;
    let frame = loop {
        let frame = told_all(&mut an, 2).await;
        if frame["payload"]["devices"].as_array().unwrap().len() == 2 {
            break frame;
        }
    };
    assert_eq!(frame["payload"]["devices"], json!(["web", "mobile"]));
    drop(browser);
    let left = told_all(&mut an, 2).await;
    assert_eq!(
        (&left["type"], &left["payload"]["devices"]),
        (&json!("USER_PRESENCE_CHANGED"), &json!(["mobile"]))
    );
    drop(phone);
    assert_eq!(told(&mut an, 2).await, pair("USER_OFFLINE", "OFFLINE"));
}

#[tokio::test]
async fn who_was_on_a_gateway_that_died_is_gone() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    let gateway = Gateway::start_with(&world, &QUICK).await;
    let settings = [QUICK[0], ("GATEWAY_LEASE_MS", "1500")];
    let mut doomed = Gateway::start_with(&world, &settings).await;
    let mut an = gateway.connect(1).await;
    let _binh = doomed.connect(2).await;
    assert_eq!(told(&mut an, 2).await, pair("USER_ONLINE", "ONLINE"));
    doomed.child.kill().await.unwrap();
    assert_eq!(told(&mut an, 2).await, pair("USER_OFFLINE", "OFFLINE"));
}

#[tokio::test]
async fn who_does_nothing_but_what_programs_do_is_away_until_they_do_something() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    // Longer than the second in which people are told of somebody once.
    let settings = [("GATEWAY_AWAY_MS", "2500"), ("GATEWAY_PING_MS", "50")];
    let gateway = Gateway::start_with(&world, &settings).await;
    let mut binh = gateway.connect(2).await;
    let mut an = gateway.connect(1).await;
    // They may have been away before anybody listened.
    let payload = json!({ "channelId": channel, "content": "here" });
    binh.say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    let auth = json!({ "type": "AUTH", "payload": { "token": token(World::TENANT, 2) } });
    let mut often = interval(Duration::from_millis(200));
    let renewing = async {
        loop {
            often.tick().await;
            binh.say(auth.clone()).await;
        }
    };
    let away = async { while told(&mut an, 2).await != pair("USER_PRESENCE_CHANGED", "AWAY") {} };
    tokio::select! {
        () = renewing => {}
        () = away => {}
    }
    binh.say(json!({ "type": "PING" })).await;
    let payload = json!({ "channelId": channel, "content": "back" });
    binh.say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    assert_eq!(
        told(&mut an, 2).await,
        pair("USER_PRESENCE_CHANGED", "ONLINE")
    );
}

#[tokio::test]
async fn somebody_is_seen_as_they_choose() {
    let world = World::new().await;
    world.group(1, &[2]).await;
    let gateway = Gateway::start(&world).await;
    let mut an = gateway.connect(1).await;
    let mut binh = gateway.connect(2).await;
    told(&mut an, 2).await;
    let payload = json!({ "status": "BUSY", "statusMessage": "In a meeting" });
    binh.say(json!({ "type": "SET_PRESENCE", "payload": payload }))
        .await;
    let frame = told_all(&mut an, 2).await;
    assert_eq!(frame["payload"]["status"], "BUSY");
    assert_eq!(frame["payload"]["statusMessage"], "In a meeting");
    let refused = binh
        .ask("SET_PRESENCE", json!({ "status": "GONE" }), "ERROR")
        .await;
    assert_eq!(refused["payload"]["details"]["field"], "status");
    let half = json!({ "status": "GONE", "device": "mobile" });
    binh.ask("SET_PRESENCE", half, "ERROR").await;
    let payload = json!({ "status": "AWAY" });
    binh.say(json!({ "type": "SET_PRESENCE", "payload": payload }))
        .await;
    let frame = told_all(&mut an, 2).await;
    let payload = &frame["payload"];
    assert_eq!(
        (&payload["status"], &payload["devices"]),
        (&json!("AWAY"), &json!(["web"]))
    );
}

#[tokio::test]
async fn somebody_has_ten_connections_at_most_whichever_gateways_they_are_on() {
    let world = World::new().await;
    let (one, other) = (Gateway::start(&world).await, Gateway::start(&world).await);
    let mut open = Vec::new();
    for turn in 0..10 {
        let gateway = if turn % 2 == 0 { &one } else { &other };
        open.push(gateway.connect(1).await);
    }
    // Redis is told of them a moment later.
    let person = World::person(1);
    until("Redis knows of all ten", async || {
        let seen = get(&world.app, &person, person.user()).await;
        seen.unwrap().presence.links.len() == 10
    })
    .await;
    let mut surplus = one.open(1, "").await;
    let error = surplus.find("ERROR").await;
    assert_eq!(error["payload"]["code"], "CONNECTION_THROTTLED");
    assert!(
        error["payload"]["details"]["retryAfterMs"]
            .as_u64()
            .unwrap()
            > 0
    );
    assert_eq!(surplus.next().await, Sent::Closed(4429));
    let mut surplus = Stomp::connecting(&other, 1).await;
    let error = loop {
        let frame = surplus.next().await;
        if frame.command != "CONNECTED" {
            break frame;
        }
    };
    assert_eq!(error.command, "ERROR");
    assert_eq!(error.header("code"), Some("CONNECTION_THROTTLED"));
    assert_eq!(surplus.client.next_text().await, Err(4429));
    for client in &mut open {
        client.expect_silence().await;
    }
}
