//! The schema: bringing a database up to it, and refusing one that is older.

use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Database, StorageError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Whoever holds this lock migrates; the others wait for it. The number is "discuss" in ASCII.
const LOCK: i64 = 0x0064_6973_6375_7373;
/// A migration, and the wait for another process, may take longer than any statement of ours. That there
/// is a table of migrations already is no news.
const PATIENT: &str = "-c statement_timeout=0 -c lock_timeout=0 -c client_min_messages=warning";

/// Why the schema is not one to work with.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// Migrations of this program were not run.
    #[error("the database lacks the migrations {0}: run `discuss-api migrate`")]
    Older(String),
    /// It could not be asked.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Runs what is missing, one process at a time; answers the versions that were run.
pub async fn run(database: &Database) -> Result<Vec<String>, StorageError> {
    let client = database.client("discuss-migrate", PATIENT).await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await?;
    let connection = AsyncPgConnection::try_from(client).await?;
    // The harness blocks its thread, which a runtime of one thread could not bear.
    let ran = tokio::task::spawn_blocking(move || run_pending(connection)).await;
    ran.map_err(|error| StorageError::Database(error.into()))?
}

fn run_pending(connection: AsyncPgConnection) -> Result<Vec<String>, StorageError> {
    let mut harness = AsyncMigrationHarness::new(connection);
    let ran = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(StorageError::Database)?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

/// Refuses a database that lacks a migration of this program; a newer one is fine.
pub async fn require_current(database: &Database) -> Result<(), SchemaError> {
    let known = known_versions(database).await?;
    let own = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS);
    let own = own.map_err(StorageError::Database)?;
    let own = own
        .iter()
        .map(|migration| migration.name().version().to_string());
    let missing: Vec<String> = own.filter(|version| !known.contains(version)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(SchemaError::Older(missing.join(", ")))
    }
}

async fn known_versions(database: &Database) -> Result<Vec<String>, StorageError> {
    const TABLE: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";
    let client = database.client("discuss-schema", "").await?;
    let is_there: bool = client.query_one(TABLE, &[]).await?.try_get(0)?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows = client
        .query("SELECT version FROM __diesel_schema_migrations", &[])
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
