//! Connections that end at the worst moment: what is acknowledged is stored once, whatever happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use discuss_app::App;
use discuss_app::messages::{Sent, get, send};
use discuss_domain::{ChannelId, MessageId, Seq};
use discuss_storage::Database;
use discuss_test_support::{World, until};
use discuss_wire::errors::ErrorCode;

use crate::fixture::{stored, with_id};
use crate::proxy::{Cut, Proxy};

/// The server's word for a COMMIT that was done, and for one statement that brought a row.
const COMMITTED: &str = "COMMIT\0";
const SELECTED: &str = "SELECT 1\0";

/// A world whose writer reaches the server through a proxy.
async fn behind_proxy() -> (World, App, Proxy, ChannelId) {
    let world = World::new().await;
    let proxy = Proxy::start(world.database.url()).await;
    let database = Database::new(proxy.url(), 4).unwrap();
    let app = App::start(database, world.app.redis().clone());
    let channel = world.group(1, &[2]).await;
    (world, app, proxy, channel)
}

async fn say(app: &App, channel: ChannelId, text: &str) -> Sent {
    let sent = send(app, &World::person(1), channel, World::draft(text)).await;
    sent.unwrap()
}

#[tokio::test]
async fn a_group_whose_commit_was_done_but_not_answered_is_stored_once() {
    let (world, app, proxy, channel) = behind_proxy().await;
    proxy.cut(Cut::Answer("in doubt", COMMITTED));
    let sent = say(&app, channel, "in doubt").await;
    assert!(proxy.was_cut());
    assert!(!sent.is_repeat);
    assert_eq!(sent.message.seq, Seq::from(2));
    assert_eq!(stored(&world, "in doubt").await, 1);
    assert_eq!(say(&app, channel, "next").await.message.seq, Seq::from(3));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_lone_send_that_was_done_but_not_answered_is_stored_once() {
    let (world, app, proxy, channel) = behind_proxy().await;
    say(&app, channel, "first").await;
    proxy.cut(Cut::Answer("in doubt", SELECTED));
    let sent = say(&app, channel, "in doubt").await;
    assert!(proxy.was_cut());
    assert_eq!(sent.message.seq, Seq::from(3));
    assert_eq!(stored(&world, "in doubt").await, 1);
    assert_eq!(say(&app, channel, "next").await.message.seq, Seq::from(4));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_lone_send_that_is_done_after_it_was_looked_for_is_stored_once() {
    let (world, app, proxy, channel) = behind_proxy().await;
    say(&app, channel, "first").await;
    proxy.cut(Cut::Late("in doubt", SELECTED));
    let sent = say(&app, channel, "in doubt").await;
    assert!(proxy.was_cut() && proxy.has_arrived());
    assert_eq!(stored(&world, "in doubt").await, 1);
    assert!(!sent.is_repeat);
    assert_eq!(sent.message.seq, Seq::from(3));
    let told = get(&app, &World::person(1), sent.message.id).await;
    let (told, _) = told.unwrap();
    assert_eq!(
        (told.seq, told.numbers, told.created_at),
        (
            sent.message.seq,
            sent.message.numbers,
            sent.message.created_at
        )
    );
    assert_eq!(say(&app, channel, "next").await.message.seq, Seq::from(4));
    world.require_consistent().await;
}

#[tokio::test]
async fn a_send_that_never_reached_the_server_is_done_again_once() {
    let (world, app, proxy, channel) = behind_proxy().await;
    for text in ["group", "lone"] {
        proxy.cut(Cut::Request(text));
        say(&app, channel, text).await;
        assert!(proxy.was_cut());
        assert_eq!(stored(&world, text).await, 1);
    }
    world.require_consistent().await;
}

#[tokio::test]
async fn a_send_is_tried_as_often_as_its_time_allows() {
    let (world, app, proxy, channel) = behind_proxy().await;
    let sending = say(&app, channel, "stubborn");
    let cutting = async {
        for _ in 0..12 {
            proxy.cut(Cut::Request("stubborn"));
            until("the way is cut", async || proxy.was_cut()).await;
        }
    };
    let (sent, ()) = tokio::join!(sending, cutting);
    assert_eq!(sent.message.seq, Seq::from(2));
    assert_eq!(stored(&world, "stubborn").await, 1);
    world.require_consistent().await;
}

#[tokio::test]
async fn a_send_with_a_client_id_in_doubt_is_no_repeat_of_itself() {
    let (world, app, proxy, channel) = behind_proxy().await;
    let draft = with_id("in doubt");
    proxy.cut(Cut::Answer("in doubt", COMMITTED));
    let person = World::person(1);
    let sent = send(&app, &person, channel, draft.clone()).await.unwrap();
    assert!(proxy.was_cut() && !sent.is_repeat);
    let again = send(&app, &person, channel, draft).await.unwrap();
    assert!(again.is_repeat);
    assert_eq!(again.message.id, sent.message.id);
    assert_eq!(stored(&world, "in doubt").await, 1);
}

/// Ends the writer's connections whenever one more send was answered, until all are.
async fn end_connections(world: &World, answered: &AtomicUsize, all: usize) -> i64 {
    let client = world.database.client().await;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'discuss-writer' AND datname = current_database()";
    let mut ended = 0;
    loop {
        let seen = answered.load(Ordering::SeqCst);
        if seen == all {
            return ended;
        }
        let row = client.query_one(end, &[]).await.unwrap();
        ended += row.get::<_, i64>(0);
        until("another send is answered", async || {
            answered.load(Ordering::SeqCst) > seen
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_sends_whose_connections_end_each_is_stored_as_it_was_answered() {
    let world = World::new().await;
    let mut channels = Vec::new();
    for _ in 0..8 {
        channels.push(world.group(1, &[2]).await);
    }
    let answered = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for sender in 0..20 {
        let (app, channels) = (world.app.clone(), channels.clone());
        let answered = Arc::clone(&answered);
        tasks.spawn(async move {
            let mut answers: Vec<(String, Result<MessageId, ErrorCode>)> = Vec::new();
            for place in 0..10 {
                let text = format!("{sender}-{place}");
                let channel = channels[(sender + place) % 8];
                let sent = send(&app, &World::person(1), channel, World::draft(&text)).await;
                answered.fetch_add(1, Ordering::SeqCst);
                let answer = sent.map(|sent| sent.message.id).map_err(|e| e.code());
                answers.push((text, answer));
            }
            answers
        });
    }
    let ended = end_connections(&world, &answered, 200).await;
    assert!(ended >= 20, "only {ended} connections ended");

    let mut acknowledged = 0;
    let client = world.database.client().await;
    for (text, answer) in tasks.join_all().await.into_iter().flatten() {
        let sql = "SELECT id FROM messages WHERE content = $1";
        let rows = client.query(sql, &[&text]).await.unwrap();
        let ids: Vec<MessageId> = rows.iter().map(|row| row.get::<_, i64>(0).into()).collect();
        match answer {
            Ok(id) => {
                assert_eq!(ids, [id], "{text}");
                acknowledged += 1;
            }
            Err(code) => {
                assert_eq!(code, ErrorCode::ServiceUnavailable);
                assert!(ids.len() <= 1, "{text}");
            }
        }
    }
    assert!(acknowledged >= 190, "only {acknowledged} acknowledged");
    world.require_consistent().await;
}
