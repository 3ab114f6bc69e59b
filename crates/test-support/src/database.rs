//! A database for each test, copied from one template that was migrated once.

use std::path::Path;

use discuss_storage::{Database, migrations};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// Connections of a test's pool.
const POOL: usize = 8;
/// Two test programs at once make the template only once.
const TEMPLATE_LOCK: i64 = 0x0074_656d_706c;

/// A database of its own; it is dropped when this goes out of scope.
pub struct TestDatabase {
    name: String,
    url: String,
    database: Database,
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDatabase {
    /// Makes one, with the schema of today.
    pub async fn new() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        Self::copy_of(template).await
    }

    /// Makes one with nothing in it, not even a schema.
    pub async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let admin = admin().await;
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin
            .batch_execute(&sql)
            .await
            .expect("a test's database must be made");
        let url = url_of(&name);
        let database = Database::new(&url, POOL).expect("the test's URL must be read");
        Self {
            name,
            url,
            database,
        }
    }

    /// The pool.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Its URL, for programs that the test starts.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection of one's own, for statements that no use case has.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async move {
                if let Err(error) = admin().await.batch_execute(&sql).await {
                    eprintln!("a test's database was not dropped: {error}");
                }
            });
        });
        if dropped.join().is_err() {
            eprintln!("the database {} was not dropped", self.name);
        }
    }
}

/// The template's name says what is in it: other migrations, another template.
async fn make_template() -> String {
    let name = format!("template_{}", fingerprint().simple());
    let admin = admin().await;
    let lock = "SELECT pg_advisory_lock($1)";
    admin
        .execute(lock, &[&TEMPLATE_LOCK])
        .await
        .expect("the template's lock must be had");
    let known = "SELECT 1 FROM pg_database WHERE datname = $1";
    let known = admin
        .query_opt(known, &[&name])
        .await
        .expect("databases must be listed");
    if known.is_none() {
        let draft = format!("draft_{}", Uuid::new_v4().simple());
        let make = format!("CREATE DATABASE {draft}");
        admin
            .batch_execute(&make)
            .await
            .expect("the template must be made");
        let database = Database::new(&url_of(&draft), 1).expect("the template's URL must be read");
        migrations::run(&database)
            .await
            .expect("the template must be migrated");
        drop(database);
        let rename = format!("ALTER DATABASE {draft} RENAME TO {name}");
        until_done(&admin, &rename).await;
    }
    name
}

/// A name for the migrations as they are now.
fn fingerprint() -> Uuid {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let entries = std::fs::read_dir(folder).expect("the migrations must be there");
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("up.sql"))
        .collect();
    paths.sort();
    let texts: Vec<String> = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a migration must be read"))
        .collect();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, texts.concat().as_bytes())
}

/// The server may need a moment to see that the last connection to a database is gone.
async fn until_done(admin: &Client, sql: &str) {
    for _ in 0..100 {
        if admin.batch_execute(sql).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    admin
        .batch_execute(sql)
        .await
        .expect("the template must get its name");
}

fn admin_url() -> String {
    std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

/// The server's URL with another database.
fn url_of(database: &str) -> String {
    let url = admin_url();
    let (path, query) = match url.split_once('?') {
        Some((path, query)) => (path.to_owned(), format!("?{query}")),
        None => (url, String::new()),
    };
    let server = path
        .rsplit_once('/')
        .map_or(path.as_str(), |(server, _)| server);
    format!("{server}/{database}{query}")
}

async fn admin() -> Client {
    connect(&admin_url()).await
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("PostgreSQL must be there: DATABASE_URL");
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a test's connection ended: {error}");
        }
    });
    client
}
