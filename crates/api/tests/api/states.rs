//! What changes when a channel is archived, a member silenced, or Redis away.

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn an_archived_channel_is_read_and_marked_and_nothing_else() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let message = an.say(channel, "before").await;
    // Whatever changes a channel takes a seq of its log; what is remembered of it hangs on that.
    world
        .sql(&format!(
            "UPDATE channels SET archived_at = now(), last_seq = last_seq + 1 WHERE id = {channel}"
        ))
        .await;

    let send = an
        .post(
            &format!("/channels/{channel}/messages"),
            json!({ "content": "after" }),
        )
        .await;
    send.refused(400, "CHANNEL_ARCHIVED");
    let add = an
        .post(
            &format!("/channels/{channel}/members"),
            json!({ "userIds": [3] }),
        )
        .await;
    add.refused(400, "CHANNEL_ARCHIVED");
    let remove = an.delete(&format!("/channels/{channel}/members/2")).await;
    remove.refused(400, "CHANNEL_ARCHIVED");

    assert_eq!(binh.contents(channel).await, ["before"]);
    assert_eq!(
        binh.post_nothing(&format!("/messages/{message}/read"))
            .await
            .status,
        200
    );
    assert_eq!(an.last_seq(channel).await, 3);
    assert_eq!(an.get("/channels").await.data()["totalItems"], 0);
    assert_eq!(an.get("/channels?isArchived=true").await.ids(), [channel]);
}

#[tokio::test]
async fn who_is_silenced_reads_and_does_not_send() {
    let world = World::new().await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    world
        .sql("UPDATE channel_members SET status = 'MUTED' WHERE user_id = 2")
        .await;

    let send = binh
        .post(
            &format!("/channels/{channel}/messages"),
            json!({ "content": "x" }),
        )
        .await;

    send.refused(403, "CANNOT_SEND_MESSAGES");
    assert!(binh.contents(channel).await.is_empty());
}

#[tokio::test]
async fn without_redis_everything_is_served_and_readiness_names_it() {
    let world = World::without_redis().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let message = an.say(channel, "heard later").await;
    assert_eq!(
        an.post_nothing(&format!("/messages/{message}/read"))
            .await
            .status,
        200
    );
    assert_eq!(an.contents(channel).await, ["heard later"]);
    assert_eq!(world.readiness().await, (200, json!(["redis"])));
}

#[tokio::test]
async fn a_row_that_no_version_writes_is_a_500_that_tells_nothing() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    world
        .sql(
            "ALTER DOMAIN member_role DROP CONSTRAINT member_role_known; \
             UPDATE channel_members SET role = 'KING'",
        )
        .await;

    let failure = an.get(&format!("/channels/{channel}")).await;

    failure.refused(500, "INTERNAL_ERROR");
    assert!(
        !failure.body.to_string().contains("KING"),
        "{}",
        failure.body
    );
}
