//! Access to a record beside what a client itself wants of the channel, and membership.

use discuss_app::members;
use discuss_domain::UserId;
use discuss_domain::members::Role;
use discuss_test_support::{HttpServer, World};
use serde_json::json;

use super::{assign, customer_beside, makers_only, yes};

#[tokio::test]
async fn who_unsubscribed_does_not_hear_the_channel_again_because_access_went_and_came() {
    let crm = HttpServer::start(yes).await;
    let (world, customer, channel, gateway) = customer_beside(&crm).await;
    let group = world.group(5, &[6]).await;
    world.app.settle().await;
    let (mut six, mut listening) = (gateway.connect(6).await, gateway.connect(6).await);
    let place = json!({ "channelId": channel });
    six.ask("UNSUBSCRIBE_CHANNEL", place, "CHANNEL_UNSUBSCRIBED")
        .await;
    crm.say(makers_only);
    assign(&world, &customer, 1).await;
    listening.find("ERROR").await;
    crm.say(yes);
    assign(&world, &customer, 2).await;
    listening.find("CHANNEL_SUBSCRIBED").await;
    world.send(5, channel, "not for the one").await;
    listening.find("NEW_MESSAGE").await;
    world.send(5, group, "for all").await;
    six.expect_seq(group, 2).await;
}

#[tokio::test]
async fn who_is_added_is_asked_about_though_nobody_says_so() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, gateway) = customer_beside(&crm).await;
    let group = world.group(5, &[7]).await;
    let mut seven = gateway.connect(7).await;
    // Who can ask nobody has nobody asked.
    let five = World::person(5);
    let added = members::add(&world.app, &five, channel, &[UserId::from(7)], Role::Member).await;
    added.unwrap();
    let denied = seven.find("ERROR").await;
    assert_eq!(denied["payload"]["code"], "ENTITY_ACCESS_DENIED");
    assert_eq!(denied["payload"]["details"]["channelId"], json!(channel));
    world.send(5, channel, "among us").await;
    world.send(5, group, "for all").await;
    seven.expect_seq(group, 2).await;
}

#[tokio::test]
async fn where_there_is_nobody_to_be_asked_any_more_membership_decides() {
    let crm = HttpServer::start(makers_only).await;
    let (world, _, channel, gateway) = customer_beside(&crm).await;
    let mut six = gateway.connect(6).await;
    let place = json!({ "channelId": channel });
    let refused = six.ask("SUBSCRIBE_CHANNEL", place.clone(), "ERROR").await;
    assert_eq!(refused["payload"]["code"], "ENTITY_ACCESS_DENIED");
    world
        .execute("UPDATE channels SET entity_type = 'SUPPLIER' WHERE entity_id = '7'")
        .await;
    six.ask("SUBSCRIBE_CHANNEL", place, "CHANNEL_SUBSCRIBED")
        .await;
    let sent = world.send(5, channel, "for both").await;
    six.expect_seq(channel, sent.seq.get()).await;
}
