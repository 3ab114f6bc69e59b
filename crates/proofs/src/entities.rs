//! Business records through Kafka: a channel each, however often and in whatever order they come, and
//! the broken ones set aside.

mod events;
mod flow;
mod letters;
mod once;
mod order;
mod poison;
mod settling;

use crate::servers::{Kafka, Servers};

pub(crate) use self::flow::Options as FlowOptions;
pub(crate) use self::once::Options as OnceOptions;
pub(crate) use self::order::Options as OrderOptions;
pub(crate) use self::poison::{Options as PoisonOptions, ReplayedOptions};

pub(crate) use self::flow::run as flow;
pub(crate) use self::once::run as once;
pub(crate) use self::order::run as order;
pub(crate) use self::poison::{replayed, run as poison};

/// The topic that all of these go through.
const TOPIC: &str = "ENTITY_EVENTS";

/// What all of these work on.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Stage {
    #[command(flatten)]
    kafka: Kafka,
    /// Seconds without a change after which what is missing is missing.
    #[arg(long, default_value_t = 60)]
    patience: u64,
}

impl Stage {
    async fn client(&self, servers: &Servers) -> anyhow::Result<tokio_postgres::Client> {
        Ok(servers.client().await?)
    }
}
