//! A gateway of a test's own: the real binary on any free port.

use std::process::Stdio;

use discuss_test_support::{PATIENCE, SECRET, World, redis_url, token};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::Client;

/// It waits for a first frame for longer than a test does for anything: whatever ends before was not waited for.
pub(crate) const PATIENT: [(&str, &str); 1] = [("GATEWAY_FIRST_FRAME_MS", "3600000")];

/// A running gateway; it is killed when this goes out of scope.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) address: String,
    admin: String,
}

impl Gateway {
    /// Starts one over the world's stores.
    pub(crate) async fn start(world: &World) -> Self {
        Self::start_with(world, &[]).await
    }

    /// Starts one with other settings.
    pub(crate) async fn start_with(world: &World, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_discuss-gateway"));
        command
            .env_clear()
            .env("DATABASE_URL", world.database.url())
            .env("DATABASE_POOL_SIZE", "8")
            .env("REDIS_URL", redis_url())
            .env("REDIS_PREFIX", &world.redis_prefix)
            .env("SERVER_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", "0")
            .env("GATEWAY_ADMIN_PORT", "0")
            .env("GATEWAY_WORKERS", "2")
            .env("JWT_SECRET", SECRET)
            .env("LOG_LEVEL", "info")
            .env("RATE_LIMIT_SENDS", "0")
            .env("RATE_LIMIT_READS", "0")
            .env("RATE_LIMIT_TENANT", "0")
            .env("RATE_LIMIT_FRAMES", "0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let ready = timeout(PATIENCE, ready(&mut child))
            .await
            .expect("the gateway must get ready");
        let said = |port: &str| ready[port].as_str().unwrap().to_owned();
        Self {
            child,
            address: said("listen"),
            admin: said("admin"),
        }
    }

    /// What it has counted.
    pub(crate) async fn metrics(&self) -> String {
        let mut admin = TcpStream::connect(&self.admin).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
        admin.write_all(request).await.unwrap();
        let mut metrics = String::new();
        let reading = admin.read_to_string(&mut metrics);
        timeout(PATIENCE, reading).await.unwrap().unwrap();
        metrics
    }

    /// A connection of somebody of the usual tenant, after its CONNECTED.
    pub(crate) async fn connect(&self, user: i64) -> Client {
        let mut client = self.open(user, "").await;
        client.expect("CONNECTED").await;
        client
    }

    /// A connection of somebody; `query` goes on after the token, as in `&resume=1`.
    pub(crate) async fn open(&self, user: i64, query: &str) -> Client {
        let token = token(World::TENANT, user);
        self.open_at(&format!("/ws/discuss?token={token}{query}"))
            .await
    }

    /// A connection to a path.
    pub(crate) async fn open_at(&self, path: &str) -> Client {
        Client::open(&format!("ws://{}{path}", self.address), &[])
            .await
            .expect("the upgrade must be accepted")
    }
}

/// The line that says it is ready; what follows is read on, so that the pipe never fills.
async fn ready(child: &mut Child) -> Value {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("the gateway ended before it was ready");
        let said: Value = serde_json::from_str(&line).unwrap();
        if said["message"] == "ready" {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return said;
        }
    }
}
