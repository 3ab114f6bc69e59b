//! `bare`: what deliveries cost on this machine when a server does nothing else.

use std::time::Duration;

use clap::Args;

use crate::bare::{self, Load};

/// The options of `bare`.
#[derive(Debug, Args)]
pub(super) struct Bare {
    /// How many sockets.
    #[arg(long, default_value_t = 500)]
    sockets: u32,
    /// Frames a second to every socket.
    #[arg(long, default_value_t = 30)]
    rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

impl Bare {
    /// Measures and prints the figures as JSON.
    pub(super) async fn measure(&self) -> anyhow::Result<()> {
        let load = Load {
            sockets: self.sockets,
            rate: self.rate,
            time: Duration::from_secs(self.seconds),
        };
        let measured = bare::measure(load).await?;
        println!("{}", serde_json::to_string_pretty(&measured)?);
        println!(
            "BARE: {:.0} deliveries/s, {}, {:.1} µs CPU each for both ends",
            measured.deliveries_per_second, measured.latency, measured.cpu_micros_per_delivery
        );
        Ok(())
    }
}
