//! Listing, adding and removing members.

use serde_json::json;

use crate::support::{Answer, World};

fn user_ids(answer: &Answer) -> Vec<i64> {
    let items = answer.data()["items"].as_array().unwrap();
    items
        .iter()
        .map(|member| member["userId"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn members_are_listed_in_pages() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh, &chi]).await;

    let page = binh
        .get(&format!("/channels/{channel}/members?size=2&page=1"))
        .await;

    assert_eq!(user_ids(&page), [3]);
    assert_eq!(
        (&page.data()["totalItems"], &page.data()["hasNext"]),
        (&json!(3), &json!(false))
    );
    binh.get(&format!("/channels/{channel}/members?size=0"))
        .await
        .refused_field("size");
}

#[tokio::test]
async fn only_members_see_who_is_in_a_channel() {
    let world = World::new().await;
    let (an, stranger) = (world.person(1), world.person(9));
    let private = an.group(&[]).await;
    let public = an.group_that(json!({ "isPrivate": false })).await;

    stranger
        .get(&format!("/channels/{private}/members"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    stranger
        .get(&format!("/channels/{public}/members"))
        .await
        .refused(403, "NOT_CHANNEL_MEMBER");
    let foreign = world
        .foreigner(1)
        .get(&format!("/channels/{public}/members"))
        .await;
    foreign.refused(404, "CHANNEL_NOT_FOUND");
}

#[tokio::test]
async fn the_owner_adds_people_who_then_read_and_who_was_there_stays() {
    let world = World::new().await;
    let (an, binh, chi) = (world.person(1), world.person(2), world.person(3));
    let channel = an.group(&[&binh]).await;
    an.say(channel, "before").await;

    let added = an
        .post(
            &format!("/channels/{channel}/members"),
            json!({ "userIds": [2, "3"], "role": "GUEST" }),
        )
        .await;

    assert_eq!(
        added.data(),
        &json!({ "channelId": channel, "userIds": [3] })
    );
    let seen = chi.get(&format!("/channels/{channel}")).await;
    assert_eq!(
        (
            &seen.data()["myMembership"]["role"],
            &seen.data()["unreadCount"]
        ),
        (&json!("GUEST"), &json!(0))
    );
    assert_eq!(seen.data()["memberCount"], 3);
    let again = an
        .post(
            &format!("/channels/{channel}/members"),
            json!({ "userIds": [3] }),
        )
        .await;
    assert_eq!(again.data()["userIds"], json!([]));
    let by_query = an
        .post_nothing(&format!("/channels/{channel}/members?userId=4"))
        .await;
    assert_eq!(by_query.data()["userIds"], json!([4]));
}

#[tokio::test]
async fn who_may_not_add_people_is_refused_and_nobody_is_added() {
    let world = World::new().await;
    let (an, binh, stranger) = (world.person(1), world.person(2), world.person(9));
    let private = an.group(&[&binh]).await;
    let public = an.group_that(json!({ "isPrivate": false })).await;
    let add = json!({ "userIds": [5] });

    binh.post(&format!("/channels/{private}/members"), add.clone())
        .await
        .refused(403, "FORBIDDEN");
    stranger
        .post(&format!("/channels/{private}/members"), add.clone())
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    stranger
        .post(&format!("/channels/{public}/members"), add.clone())
        .await
        .refused(403, "NOT_CHANNEL_MEMBER");
    let foreigner = world.foreigner(1);
    foreigner
        .post(&format!("/channels/{public}/members"), add.clone())
        .await
        .refused(404, "CHANNEL_NOT_FOUND");

    let direct = an
        .post("/channels/direct", json!({ "otherUserId": 2 }))
        .await
        .id();
    an.post(&format!("/channels/{direct}/members"), add)
        .await
        .refused(403, "FORBIDDEN");
    assert_eq!(
        user_ids(&an.get(&format!("/channels/{private}/members")).await),
        [1, 2]
    );
    assert_eq!(
        user_ids(&an.get(&format!("/channels/{public}/members")).await),
        [1]
    );
    assert_eq!(
        user_ids(&an.get(&format!("/channels/{direct}/members")).await),
        [1, 2]
    );
}

#[tokio::test]
async fn a_wrong_list_of_people_names_its_field_and_nobody_is_added() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}/members");
    let many: Vec<i64> = (2..=102).collect();
    for (body, field) in [
        (json!({}), "userIds"),
        (json!({ "userIds": [] }), "userIds"),
        (json!({ "userIds": many }), "userIds"),
        (json!({ "userIds": [0] }), "userIds"),
        (json!({ "userIds": ["x"] }), "userIds[0]"),
        (json!({ "userIds": [2], "role": "OWNER" }), "role"),
        (json!({ "userIds": [2], "role": "KING" }), "role"),
    ] {
        an.post(&path, body).await.refused_field(field);
    }
    an.post_nothing(&path).await.refused_field("userIds");
    an.post_nothing(&format!("{path}?userId=x"))
        .await
        .refused_field("userId");
    assert_eq!(user_ids(&an.get(&path).await), [1]);
    assert_eq!(an.last_seq(channel).await, 1);
}

#[tokio::test]
async fn who_is_removed_is_a_stranger_from_then_on() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;

    let removed = an.delete(&format!("/channels/{channel}/members/2")).await;

    assert_eq!(
        removed.data(),
        &json!({ "channelId": channel, "userId": 2 })
    );
    binh.get(&format!("/channels/{channel}"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    let send = binh
        .post(
            &format!("/channels/{channel}/messages"),
            json!({ "content": "still here" }),
        )
        .await;
    send.refused(404, "CHANNEL_NOT_FOUND");
    assert_eq!(binh.get("/channels").await.data()["totalItems"], 0);
    assert!(an.contents(channel).await.is_empty());
}

#[tokio::test]
async fn who_may_not_remove_people_is_refused_and_nobody_is_removed() {
    let world = World::new().await;
    let (an, binh, stranger) = (world.person(1), world.person(2), world.person(9));
    let channel = an.group(&[&binh]).await;
    let member = |id: &str| format!("/channels/{channel}/members/{id}");

    binh.delete(&member("1")).await.refused(403, "FORBIDDEN");
    stranger
        .delete(&member("2"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    world
        .foreigner(1)
        .delete(&member("2"))
        .await
        .refused(404, "CHANNEL_NOT_FOUND");
    an.delete(&member("1"))
        .await
        .refused(400, "CANNOT_REMOVE_OWNER");
    an.delete(&member("7"))
        .await
        .refused(404, "MEMBER_NOT_FOUND");
    an.delete(&member("x")).await.refused_field("userId");

    let direct = an
        .post("/channels/direct", json!({ "otherUserId": 2 }))
        .await
        .id();
    an.delete(&format!("/channels/{direct}/members/2"))
        .await
        .refused(403, "FORBIDDEN");
    assert_eq!(
        user_ids(&an.get(&format!("/channels/{channel}/members")).await),
        [1, 2]
    );
    assert_eq!(an.last_seq(channel).await, 1);
}
