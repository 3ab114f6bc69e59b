//! The real binaries at work, with servers of a test's own.

use std::path::PathBuf;
use std::process::Stdio;

use discuss_test_support::{SECRET, TestKafka, World, redis_url};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What services of a test run with.
pub(crate) struct Services {
    pub(crate) world: World,
    pub(crate) kafka: TestKafka,
    variables: Vec<(&'static str, String)>,
    running: Vec<Child>,
}

impl Services {
    /// None of them runs yet; they will export their traces to `collector`.
    pub(crate) async fn new(collector: String) -> Self {
        let (world, kafka) = (World::new().await, TestKafka::new(2));
        let settings = kafka.settings();
        let mut variables = vec![
            ("DATABASE_URL", world.database.url().to_owned()),
            ("REDIS_URL", redis_url()),
            ("REDIS_PREFIX", world.redis_prefix.clone()),
            ("KAFKA_BROKERS", settings.brokers.clone()),
            ("KAFKA_TOPIC_PREFIX", settings.prefix.clone()),
            ("JWT_SECRET", SECRET.to_owned()),
            ("SERVER_HOST", "127.0.0.1".to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
            ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
        ];
        let ports = [
            "SERVER_PORT",
            "GATEWAY_PORT",
            "API_ADMIN_PORT",
            "GATEWAY_ADMIN_PORT",
            "CONSUMER_ADMIN_PORT",
        ];
        variables.extend(ports.map(|port| (port, "0".to_owned())));
        Self {
            world,
            kafka,
            variables,
            running: Vec::new(),
        }
    }

    /// With one variable more.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Starts a binary of the build and waits until it is ready; answers where it listens, if it does.
    pub(crate) async fn start(&mut self, name: &str) -> Option<String> {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_discuss-consumer")).with_file_name(name);
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.running.push(child);
        let ready = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "ready" {
                break line;
            }
        };
        // A full pipe would have it wait at its next line.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        ready["listen"].as_str().map(str::to_owned)
    }
}
