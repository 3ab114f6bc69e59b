//! Making, listing and reading channels.

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn a_group_is_made_with_its_maker_as_owner() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));

    let body = json!({
        "type": "GROUP", "name": " Quarter review ", "description": "Q3", "memberIds": ["2", 2, 1],
        "metadata": { "color": "teal" }, "unknown": true
    });
    let made = an.post("/channels", body).await;

    assert_eq!(made.status, 201, "{}", made.body);
    let channel = made.data();
    assert_eq!(channel["name"], "Quarter review");
    assert_eq!(
        (&channel["type"], &channel["isPrivate"]),
        (&json!("GROUP"), &json!(true))
    );
    assert_eq!(
        (&channel["memberCount"], &channel["lastSeq"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&channel["createdBy"], &channel["tenantId"]),
        (&json!(1), &json!(World::TENANT))
    );
    assert_eq!(channel["metadata"]["color"], "teal");
    assert_eq!(channel["myMembership"]["role"], "OWNER");
    assert_eq!(channel["unreadCount"], 0);
    let seen = binh.get(&format!("/channels/{}", made.id())).await;
    assert_eq!(seen.data()["myMembership"]["role"], "MEMBER");
}

#[tokio::test]
async fn a_group_that_is_wrong_names_its_field_and_nothing_is_stored() {
    let world = World::new().await;
    let an = world.person(1);
    let many: Vec<i64> = (1..=101).collect();
    for (body, field) in [
        (json!({ "name": "x" }), "type"),
        (json!({ "type": "CLUB", "name": "x" }), "type"),
        (json!({ "type": "GROUP" }), "name"),
        (json!({ "type": "GROUP", "name": " " }), "name"),
        (json!({ "type": "GROUP", "name": "x".repeat(101) }), "name"),
        (json!({ "type": "GROUP", "name": "a\u{0}" }), "name"),
        (json!({ "type": "GROUP", "name": 5 }), "name"),
        (
            json!({ "type": "GROUP", "name": "x", "isPrivate": "no" }),
            "isPrivate",
        ),
        (
            json!({ "type": "GROUP", "name": "x", "memberIds": [-1] }),
            "memberIds",
        ),
        (
            json!({ "type": "GROUP", "name": "x", "memberIds": [1.5] }),
            "memberIds[0]",
        ),
        (
            json!({ "type": "GROUP", "name": "x", "memberIds": many }),
            "memberIds",
        ),
        (
            json!({ "type": "GROUP", "name": "x", "metadata": { "a": ["\u{0}"] } }),
            "metadata.a[0]",
        ),
        (
            json!({ "type": "GROUP", "name": "x", "metadata": { "a": "x".repeat(9_000) } }),
            "metadata",
        ),
        (json!({ "type": "DIRECT" }), "memberIds"),
        (
            json!({ "type": "DIRECT", "memberIds": [2, 3] }),
            "memberIds",
        ),
    ] {
        an.post("/channels", body).await.refused_field(field);
    }
    assert_eq!(an.get("/channels").await.data()["totalItems"], 0);
}

#[tokio::test]
async fn two_people_have_one_direct_channel_whoever_asks() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));

    let first = an
        .post("/channels/direct", json!({ "otherUserId": "2" }))
        .await;
    let again = binh
        .post(
            "/channels",
            json!({ "type": "DIRECT", "memberUserIds": [1] }),
        )
        .await;

    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.id(), again.id());
    assert_eq!(again.data()["name"], "Person 1");
    assert_eq!(first.data()["memberCount"], 2);
    an.post("/channels/direct", json!({ "otherUserId": 1 }))
        .await
        .refused_field("otherUserId");
    an.post("/channels/direct", json!({}))
        .await
        .refused_field("memberIds");
}

#[tokio::test]
async fn direct_channels_asked_for_at_the_same_time_are_one() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let ask = |person: &crate::support::Person, other: i64| {
        let person = person.clone();
        async move {
            person
                .post("/channels/direct", json!({ "otherUserId": other }))
                .await
                .id()
        }
    };

    let ids = tokio::join!(ask(&an, 2), ask(&binh, 1), ask(&an, 2), ask(&binh, 1));

    assert!(
        ids.0 == ids.1 && ids.1 == ids.2 && ids.2 == ids.3,
        "{ids:?}"
    );
    assert_eq!(an.get("/channels").await.data()["totalItems"], 1);
}

#[tokio::test]
async fn the_list_has_the_callers_channels_with_unread_and_last_message() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let quiet = an.group(&[&binh]).await;
    let busy = an.group(&[&binh]).await;
    chi.group(&[]).await;
    an.say(busy, "one").await;
    an.say(busy, "two").await;

    let list = binh.get("/channels?size=10").await;

    let items = list.data()["items"].as_array().unwrap();
    let ids: Vec<_> = items
        .iter()
        .map(|channel| channel["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [busy, quiet]);
    assert_eq!(items[0]["unreadCount"], 2);
    assert_eq!(items[0]["lastMessage"], "two");
    assert_eq!(
        items[0]["lastMessageSender"],
        json!({ "id": 1, "name": "Person 1" })
    );
    assert_eq!(items[1]["unreadCount"], 0);
    assert_eq!(list.data()["totalItems"], 2);
    assert_eq!(list.data()["hasNext"], false);
    assert_eq!(
        an.get("/channels").await.data()["items"][0]["unreadCount"],
        0
    );
}

#[tokio::test]
async fn the_list_is_paged_and_filtered() {
    let world = World::new().await;
    let an = world.person(1);
    for _ in 0..3 {
        an.group(&[]).await;
    }
    an.post("/channels/direct", json!({ "otherUserId": 2 }))
        .await;

    let page = an.get("/channels?page=1&pageSize=3").await;
    assert_eq!(page.data()["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &page.data()["totalItems"],
            &page.data()["totalPages"],
            &page.data()["hasPrevious"]
        ),
        (&json!(4), &json!(2), &json!(true))
    );
    assert_eq!(
        an.get("/channels?type=DIRECT").await.data()["totalItems"],
        1
    );
    assert_eq!(
        an.get("/channels?isArchived=true").await.data()["totalItems"],
        0
    );
    for (query, field) in [
        ("page=-1", "page"),
        ("page=x", "page"),
        ("size=0", "size"),
        ("pageSize=99999999999999999999", "pageSize"),
        ("type=CLUB", "type"),
        ("isArchived=perhaps", "isArchived"),
        ("page=0&page=1", "page"),
        ("type=%00", "query"),
    ] {
        an.get(&format!("/channels?{query}"))
            .await
            .refused_field(field);
    }
}

#[tokio::test]
async fn a_member_reads_a_channel_with_its_members() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    binh.get("/channels").await;
    let channel = an.group(&[&binh]).await;

    let read = binh.get(&format!("/channels/{channel}")).await;

    let members = read.data()["members"].as_array().unwrap();
    let roles: Vec<_> = members
        .iter()
        .map(|member| (&member["userId"], &member["role"]))
        .collect();
    assert_eq!(
        roles,
        [(&json!(1), &json!("OWNER")), (&json!(2), &json!("MEMBER"))]
    );
    assert_eq!(members[1]["user"]["name"], "Person 2");
}

#[tokio::test]
async fn who_is_not_in_a_private_channel_finds_none_and_of_a_public_one_sees_a_preview() {
    let world = World::new().await;
    let (an, stranger) = (world.person(1), world.person(9));
    let private = an.group(&[]).await;
    let public = an.group_that(json!({ "isPrivate": false })).await;
    an.say(public, "secret").await;

    stranger
        .get(&format!("/channels/{private}"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    let preview = stranger.get(&format!("/channels/{public}")).await;
    assert_eq!(preview.data()["isMember"], false);
    assert_eq!(preview.data()["lastMessage"], Value::Null);
    assert_eq!(preview.data()["members"], Value::Null);
}

#[tokio::test]
async fn a_channel_of_another_tenant_does_not_exist() {
    let world = World::new().await;
    let public = world
        .person(1)
        .group_that(json!({ "isPrivate": false }))
        .await;

    let foreigner = world.foreigner(1);

    foreigner
        .get(&format!("/channels/{public}"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    assert_eq!(foreigner.get("/channels").await.data()["totalItems"], 0);
}

#[tokio::test]
async fn a_bad_channel_id_is_a_wrong_field() {
    let world = World::new().await;
    let an = world.person(1);
    for id in [
        "0",
        "-1",
        "abc",
        "1.5",
        "9007199254740992",
        "99999999999999999999",
        "%00",
        "1%20",
    ] {
        an.get(&format!("/channels/{id}"))
            .await
            .refused_field("channelId");
    }
    an.get("/channels/9007199254740991")
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
}
