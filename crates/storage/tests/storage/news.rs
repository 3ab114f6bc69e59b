//! Finding what was committed since the last pass, whenever its transaction began.

use discuss_domain::{ChannelId, Seq};
use discuss_storage::event_log::news::{ChannelNews, NewsReader};
use discuss_test_support::World;
use tokio_postgres::Client;

use crate::fixture::until_somebody_waits;

async fn reader(world: &World) -> NewsReader {
    let mut reader = NewsReader::connect(world.database.database())
        .await
        .unwrap();
    assert_eq!(reader.pass().await.unwrap(), []);
    reader
}

fn message(channel: ChannelId, seq: i64) -> ChannelNews {
    ChannelNews {
        channel,
        last_seq: Seq::from(seq),
        has_joins: false,
    }
}

/// A connection with a transaction that has drawn its id.
async fn begun(world: &World) -> Client {
    let client = world.database.client().await;
    client
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    client
}

/// Appends the channel's next event, as whoever holds its row would.
fn append(channel: ChannelId) -> String {
    format!(
        "WITH head AS (
           UPDATE channels SET last_seq = last_seq + 1 WHERE id = {channel} RETURNING last_seq)
         INSERT INTO channel_events (channel_id, seq, tenant_id, kind, actor_id, created_at)
         SELECT {channel}, last_seq, 3, 'message_created', 1, now() FROM head"
    )
}

#[tokio::test]
async fn the_first_pass_brings_nothing_though_much_is_there() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    world.send(1, channel, "before").await;
    let mut reader = reader(&world).await;
    assert_eq!(reader.pass().await.unwrap(), []);
}

#[tokio::test]
async fn news_are_told_once_with_the_highest_seq_of_each_channel() {
    let world = World::new().await;
    let one = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    world.send(1, one, "a").await;
    world.send(1, one, "b").await;
    let other = world.group(1, &[2]).await;

    let mut news = reader.pass().await.unwrap();
    news.sort_unstable_by_key(|news| news.channel);
    let made = ChannelNews {
        has_joins: true,
        ..message(other, 1)
    };
    assert_eq!(news, [message(one, 3), made]);
    assert_eq!(reader.pass().await.unwrap(), []);
}

#[tokio::test]
async fn who_drew_an_id_before_the_last_pass_and_commits_after_it_is_found() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    let early = begun(&world).await;
    // A later id commits first, and a pass sees it.
    world.execute(&append(channel)).await;
    assert_eq!(reader.pass().await.unwrap(), [message(channel, 2)]);

    early.batch_execute(&append(channel)).await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), []);
    early.batch_execute("COMMIT").await.unwrap();

    assert_eq!(reader.pass().await.unwrap(), [message(channel, 3)]);
    assert_eq!(reader.pass().await.unwrap(), []);
}

#[tokio::test]
async fn who_waits_for_the_row_with_a_lower_id_is_found_under_a_higher_seq() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    let low = begun(&world).await;
    let high = begun(&world).await;
    high.batch_execute(&append(channel)).await.unwrap();
    let sql = append(channel);
    let waiting = tokio::spawn(async move {
        low.batch_execute(&sql).await.unwrap();
        low
    });
    until_somebody_waits(&world, "UPDATE channels").await;
    assert_eq!(reader.pass().await.unwrap(), []);
    high.batch_execute("COMMIT").await.unwrap();
    let low = waiting.await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), [message(channel, 2)]);
    low.batch_execute("COMMIT").await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), [message(channel, 3)]);
}

#[tokio::test]
async fn a_transaction_that_stays_open_hides_no_news_and_repeats_none() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    let unrelated = begun(&world).await;
    for seq in 2..6 {
        world.send(1, channel, &format!("message {seq}")).await;
        assert_eq!(reader.pass().await.unwrap(), [message(channel, seq)]);
        assert_eq!(reader.pass().await.unwrap(), []);
    }
    unrelated.batch_execute("COMMIT").await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), []);
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_nothing() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    let broken = begun(&world).await;
    broken.batch_execute(&append(channel)).await.unwrap();
    broken.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), []);
    // The seq was not used up: the next event has it.
    world.send(1, channel, "after").await;
    assert_eq!(reader.pass().await.unwrap(), [message(channel, 2)]);
}

#[tokio::test]
async fn what_a_savepoint_wrote_is_found_too() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    let client = begun(&world).await;
    let sql = format!("SAVEPOINT a; {}; RELEASE a", append(channel));
    client.batch_execute(&sql).await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), []);
    client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(reader.pass().await.unwrap(), [message(channel, 2)]);
}

#[tokio::test]
async fn who_joins_is_told_as_a_join_in_whatever_else_happens() {
    let world = World::new().await;
    let channel = world.group(1, &[2]).await;
    let mut reader = reader(&world).await;
    world.send(1, channel, "a").await;
    world.add(1, channel, &[7]).await;
    world.send(1, channel, "b").await;
    let news = reader.pass().await.unwrap();
    let expected = ChannelNews {
        has_joins: true,
        ..message(channel, 4)
    };
    assert_eq!(news, [expected]);
}

#[tokio::test]
async fn a_reader_whose_connection_ended_fails_and_says_that_the_database_is_away() {
    let world = World::new().await;
    let mut reader = reader(&world).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'discuss-news' AND datname = current_database()";
    world.execute(end).await;
    let error = reader.pass().await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
}
