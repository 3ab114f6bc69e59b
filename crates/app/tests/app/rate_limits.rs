//! Limits that hold while Redis is there, and only then.

use discuss_app::messages::{Sent, send_within};
use discuss_app::rate_limits::{CallClass, Limiter, RateLimits, Standing, Verdict};
use discuss_app::{AppError, Redis};
use discuss_domain::ChannelId;
use discuss_domain::messages::{ClientMessageId, Draft, SendError};
use discuss_test_support::{PATIENCE, World, redis_url, until};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

const LIMITS: RateLimits = RateLimits {
    sends: 1_000,
    reads: 0,
    searches: 0,
    uploads: 0,
    tenant: 0,
};
const EXCEEDED: Verdict = Verdict::Exceeded(Standing {
    limit: 60,
    remaining: 0,
    reset: PATIENCE,
});

async fn take(limiter: &Limiter) -> Verdict {
    let caller = World::person(1).caller;
    limiter.take(&caller, CallClass::Send).await
}

/// A way to Redis; it is cut when the task is aborted.
fn forward(listener: TcpListener, server: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut inside, _)) = listener.accept().await {
            let mut outside = TcpStream::connect(&server).await.unwrap();
            connections
                .spawn(async move { copy_bidirectional(&mut inside, &mut outside).await.is_ok() });
        }
    })
}

#[tokio::test]
async fn nobody_is_limited_while_redis_is_away_and_everybody_once_it_is_back() {
    let url = redis_url();
    let address = url
        .rsplit(['@', '/'])
        .find(|part| part.contains(':'))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let way = forward(listener, address.to_owned());
    let prefix = format!("test-{}", Uuid::new_v4().simple());
    let redis = Redis::new(&url.replace(address, &own), &prefix).unwrap();
    let (limiter, _tasks) = Limiter::start(redis, LIMITS).await;
    assert!(matches!(take(&limiter).await, Verdict::Within(_)));

    way.abort();
    assert!(way.await.unwrap_err().is_cancelled());
    assert_eq!(take(&limiter).await, Verdict::Open);

    let listener = TcpListener::bind(&own).await.unwrap();
    let _way = forward(listener, address.to_owned());
    until("limits again", async || {
        matches!(take(&limiter).await, Verdict::Within(_))
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_takes_connections_and_answers_nothing_is_away() {
    let frozen = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", frozen.local_addr().unwrap());
    let redis = Redis::new(&url, "test").unwrap();
    let (limiter, _tasks) = Limiter::start(redis, LIMITS).await;
    assert_eq!(take(&limiter).await, Verdict::Open);
}

#[tokio::test]
async fn without_limits_redis_is_not_asked() {
    let redis = Redis::new("redis://127.0.0.1:1", "test").unwrap();
    let off = RateLimits { sends: 0, ..LIMITS };
    let (limiter, tasks) = Limiter::start(redis, off).await;
    assert!(tasks.is_empty());
    assert_eq!(take(&limiter).await, Verdict::Open);
}

/// A world, its channel of 1 and 2, and what 1 has said there under a client id.
async fn said_once() -> (World, ChannelId, Draft, i64) {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let draft = Draft {
        client_message_id: Some(ClientMessageId::from(Uuid::new_v4())),
        ..World::draft("once")
    };
    let sent = world.try_send(1, channel, draft.clone()).await.unwrap();
    (world, channel, draft, sent.message.id.get())
}

async fn send_too_often(
    world: &World,
    user: i64,
    channel: ChannelId,
    draft: Draft,
) -> Result<Sent, AppError> {
    send_within(&world.app, &World::person(user), EXCEEDED, channel, draft).await
}

#[tokio::test]
async fn one_call_too_many_stores_nothing_but_answers_what_was_stored() {
    let (world, channel, draft, id) = said_once().await;
    let again = send_too_often(&world, 1, channel, draft.clone()).await;
    let again = again.unwrap();
    assert_eq!((again.message.id.get(), again.is_repeat), (id, true));

    let other = Draft {
        client_message_id: draft.client_message_id,
        ..World::draft("other")
    };
    let refused = send_too_often(&world, 1, channel, other).await;
    assert!(matches!(refused, Err(AppError::Send(SendError::Conflict))));
    for new in [
        World::draft("new"),
        Draft {
            client_message_id: Some(ClientMessageId::from(Uuid::new_v4())),
            ..World::draft("new")
        },
    ] {
        let refused = send_too_often(&world, 1, channel, new).await;
        assert!(matches!(refused, Err(AppError::TooManyCalls(_))));
    }
    // The same id of somebody else is another message.
    let refused = send_too_often(&world, 2, channel, draft).await;
    assert!(matches!(refused, Err(AppError::TooManyCalls(_))));
    assert_eq!(world.number("SELECT count(*) FROM messages").await, 1);
}

#[tokio::test]
async fn who_is_no_longer_a_member_is_told_nothing_of_what_they_sent() {
    let (world, channel, _, _) = said_once().await;
    let draft = Draft {
        client_message_id: Some(ClientMessageId::from(Uuid::new_v4())),
        ..World::draft("mine")
    };
    world.try_send(2, channel, draft.clone()).await.unwrap();
    world.remove(1, channel, 2).await;
    let refused = send_too_often(&world, 2, channel, draft).await;
    assert!(matches!(refused, Err(AppError::NotInChannel(_))));
}

#[tokio::test]
async fn within_the_limits_a_send_is_a_send() {
    let world = World::new().await;
    let channel = world.group(1, &[]).await;
    let (app, an) = (&world.app, World::person(1));
    let sent = send_within(app, &an, Verdict::Open, channel, World::draft("hi")).await;
    assert!(!sent.unwrap().is_repeat);
}
