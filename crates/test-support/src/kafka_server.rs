//! A Kafka of a test's own, to be killed.

use std::path::PathBuf;

use tokio::process::Command;
use uuid::Uuid;

/// A Kafka that one test has for itself; it ends when this goes out of scope.
pub struct KafkaServer {
    place: PathBuf,
    port: u16,
    controller_port: u16,
}

impl KafkaServer {
    /// Starts one on free ports, as the scripts do.
    pub async fn start() -> Self {
        let name = format!("discuss-kafka-{}", Uuid::new_v4().simple());
        let server = Self {
            place: std::env::temp_dir().join(name),
            port: free_port(),
            controller_port: free_port(),
        };
        server.revive().await;
        server
    }

    /// `host:port`.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it again, with what it had stored.
    pub async fn revive(&self) {
        let (port, controller_port) = (self.port, self.controller_port);
        let start = format!(r#"start_kafka "$PLACE" {port} {controller_port}"#);
        self.run(&start).await;
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&self) {
        self.run(KILL).await;
    }

    async fn run(&self, script: &str) {
        let mut command = Command::from(command(&self.place, script));
        let status = command.status().await.expect("bash must be there");
        assert!(status.success(), "{script} failed");
    }
}

impl Drop for KafkaServer {
    fn drop(&mut self) {
        let ended = command(&self.place, KILL).status();
        let removed = std::fs::remove_dir_all(&self.place);
        if ended.is_err() || removed.is_err() {
            eprintln!("{} was not cleared away", self.place.display());
        }
    }
}

const KILL: &str = r#"stop_daemon "$PLACE/pid/kafka.pid" KILL 10"#;

/// A piece of script that knows the functions of ours.
fn command(place: &std::path::Path, script: &str) -> std::process::Command {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let script = format!("source {root}/scripts/lib/all.sh\n{script}");
    let mut command = std::process::Command::new("bash");
    command.arg("-c").arg(script).env("PLACE", place);
    command
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port must be free");
    let address = listener.local_addr().expect("a listener has an address");
    address.port()
}
