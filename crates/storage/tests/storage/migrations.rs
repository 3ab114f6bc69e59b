//! Bringing a database up to the schema, and refusing one that is older.

use discuss_storage::migrations::{SchemaError, require_current, run};
use discuss_test_support::{TestDatabase, until};

use crate::schema::migrations;

/// The lock under which migrations run: "discuss" in ASCII.
const LOCK: i64 = 0x0064_6973_6375_7373;

fn versions() -> Vec<String> {
    let name = |folder: &std::path::PathBuf| {
        let name = folder.file_name().unwrap().to_string_lossy();
        name.split('_').next().unwrap().replace('-', "")
    };
    migrations().iter().map(name).collect()
}

#[tokio::test]
async fn an_empty_database_is_brought_up_and_a_current_one_left_alone() {
    let empty = TestDatabase::empty().await;
    assert_eq!(run(empty.database()).await.unwrap(), versions());
    require_current(empty.database()).await.unwrap();
    assert_eq!(run(empty.database()).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_database_is_refused_with_what_it_lacks() {
    let empty = TestDatabase::empty().await;
    let error = require_current(empty.database()).await.unwrap_err();
    let SchemaError::Older(lacking) = error else {
        panic!("{error:?}")
    };
    assert_eq!(lacking, versions().join(", "));
}

#[tokio::test]
async fn an_older_database_is_refused_and_a_newer_one_is_fine() {
    let database = TestDatabase::new().await;
    let client = database.client().await;
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')";
    client.batch_execute(newer).await.unwrap();
    require_current(database.database()).await.unwrap();

    let last = versions().pop().unwrap();
    let older = "DELETE FROM __diesel_schema_migrations WHERE version = $1";
    assert_eq!(client.execute(older, &[&last]).await.unwrap(), 1);
    let error = require_current(database.database()).await.unwrap_err();
    assert!(matches!(error, SchemaError::Older(lacking) if lacking == last));
}

#[tokio::test]
async fn two_that_migrate_at_once_wait_for_each_other_and_run_everything_once() {
    let empty = TestDatabase::empty().await;
    let holder = empty.client().await;
    holder
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await
        .unwrap();
    let start = || {
        let database = empty.database().clone();
        tokio::spawn(async move { run(&database).await.unwrap() })
    };
    let (one, other) = (start(), start());
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until("both wait for the lock", async || {
        let row = holder.query_one(waiting, &[]).await.unwrap();
        row.get::<_, i64>(0) == 2
    })
    .await;
    assert!(require_current(empty.database()).await.is_err());
    holder
        .execute("SELECT pg_advisory_unlock($1)", &[&LOCK])
        .await
        .unwrap();

    let mut ran = one.await.unwrap();
    ran.extend(other.await.unwrap());
    assert_eq!(ran, versions());
}
