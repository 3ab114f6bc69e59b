//! Joining and leaving, roles and silence, and what members want for themselves.

use serde_json::{Value, json};

use crate::support::{Person, World};

async fn public(owner: &Person, members: &[i64]) -> i64 {
    let made = json!({ "isPrivate": false, "memberIds": members });
    owner.group_that(made).await
}

/// Role and status of a member, as the list of members has them.
async fn standing(reader: &Person, channel: i64, user: i64) -> (Value, Value) {
    let list = reader.get(&format!("/channels/{channel}/members")).await;
    let items = list.data()["items"].as_array().unwrap().clone();
    let member = items
        .iter()
        .find(|member| member["userId"] == user)
        .unwrap();
    (member["role"].clone(), member["status"].clone())
}

fn stands(role: &str, status: &str) -> (Value, Value) {
    (json!(role), json!(status))
}

#[tokio::test]
async fn a_stranger_joins_a_public_group_and_has_read_everything_so_far() {
    let world = World::new().await;
    let (an, chi) = (world.person(1), world.person(3));
    let channel = public(&an, &[]).await;
    an.say(channel, "before").await;

    let joined = chi.post_nothing(&format!("/channels/{channel}/join")).await;

    let seen = joined.data();
    assert_eq!(
        (&seen["isMember"], &seen["unreadCount"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(
        (&seen["memberCount"], &seen["lastSeq"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(seen["myMembership"]["role"], "MEMBER");
    let again = chi.post_nothing(&format!("/channels/{channel}/join")).await;
    assert_eq!(again.data()["lastSeq"], 3);
    an.say(channel, "after").await;
    assert_eq!(
        chi.get("/channels").await.data()["items"][0]["unreadCount"],
        1
    );
}

#[tokio::test]
async fn who_leaves_is_a_stranger_who_may_come_back() {
    let world = World::new().await;
    let (an, chi) = (world.person(1), world.person(3));
    let channel = public(&an, &[3]).await;
    let path = format!("/channels/{channel}");

    let left = chi.post_nothing(&format!("{path}/leave")).await;

    assert_eq!(left.data(), &json!({ "channelId": channel }));
    assert_eq!(an.get(&path).await.data()["memberCount"], 1);
    chi.post_nothing(&format!("{path}/leave"))
        .await
        .refused(403, "NOT_CHANNEL_MEMBER");
    assert_eq!(chi.get("/channels").await.data()["totalItems"], 0);
    an.say(channel, "between").await;
    let back = chi.post_nothing(&format!("{path}/join")).await;
    assert_eq!(
        (&back.data()["memberCount"], &back.data()["unreadCount"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test]
async fn the_owner_does_not_leave_and_a_private_group_is_left_for_good() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let path = format!("/channels/{channel}");

    an.post_nothing(&format!("{path}/leave"))
        .await
        .refused(400, "OWNER_CANNOT_LEAVE");
    binh.post_nothing(&format!("{path}/leave")).await.data();
    for verb in ["leave", "join"] {
        let answer = binh.post_nothing(&format!("{path}/{verb}")).await;
        answer.refused(404, "CHANNEL_NOT_FOUND");
    }
    assert_eq!(an.last_seq(channel).await, 2);
    let added = an
        .post(&format!("{path}/members"), json!({ "userIds": [2] }))
        .await;
    assert_eq!(added.data()["userIds"], json!([2]));
    assert_eq!(binh.get(&path).await.data()["memberCount"], 2);
}

#[tokio::test]
async fn nobody_gains_by_leaving_and_coming_back() {
    let world = World::new().await;
    let (an, admin, guest) = (world.person(1), world.person(2), world.person(4));
    let (silenced, removed) = (world.person(5), world.person(6));
    let channel = public(&an, &[5, 6]).await;
    let path = format!("/channels/{channel}");
    for (user, role) in [(2, "ADMIN"), (4, "GUEST")] {
        let body = json!({ "userIds": [user], "role": role });
        an.post(&format!("{path}/members"), body).await.data();
    }
    let mute = json!({ "status": "MUTED" });
    an.patch(&format!("{path}/members/5"), mute).await.data();
    an.delete(&format!("{path}/members/6")).await.data();

    for person in [&admin, &guest, &silenced] {
        person.post_nothing(&format!("{path}/leave")).await.data();
        person.post_nothing(&format!("{path}/join")).await.data();
    }

    removed
        .post_nothing(&format!("{path}/join"))
        .await
        .refused(403, "FORBIDDEN");
    assert_eq!(standing(&an, channel, 2).await, stands("MEMBER", "ACTIVE"));
    assert_eq!(standing(&an, channel, 4).await, stands("GUEST", "ACTIVE"));
    assert_eq!(standing(&an, channel, 5).await, stands("MEMBER", "MUTED"));
    let send = json!({ "content": "I speak again" });
    let send = silenced.post(&format!("{path}/messages"), send).await;
    send.refused(403, "CANNOT_SEND_MESSAGES");
    // By others they come back as anybody.
    silenced.post_nothing(&format!("{path}/leave")).await.data();
    let both = json!({ "userIds": [5, 6] });
    an.post(&format!("{path}/members"), both).await.data();
    for user in [5, 6] {
        assert_eq!(
            standing(&an, channel, user).await,
            stands("MEMBER", "ACTIVE")
        );
    }
}

#[tokio::test]
async fn the_owner_gives_roles_and_hands_the_channel_over() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let member = format!("/channels/{channel}/members/2");

    let promoted = an.patch(&member, json!({ "role": "ADMIN" })).await;
    assert_eq!(
        (&promoted.data()["role"], &promoted.data()["userId"]),
        (&json!("ADMIN"), &json!(2))
    );
    let same = an
        .patch(&member, json!({ "role": "ADMIN", "status": "ACTIVE" }))
        .await;
    assert_eq!(same.status, 200);
    assert_eq!(an.last_seq(channel).await, 2);
    an.patch(&member, json!({ "role": "OWNER" })).await.data();
    assert_eq!(standing(&an, channel, 1).await, stands("ADMIN", "ACTIVE"));
    assert_eq!(standing(&an, channel, 2).await, stands("OWNER", "ACTIVE"));
    assert_eq!(an.last_seq(channel).await, 4);
    an.post_nothing(&format!("/channels/{channel}/leave"))
        .await
        .data();
}

#[tokio::test]
async fn who_is_silenced_reads_and_does_not_send_until_they_may_again() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let member = format!("/channels/{channel}/members/2");
    binh.say(channel, "before").await;

    an.patch(&member, json!({ "status": "MUTED" })).await.data();
    let send = binh
        .post(
            &format!("/channels/{channel}/messages"),
            json!({ "content": "x" }),
        )
        .await;
    send.refused(403, "CANNOT_SEND_MESSAGES");
    assert_eq!(binh.contents(channel).await, ["before"]);
    an.patch(&member, json!({ "status": "ACTIVE" }))
        .await
        .data();
    binh.say(channel, "after").await;
}

#[tokio::test]
async fn standings_that_may_not_change_stay_and_nothing_is_stored() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let member = |id: &str| format!("/channels/{channel}/members/{id}");
    let mute = json!({ "status": "MUTED" });

    binh.patch(&member("1"), mute.clone())
        .await
        .refused(403, "FORBIDDEN");
    binh.patch(&member("7"), mute.clone())
        .await
        .refused(403, "FORBIDDEN");
    an.patch(&member("1"), mute.clone())
        .await
        .refused(403, "FORBIDDEN");
    an.patch(&member("1"), json!({ "role": "ADMIN" }))
        .await
        .refused(403, "FORBIDDEN");
    an.patch(&member("7"), mute)
        .await
        .refused(404, "MEMBER_NOT_FOUND");
    for (body, field) in [
        (json!({ "role": "KING" }), "role"),
        (json!({ "role": 5 }), "role"),
        (json!({ "status": "LEFT" }), "status"),
        (json!({ "status": "REMOVED" }), "status"),
    ] {
        an.patch(&member("2"), body).await.refused_field(field);
    }
    assert_eq!(an.last_seq(channel).await, 1);
    assert_eq!(standing(&an, channel, 2).await, stands("MEMBER", "ACTIVE"));
}

#[tokio::test]
async fn members_say_for_themselves_what_they_want_and_nobody_is_told() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let path = format!("/channels/{channel}/membership");

    let changed = binh
        .patch(
            &path,
            json!({ "isMuted": true, "notificationLevel": "MENTIONS" }),
        )
        .await;

    let expected = json!({
        "role": "MEMBER", "isMuted": true, "isPinned": false, "notificationLevel": "MENTIONS",
        "unreadCount": 0
    });
    assert_eq!(changed.data(), &expected);
    assert_eq!(binh.patch(&path, json!({})).await.data(), &expected);
    let pinned = binh
        .patch(&path, json!({ "isPinned": true, "isMuted": false }))
        .await;
    assert_eq!(
        (&pinned.data()["isPinned"], &pinned.data()["isMuted"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(an.last_seq(channel).await, 1);
    let others = an.get(&format!("/channels/{channel}")).await;
    assert_eq!(others.data()["myMembership"]["isPinned"], false);
    for (body, field) in [
        (json!({ "isMuted": "yes" }), "isMuted"),
        (json!({ "notificationLevel": "SOME" }), "notificationLevel"),
    ] {
        binh.patch(&path, body).await.refused_field(field);
    }
    world
        .person(9)
        .patch(&path, json!({}))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
}

#[tokio::test]
async fn in_the_channel_of_a_record_the_same_holds_and_nobody_joins_it_by_themselves() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    world
        .sql("UPDATE channels SET kind = 'TOPIC', entity_type = 'customer', entity_id = '9'")
        .await;
    let path = format!("/channels/{channel}");

    an.patch(&path, json!({ "isPrivate": false }))
        .await
        .refused(403, "FORBIDDEN");
    let renamed = an
        .patch(&path, json!({ "name": "Our best customer" }))
        .await;
    assert_eq!(renamed.data()["name"], "Our best customer");
    an.patch(&format!("{path}/members/2"), json!({ "role": "ADMIN" }))
        .await
        .data();
    binh.post_nothing(&format!("{path}/leave")).await.data();
    binh.post_nothing(&format!("{path}/join"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    an.post_nothing(&format!("{path}/archive")).await.data();
    assert_eq!(an.get(&path).await.data()["memberCount"], 1);
}
