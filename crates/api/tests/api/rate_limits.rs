//! How often callers may call.

use discuss_test_support::SECRET;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, World};

async fn world(limits: &[(&str, &str)]) -> World {
    let mut settings = vec![("JWT_SECRET", SECRET)];
    settings.extend(limits);
    World::with(&settings).await
}

/// Limit and what remains, by an answer's headers; a window has at most a minute left.
#[track_caller]
fn standing(answer: &Answer) -> (u32, u32) {
    let number = |name: &str| answer.header(name).parse::<u32>().unwrap();
    assert!((1..=60).contains(&number("x-ratelimit-reset")));
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
}

#[tokio::test]
async fn one_send_too_many_is_refused_and_not_stored() {
    let world = world(&[("RATE_LIMIT_SENDS", "2"), ("RATE_LIMIT_READS", "50")]).await;
    let (an, binh) = (world.person(1), world.person(2));
    let channel = an.group(&[&binh]).await;
    let path = format!("/channels/{channel}/messages");
    for (text, remaining) in [("one", 1), ("two", 0)] {
        let sent = an.post(&path, json!({ "content": text })).await;
        assert_eq!((sent.status, standing(&sent)), (201, (2, remaining)));
    }

    let refusal = an.post(&path, json!({ "content": "three" })).await;
    refusal.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(standing(&refusal), (2, 0));
    let seconds: u32 = refusal.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));

    assert_eq!(an.contents(channel).await, ["two", "one"]);
    // What binh may send is another matter.
    binh.say(channel, "three").await;
}

#[tokio::test]
async fn replies_and_paths_in_other_letters_are_sends_like_any() {
    let world = world(&[("RATE_LIMIT_SENDS", "3"), ("RATE_LIMIT_READS", "50")]).await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let root = an.say(channel, "root").await;
    let replies = format!("/channels/{channel}/messages/replies");
    let reply = json!({ "content": "reply", "parentId": root });
    let sent = an.post(&replies, reply.clone()).await;
    assert_eq!((sent.status, standing(&sent)), (201, (3, 1)));
    let encoded = format!("/channels/{channel}/m%65ssages");
    let sent = an.post(&encoded, json!({ "content": "encoded" })).await;
    assert_eq!((sent.status, standing(&sent)), (201, (3, 0)));
    let refusal = an.post(&replies, reply).await;
    refusal.refused(429, "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn a_path_in_other_letters_is_for_who_is_somebody() {
    let world = world(&[]).await;
    let url = format!("http://{}/%64iscuss/api/v1/channels", world.address());
    let answer = Answer::of(reqwest::Client::new().get(url)).await;
    answer.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn what_was_sent_before_is_answered_however_often_one_calls() {
    let world = world(&[("RATE_LIMIT_SENDS", "1")]).await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let path = format!("/channels/{channel}/messages");
    let id = Uuid::new_v4();
    let message = json!({ "content": "once", "clientMessageId": id });
    let first = an.post(&path, message.clone()).await;
    assert_eq!(first.status, 201);

    let again = an.post(&path, message).await;
    assert_eq!((again.status, again.id()), (200, first.id()));
    let other = json!({ "content": "other", "clientMessageId": id });
    an.post(&path, other).await.refused(409, "CONFLICT");
    let new = json!({ "content": "new", "clientMessageId": Uuid::new_v4() });
    an.post(&path, new).await.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(an.contents(channel).await, ["once"]);
}

#[tokio::test]
async fn every_answer_to_who_is_known_says_how_they_stand() {
    let world = world(&[("RATE_LIMIT_READS", "100")]).await;
    let an = world.person(1);
    let mut remaining = 100;
    for (path, status) in [
        ("/channels", 200),
        ("/channels/9", 404),
        ("/channels/x", 400),
        ("/channels?size=x", 400),
        ("/nowhere", 404),
        ("/channels/direct", 400),
    ] {
        let answer = an.get(path).await;
        remaining -= 1;
        assert_eq!(
            (answer.status, standing(&answer)),
            (status, (100, remaining)),
            "{path}"
        );
    }
    let nobody = world.anonymous().get("/channels").await;
    nobody.refused(401, "UNAUTHORIZED");
    assert!(!nobody.headers.contains_key("x-ratelimit-limit"));
}

#[tokio::test]
async fn a_tenant_has_its_own_limit_beside_that_of_each_person() {
    let world = world(&[("RATE_LIMIT_TENANT", "3"), ("RATE_LIMIT_READS", "2")]).await;
    let an = world.person(1);
    assert_eq!(standing(&an.get("/channels").await), (2, 1));
    assert_eq!(standing(&an.get("/channels").await), (2, 0));
    // What is refused takes nothing from the tenant.
    an.get("/channels").await.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(standing(&world.person(2).get("/channels").await), (3, 0));
    let refusal = world.person(3).get("/channels").await;
    refusal.refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(standing(&refusal), (3, 0));
    assert_eq!(world.foreigner(1).get("/channels").await.status, 200);
}

#[tokio::test]
async fn without_redis_nobody_is_limited_and_it_is_counted() {
    let world = world(&[
        ("RATE_LIMIT_READS", "1"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ])
    .await;
    let an = world.person(1);
    for _ in 0..3 {
        let answer = an.get("/channels").await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    }
    let metrics = world.metrics().await;
    let open = "discuss_rate_limit_open_total{reason=\"away\"}";
    assert!(metrics.contains(open), "{metrics}");
}

#[tokio::test]
async fn limits_can_be_lifted() {
    let world = World::new().await;
    let answer = world.person(1).get("/channels").await;
    assert!(!answer.headers.contains_key("x-ratelimit-limit"));
}
