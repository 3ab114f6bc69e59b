//! Whether people are there, and who types.

use std::time::Duration;

use discuss_app::presence::{Links, NewLink, Terms};
use discuss_domain::presence::Device;
use discuss_domain::{TenantId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, World};

/// Connects somebody as a gateway does.
async fn connect(world: &World, user: i64, device: Device) {
    let terms = Terms {
        lease: Duration::from_mins(1),
        grace: Duration::from_secs(1),
    };
    let link = NewLink {
        person: (TenantId::from(World::TENANT), UserId::from(user)),
        link: Uuid::new_v4(),
        device,
        is_active: true,
    };
    let held = Links::new(world.another_process(), terms)
        .hold(&[link])
        .await;
    assert_eq!(held.unwrap(), [1]);
}

#[tokio::test]
async fn somebody_is_offline_until_they_connect() {
    let world = World::new().await;
    let an = world.person(1);
    let before = an.get("/users/2/presence").await;
    assert_eq!(before.data()["status"], "OFFLINE");
    assert_eq!(before.data()["isOnline"], false);
    connect(&world, 2, Device::Mobile).await;
    let seen = an.get("/users/2/presence").await;
    let expected = json!(["ONLINE", true, ["mobile"], "now"]);
    let data = seen.data();
    let shown = json!([
        data["status"],
        data["isOnline"],
        data["devices"],
        data["lastSeenText"]
    ]);
    assert_eq!(shown, expected);
    // Ids mean something within a tenant only.
    let elsewhere = world.foreigner(1).get("/users/2/presence").await;
    assert_eq!(elsewhere.data()["status"], "OFFLINE");
}

#[tokio::test]
async fn somebody_chooses_how_they_are_seen() {
    let world = World::new().await;
    let an = world.person(1);
    connect(&world, 1, Device::Web).await;
    let choice = json!({ "status": "BUSY", "statusMessage": " In a meeting " });
    let chosen = an.patch("/users/me/presence", choice).await;
    assert_eq!(chosen.data()["statusMessage"], "In a meeting");
    let kept = an
        .patch("/users/me/presence", json!({ "status": "AWAY" }))
        .await;
    assert_eq!(kept.data()["statusMessage"], "In a meeting");
    let back = json!({ "status": "ONLINE", "statusMessage": "" });
    let back = an.patch("/users/me/presence", back).await;
    assert_eq!(
        (&back.data()["status"], &back.data()["statusMessage"]),
        (&json!("ONLINE"), &Value::Null)
    );
    let own = an.get("/users/me/presence").await;
    assert_eq!(own.data()["status"], "ONLINE");
    for (choice, field) in [
        (json!({}), "status"),
        (json!({ "status": "online" }), "status"),
        (json!({ "statusMessage": "x".repeat(141) }), "statusMessage"),
    ] {
        an.patch("/users/me/presence", choice)
            .await
            .refused_field(field);
    }
}

#[tokio::test]
async fn the_people_of_a_channel_are_shown_by_how_they_are_seen() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh, &world.person(3)]).await;
    connect(&world, 1, Device::Web).await;
    connect(&world, 2, Device::Web).await;
    binh.patch("/users/me/presence", json!({ "status": "BUSY" }))
        .await;

    let shown = an.get(&format!("/channels/{channel}/presence")).await;
    let data = shown.data();
    assert_eq!(
        (&data["totalMembers"], &data["onlineCount"]),
        (&json!(3), &json!(2))
    );
    let ids = |group: &str| {
        let people = data["statusGroups"][group].as_array().unwrap().iter();
        people
            .map(|one| one["userId"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (ids("online"), ids("busy"), ids("offline")),
        (vec![1], vec![2], vec![3])
    );
    for path in [
        "/presence/online-users".to_owned(),
        format!("/presence/online-users?channelId={channel}"),
    ] {
        let online = an.get(&path).await;
        assert_eq!(online.data()["totalOnline"], 1, "{path}");
        assert_eq!(online.data()["onlineUsers"][0]["userId"], 2, "{path}");
    }
    an.get("/presence/online-users?channelId=x")
        .await
        .refused_field("channelId");
    let stranger = world.person(9).get("/presence/online-users").await;
    assert_eq!(stranger.data()["totalOnline"], 0);
}

/// Who is said to type in a channel.
async fn typing(person: &Person, channel: i64) -> Vec<i64> {
    let answer = person
        .get(&format!("/channels/{channel}/messages/typing"))
        .await;
    let typing = answer.data()["typingUsers"].as_array().unwrap();
    let id = |one: &Value| one["userId"].as_i64().unwrap();
    typing.iter().map(id).collect()
}

#[tokio::test]
async fn who_types_is_shown_to_the_others_until_they_stop() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let place = json!({ "channelId": channel });
    let told = an.post("/presence/typing", place).await;
    assert_eq!(told.data()["isTyping"], true);
    assert_eq!(typing(&binh, channel).await, [1]);
    assert!(typing(&an, channel).await.is_empty());
    an.delete(&format!("/presence/typing?channelId={channel}"))
        .await
        .data();
    assert!(typing(&binh, channel).await.is_empty());

    let path = format!("/channels/{channel}/messages/typing");
    an.post_nothing(&path).await.data();
    assert_eq!(typing(&binh, channel).await, [1]);
    an.post(&path, json!({ "isTyping": false })).await.data();
    assert!(typing(&binh, channel).await.is_empty());
    an.delete("/presence/typing")
        .await
        .refused_field("channelId");
}
