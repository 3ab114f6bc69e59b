//! `demo`: a small company works for half a minute, and every promise it relies on is looked at.

use std::process::ExitCode;

use clap::Args;
use discuss_bus::Settings;

use crate::demo;
use crate::options::Servers;

/// The options of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    #[command(flatten)]
    servers: Servers,
    /// Brokers of Kafka, comma-separated.
    #[arg(long, env = "KAFKA_BROKERS", default_value = "localhost:9092")]
    brokers: String,
    /// First part of the name of every topic.
    #[arg(long, env = "KAFKA_TOPIC_PREFIX", default_value = "")]
    topic_prefix: String,
}

impl Demo {
    /// Plays the company; fails if anything is missing that should be there.
    pub(super) async fn play(self) -> anyhow::Result<ExitCode> {
        let kafka = Settings {
            brokers: self.brokers,
            prefix: self.topic_prefix,
            group: format!("discuss_demo_{}", uuid::Uuid::new_v4().simple()),
            client_id: "discuss-demo".to_owned(),
            partitions: 1,
            replication: 1,
        };
        let report = demo::play(&self.servers, kafka).await?;
        print!("{report}");
        Ok(if report.is_complete() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
