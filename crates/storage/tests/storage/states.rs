//! Which errors of PostgreSQL say "later", by either driver.

use diesel_async::SimpleAsyncConnection;
use discuss_storage::{Database, StorageError};
use discuss_test_support::{TestDatabase, World};

/// SQLSTATEs with PostgreSQL's own words.
const OUTAGES: [(&str, &str); 11] = [
    ("25006", "cannot execute INSERT in a read-only transaction"),
    ("25006", "cannot execute LOCK TABLE during recovery"),
    ("53100", "could not extend file: No space left on device"),
    ("53200", "out of memory"),
    ("53200", "out of shared memory"),
    ("53300", "sorry, too many clients already"),
    ("53300", "too many connections for role \"discuss\""),
    (
        "57P01",
        "terminating connection due to administrator command",
    ),
    (
        "57P02",
        "terminating connection because of crash of another server process",
    ),
    ("57P03", "the database system is starting up"),
    ("57014", "canceling statement due to statement timeout"),
];
const REFUSALS: [(&str, &str); 6] = [
    ("23505", "duplicate key value violates unique constraint"),
    ("25P02", "current transaction is aborted"),
    (
        "40001",
        "could not serialize access due to concurrent update",
    ),
    ("40P01", "deadlock detected"),
    ("42P01", "relation \"nothing\" does not exist"),
    ("P0001", "this is what a trigger says"),
];

fn raise((state, words): (&str, &str)) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = '{words}'; END $$")
}

/// The error as it comes from tokio-postgres, and as it comes from diesel.
async fn raised(test: &TestDatabase, error: (&str, &str)) -> [StorageError; 2] {
    let sql = raise(error);
    let direct = test.client().await.batch_execute(&sql).await;
    let mut connection = test.database().connection().await.unwrap();
    let pooled = connection.batch_execute(&sql).await;
    [direct.unwrap_err().into(), pooled.unwrap_err().into()]
}

#[tokio::test]
async fn a_server_that_is_full_stopping_starting_or_read_only_is_unavailable() {
    let test = TestDatabase::new().await;
    for state in OUTAGES {
        for error in raised(&test, state).await {
            assert!(error.is_unavailable(), "{state:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_calls_broken_is_unavailable() {
    let test = TestDatabase::new().await;
    let sql = raise(("08006", "connection to client lost"));
    let error = test.client().await.batch_execute(&sql).await.unwrap_err();
    let error = StorageError::from(error);
    assert!(error.is_unavailable(), "{error:?}");
}

#[tokio::test]
async fn a_statement_that_is_refused_is_no_outage() {
    let test = TestDatabase::new().await;
    for state in REFUSALS {
        for error in raised(&test, state).await {
            assert!(!error.is_unavailable(), "{state:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn what_a_session_that_only_reads_refuses_is_unavailable() {
    let world = World::new().await;
    let mut connection = world.connection().await;
    let (only_read, write) = (
        "SET default_transaction_read_only = on",
        "DELETE FROM relay_processes",
    );
    connection.batch_execute(only_read).await.unwrap();
    let pooled = connection.batch_execute(write).await.unwrap_err();
    let client = world.database.client().await;
    client.batch_execute(only_read).await.unwrap();
    let direct = client.batch_execute(write).await.unwrap_err();
    for error in [StorageError::from(pooled), StorageError::from(direct)] {
        assert!(error.is_unavailable(), "{error:?}");
    }
}

#[tokio::test]
async fn no_connection_is_made_to_a_server_that_only_reads() {
    let test = TestDatabase::new().await;
    let client = test.client().await;
    let only_read = "DO $$ BEGIN EXECUTE format(
        'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$";
    client.batch_execute(only_read).await.unwrap();
    let database = Database::new(test.url(), 1).unwrap();
    let error = database.connection().await.err().unwrap();
    assert!(error.is_unavailable(), "{error:?}");
}
