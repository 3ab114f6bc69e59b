//! Channels of business records: the record's service is asked with the socket's token.

mod changing;
mod wishes;

use discuss_app::channels::topics::get_or_create;
use discuss_app::entities::{Delivery, InboxKey, apply};
use discuss_app::members;
use discuss_app::services::ServiceSettings;
use discuss_domain::entities::{
    EntityEvent, EntityNews, EntityType, Facts, Happened, RecordId, RecordRef, Version,
};
use discuss_domain::members::Role;
use discuss_domain::{ChannelId, TenantId, UserId};
use discuss_test_support::{HttpServer, Reply, World};
use serde_json::json;

use crate::client::Client;
use crate::process::Gateway;

#[tokio::test]
async fn who_may_not_see_the_record_does_not_send_by_a_socket_either() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, gateway) = customer_beside(&crm).await;
    let mut six = gateway.connect(6).await;
    let payload = json!({ "channelId": channel, "content": "hello" });
    six.say(json!({ "type": "SEND_MESSAGE", "payload": payload }))
        .await;
    let error = six.expect("ERROR").await;
    assert_eq!(error["payload"]["code"], "ENTITY_ACCESS_DENIED", "{error}");
    let asked = crm.requests().pop().unwrap();
    assert!(asked.contains("authorization: bearer ey"), "{asked}");
    let said = "SELECT count(*) FROM messages WHERE sender_id = 6";
    assert_eq!(world.number(said).await, 0);
}

/// A customer's channel of 5 and 6, and a gateway beside the CRM.
async fn customer_beside(crm: &HttpServer) -> (World, RecordRef, ChannelId, Gateway) {
    let settings = ServiceSettings {
        crm: Some(crm.url()),
        ..ServiceSettings::default()
    };
    let world = World::with_services(&settings).await;
    let (sort, id) = (EntityType::Customer, RecordId::parse("7").unwrap());
    let customer = RecordRef { sort, id };
    let made = get_or_create(&world.app, &world.bearer(5), &customer, None).await;
    let channel = made.unwrap().0.channel.id;
    world.add(5, channel, &[6]).await;
    let gateway = Gateway::start_with(&world, &[("CRM_SERVICE_URL", &crm.url())]).await;
    (world, customer, channel, gateway)
}

/// An event that says whose the record is, by which others may see it than before.
async fn assign(world: &World, customer: &RecordRef, number: i64) {
    let event = EntityEvent {
        tenant: TenantId::from(World::TENANT),
        record: customer.clone(),
        version: Version {
            at_ms: number,
            event: number.to_string(),
        },
        happened: Happened::Changed,
        facts: Facts {
            people: vec![UserId::from(5)],
            ..Facts::default()
        },
    };
    let delivery = Delivery {
        inbox: InboxKey {
            source: "ENTITY_EVENTS".to_owned(),
            event_id: number.to_string(),
        },
        correlation_id: None,
        traceparent: None,
    };
    let news = EntityNews::Event(event);
    apply(&world.app, &delivery, &news).await.unwrap();
}

fn yes(_: &str) -> Reply {
    Reply::status(200)
}

fn makers_only(request: &str) -> Reply {
    let is_maker = request.contains("token-of-5");
    Reply::status(if is_maker { 200 } else { 403 })
}

/// What is said in the group now is what comes next: nothing of what was said elsewhere before comes.
async fn expect_only(world: &World, client: &mut Client, group: ChannelId) {
    let sent = world.send(5, group, "for all").await;
    client.expect_seq(group, sent.seq.get()).await;
    client.expect_silence().await;
}

#[tokio::test]
async fn who_may_not_see_the_record_hears_nothing_of_its_channel() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, gateway) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    let mut six = gateway.connect(6).await;
    let place = json!({ "channelId": channel });
    let refused = six.ask("SUBSCRIBE_CHANNEL", place, "ERROR").await;
    assert_eq!(refused["payload"]["code"], "ENTITY_ACCESS_DENIED");
    six.resume(&[(channel, 0)]).await;
    let refused = six.expect("ERROR").await;
    assert_eq!(refused["payload"]["code"], "ENTITY_ACCESS_DENIED");
    assert_eq!(refused["payload"]["details"]["channelId"], json!(channel));
    six.expect("RESUMED").await;

    world.send(5, channel, "among us").await;
    expect_only(&world, &mut six, group).await;

    let five = world.bearer(5);
    let removed = members::remove(&world.app, &five, channel, UserId::from(6)).await;
    removed.unwrap();
    let added = members::add(&world.app, &five, channel, &[UserId::from(6)], Role::Member).await;
    added.unwrap();
    world.send(5, channel, "still among us").await;
    expect_only(&world, &mut six, group).await;
}

#[tokio::test]
async fn an_event_that_takes_access_away_ends_what_is_heard_and_one_that_gives_it_begins_it() {
    let crm = HttpServer::start(yes).await;
    let (world, customer, channel, gateway) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    let mut six = gateway.connect(6).await;
    let sent = world.send(5, channel, "for both").await;
    six.expect_seq(channel, sent.seq.get()).await;

    crm.say(makers_only);
    assign(&world, &customer, 1).await;
    let denied = six.find("ERROR").await;
    assert_eq!(denied["payload"]["code"], "ENTITY_ACCESS_DENIED");
    world.send(5, channel, "among us").await;
    expect_only(&world, &mut six, group).await;
    crm.say(yes);
    assign(&world, &customer, 2).await;
    // Unasked.
    let subscribed = six.expect("CHANNEL_SUBSCRIBED").await;
    assert_eq!(subscribed["payload"]["channelId"], json!(channel));
    let sent = world.send(5, channel, "for both again").await;
    six.expect_seq(channel, sent.seq.get()).await;
}

#[tokio::test]
async fn who_is_added_while_connected_and_may_not_see_the_record_hears_no_more_than_that() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, gateway) = customer_beside(&crm).await;
    let five = world.bearer(5);
    members::remove(&world.app, &five, channel, UserId::from(6))
        .await
        .unwrap();
    let group = world.group(5, &[6]).await;
    let mut six = gateway.connect(6).await;
    members::add(&world.app, &five, channel, &[UserId::from(6)], Role::Member)
        .await
        .unwrap();
    let denied = six.find("ERROR").await;
    assert_eq!(denied["payload"]["code"], "ENTITY_ACCESS_DENIED");
    world.send(5, channel, "among us").await;
    expect_only(&world, &mut six, group).await;
}

#[tokio::test]
async fn who_resumes_on_a_live_socket_and_may_not_see_the_record_any_more_hears_nothing_more() {
    let crm = HttpServer::start(yes).await;
    let (world, customer, channel, gateway) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    let mut six = gateway.connect(6).await;
    let sent = world.send(5, channel, "for both").await;
    six.expect_seq(channel, sent.seq.get()).await;

    crm.say(makers_only);
    // What is kept of it counts no more, and no gateway is told.
    world.forget_access(&customer).await;
    six.resume(&[(channel, 0)]).await;
    let mut told = Vec::new();
    while told.len() < 3 {
        let frame = six.next_frame().await;
        match frame["type"].as_str().unwrap() {
            "ERROR" => told.push(frame["payload"]["code"].to_string()),
            "RESUMED" => told.push(String::new()),
            _ => {}
        }
    }
    // In answer, and when the channel is taken from the socket.
    told.sort();
    let denied = "\"ENTITY_ACCESS_DENIED\"";
    assert_eq!(told, ["", denied, denied]);
    world.send(5, channel, "among us").await;
    expect_only(&world, &mut six, group).await;
}
