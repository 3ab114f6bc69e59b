//! A database that is not there, or not for us.

use discuss_storage::event_log::news::NewsReader;
use discuss_storage::messages::group::GroupWriter;
use discuss_storage::{Database, StorageError, members};
use discuss_test_support::{TestDatabase, World, until};

use crate::fixture::{group, tenant, user};

#[tokio::test]
async fn a_database_that_is_there_answers() {
    let database = TestDatabase::new().await;
    database.database().ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nobody = Database::new("postgres://x@127.0.0.1:1/x", 1).unwrap();
    let errors = [
        nobody.ping().await.unwrap_err(),
        NewsReader::connect(&nobody).await.err().unwrap(),
        GroupWriter::connect(&nobody).await.err().unwrap(),
    ];
    for error in errors {
        assert!(error.is_unavailable(), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    let error = Database::new("nonsense", 1).err().unwrap();
    assert!(matches!(error, StorageError::Database(_)));
}

#[tokio::test]
async fn who_waits_too_long_for_a_connection_is_told_to_come_back() {
    let test = TestDatabase::new().await;
    let database = Database::new(test.url(), 1).unwrap();
    let _held = database.connection().await.unwrap();
    let error = database.connection().await.err().unwrap();
    assert!(error.is_unavailable(), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_ended_is_unavailable_and_soon_a_new_one_takes_its_place() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await.id;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'discuss' AND datname = current_database()";
    world.execute(end).await;
    let error = members::find(&mut connection, channel, user(1)).await;
    let error = error.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    drop(connection);
    // The pool takes it for sound until its end has been noticed.
    until("the pool has a sound connection", async || {
        let mut next = world.connection().await;
        members::find(&mut next, channel, user(1)).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_row_that_stays_locked_is_unavailable() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let channel = group(&mut connection, tenant(), &[1]).await.id;
    let holder = world.database.client().await;
    let lock = format!("BEGIN; SELECT 1 FROM channels WHERE id = {channel} FOR UPDATE");
    holder.batch_execute(&lock).await.unwrap();
    let found = discuss_storage::channels::find_for_update(&mut connection, tenant(), channel);
    let error = found.await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
}
