//! Access to a record that changes while a socket opens, resumes, reads or asks.

use std::time::Duration;

use discuss_app::members;
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, UserId};
use discuss_test_support::{HttpServer, World};
use serde_json::json;
use tokio::time::timeout;

use super::{assign, customer_beside, expect_only, makers_only, yes};
use crate::client::Client;
use crate::process::{Gateway, PATIENT};
use crate::stomp_client::Stomp;

/// A gateway whose sockets that are to resume start by themselves, with time enough for what is to come before.
async fn soon_starting(world: &World, crm: &HttpServer) -> Gateway {
    let settings = [
        ("CRM_SERVICE_URL", &*crm.url()),
        ("GATEWAY_FIRST_FRAME_MS", "4000"),
    ];
    Gateway::start_with(world, &settings).await
}

/// In answer to a RESUME nothing is told but that, and that the channel is heard again.
async fn expect_let_in(client: &mut Client, channel: ChannelId) {
    let mut told = [client.next_frame().await, client.next_frame().await];
    told.sort_by_key(|frame| frame["type"].to_string());
    assert_eq!(told[0]["type"], "CHANNEL_SUBSCRIBED");
    assert_eq!(told[0]["payload"]["channelId"], json!(channel));
    assert_eq!(told[1]["type"], "RESUMED");
}

#[tokio::test]
async fn access_that_is_taken_before_a_session_starts_is_not_had_when_it_starts() {
    let crm = HttpServer::start(yes).await;
    let (world, customer, channel, _) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    let gateway = soon_starting(&world, &crm).await;
    world.app.settle().await;
    let mut stomp = Stomp::connected(&gateway, 6).await;
    let mut late = gateway.open(6, "&resume=1").await;
    late.expect("CONNECTED").await;
    crm.say(makers_only);
    // Nobody on this gateway hears of it.
    assign(&world, &customer, 1).await;
    world.app.settle().await;
    let destination = ("destination", "/user/queue/events");
    stomp
        .send("SUBSCRIBE", &[("id", "sub-0"), destination], "")
        .await;
    for denied in [stomp.expect("ERROR").await.1, late.find("ERROR").await] {
        assert_eq!(denied["payload"]["code"], "ENTITY_ACCESS_DENIED");
    }
    world.send(5, channel, "among us").await;
    expect_only(&world, &mut late, group).await;
    let (heard, _) = stomp.expect("MESSAGE_NEW").await;
    assert_eq!(heard.header("channel-id"), Some(&*group.to_string()));
}

#[tokio::test]
async fn who_is_added_before_their_session_starts_and_may_not_see_the_record_hears_nothing() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, _) = customer_beside(&crm).await;
    let (group, five) = (world.group(5, &[6]).await, world.bearer(5));
    let removed = members::remove(&world.app, &five, channel, UserId::from(6)).await;
    removed.unwrap();
    let gateway = soon_starting(&world, &crm).await;
    world.app.settle().await;
    let mut six = gateway.open(6, "&resume=1").await;
    six.expect("CONNECTED").await;
    let added = members::add(&world.app, &five, channel, &[UserId::from(6)], Role::Member).await;
    added.unwrap();
    world.send(5, channel, "among us").await;
    world.send(5, group, "for all").await;
    six.expect_seq(group, 2).await;
    world.send(5, channel, "still among us").await;
    expect_only(&world, &mut six, group).await;
}

#[tokio::test]
async fn access_that_is_given_is_noticed_where_nobody_hears_the_channel() {
    let crm = HttpServer::start(makers_only).await;
    let (world, customer, channel, gateway) = customer_beside(&crm).await;
    world.app.settle().await;
    let mut six = gateway.connect(6).await;
    crm.say(yes);
    // The first may come before the gateway listens to what is told of the channel.
    for number in 1..=20 {
        assign(&world, &customer, number).await;
        let told = timeout(Duration::from_millis(300), six.expect("CHANNEL_SUBSCRIBED")).await;
        if let Ok(subscribed) = told {
            assert_eq!(subscribed["payload"]["channelId"], json!(channel));
            let sent = world.send(5, channel, "for both").await;
            six.expect_seq(channel, sent.seq.get()).await;
            return;
        }
    }
    panic!("nothing was noticed");
}

#[tokio::test]
async fn who_asks_for_the_channel_before_their_session_starts_hears_it_after_that() {
    let crm = HttpServer::start(makers_only).await;
    let (world, customer, channel, _) = customer_beside(&crm).await;
    let settings = [PATIENT[0], ("CRM_SERVICE_URL", &*crm.url())];
    let gateway = Gateway::start_with(&world, &settings).await;
    world.app.settle().await;
    let mut six = gateway.open(6, "&resume=1").await;
    six.expect("CONNECTED").await;
    crm.say(yes);
    // What is kept of it counts no more, and no gateway is told.
    world.forget_access(&customer).await;
    let place = json!({ "channelId": channel });
    let refused = six.ask("SUBSCRIBE_CHANNEL", place, "ERROR").await;
    assert_eq!(refused["payload"]["code"], "SERVICE_UNAVAILABLE");
    six.resume(&[]).await;
    expect_let_in(&mut six, channel).await;
    let sent = world.send(5, channel, "for both").await;
    six.expect_seq(channel, sent.seq.get()).await;
}

#[tokio::test]
async fn who_resumes_something_else_hears_again_what_they_may_see_meanwhile() {
    for query in ["", "&resume=1"] {
        let crm = HttpServer::start(makers_only).await;
        let (world, customer, channel, gateway) = customer_beside(&crm).await;
        let group = world.group(5, &[6]).await;
        // Gateways have heard of it before somebody comes.
        world.app.settle().await;
        let mut six = gateway.open(6, query).await;
        let connected = six.expect("CONNECTED").await;
        assert_eq!(
            connected["payload"]["channels"],
            json!({ group.to_string(): 1 })
        );

        crm.say(yes);
        // What is kept of it counts no more, and no gateway is told.
        world.forget_access(&customer).await;
        six.resume(&[(group, 1)]).await;
        expect_let_in(&mut six, channel).await;
        let sent = world.send(5, channel, "for both").await;
        six.expect_seq(channel, sent.seq.get()).await;
    }
}

#[tokio::test]
async fn who_loses_sight_of_the_record_while_they_read_reads_no_more_and_hears_it_when_they_see_it()
{
    let crm = HttpServer::start(yes).await;
    let (world, customer, channel, _) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    let text = "x".repeat(10_000);
    let mut last = 0;
    for _ in 0..30 {
        last = world.send(5, channel, &text).await.seq.get();
    }
    world.app.settle().await;
    let settings = [
        ("CRM_SERVICE_URL", &*crm.url()),
        // The second portion of the page comes a second after the first.
        ("GATEWAY_REPLAY_BYTES_PER_SECOND", "60000"),
    ];
    let gateway = Gateway::start_with(&world, &settings).await;
    let mut six = gateway.connect(6).await;
    six.resume(&[(channel, 1)]).await;
    six.expect_seq(channel, 2).await;
    crm.say(makers_only);
    assign(&world, &customer, 1).await;
    let mut came = 2;
    let denied = loop {
        let frame = six.next_frame().await;
        if frame["type"] == "ERROR" {
            break frame;
        }
        came = frame["seq"].as_i64().unwrap();
    };
    assert_eq!(denied["payload"]["code"], "ENTITY_ACCESS_DENIED");
    assert!(came < last);
    six.expect("RESUMED").await;
    world.send(5, channel, "among us").await;
    expect_only(&world, &mut six, group).await;

    crm.say(yes);
    assign(&world, &customer, 2).await;
    six.expect("CHANNEL_SUBSCRIBED").await;
    // Whatever still waited for the end of the reading, to take the channel from the socket, does not do so now.
    for _ in 0..150 {
        let sent = world.send(5, channel, "for both").await;
        six.expect_seq(channel, sent.seq.get()).await;
    }
}
