//! Every migration can be taken back: its down.sql leaves what was there before.

use std::path::{Path, PathBuf};

use discuss_test_support::TestDatabase;
use tokio_postgres::Client;

/// Everything that migrations make: columns, constraints, indexes, domains, sequences, functions.
const EVERYTHING: &str = "
SELECT format('column %s.%s %s %s %s', table_name, column_name, udt_name || coalesce(domain_name, ''),
              is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT format('type %s', typname) FROM pg_type
 WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e')
UNION ALL
SELECT format('relation %s %s %s', relkind, relname, reloptions) FROM pg_class
 WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT format('function %s', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
 ORDER BY 1";

/// The folders of all migrations, in their order.
pub(crate) fn migrations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

async fn everything(client: &Client) -> Vec<String> {
    let rows = client.query(EVERYTHING, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn apply(client: &Client, folder: &Path, file: &str) {
    let sql = std::fs::read_to_string(folder.join(file)).unwrap();
    let done = client.batch_execute(&sql).await;
    assert!(done.is_ok(), "{}/{file}: {done:?}", folder.display());
}

#[tokio::test]
async fn every_migration_goes_up_down_and_up_again() {
    let database = TestDatabase::empty().await;
    let client = database.client().await;
    let mut states = vec![everything(&client).await];
    for folder in migrations() {
        apply(&client, &folder, "up.sql").await;
        let state = everything(&client).await;
        assert_ne!(Some(&state), states.last(), "{}", folder.display());
        states.push(state);
    }
    let top = states.pop();
    for folder in migrations().iter().rev() {
        apply(&client, folder, "down.sql").await;
        let state = everything(&client).await;
        assert_eq!(Some(state), states.pop(), "{}", folder.display());
    }
    for folder in migrations() {
        apply(&client, &folder, "up.sql").await;
    }
    assert_eq!(Some(everything(&client).await), top);
}
