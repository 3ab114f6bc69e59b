//! The topics that we use, made at start.

use std::time::Duration;

use discuss_bus::topics::create_missing;
use discuss_bus::{Settings, dead_letters};
use tokio_util::sync::CancellationToken;

/// Topics that the relay writes to.
const PRODUCED: [&str; 3] = [
    "discuss.message.events",
    "discuss.channel.events",
    "discuss.member.events",
];
/// The pause before it is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// Makes every topic that is missing: those consumed, their dead letters, and those written to. Tries
/// until Kafka does it. Says whether it was done, or the end came before.
pub(crate) async fn make(bus: &Settings, consumed: &[String], end: &CancellationToken) -> Made {
    let letters = consumed
        .iter()
        .map(|topic| format!("{topic}{}", dead_letters::SUFFIX));
    let letters: Vec<String> = letters.collect();
    let mut topics: Vec<&str> = consumed.iter().map(String::as_str).collect();
    topics.extend(letters.iter().map(String::as_str));
    topics.extend(PRODUCED);
    loop {
        let made = tokio::select! {
            made = create_missing(bus, &topics) => made,
            () = end.cancelled() => return Made::EndedBefore,
        };
        match made {
            Ok(()) => return Made::All,
            Err(error) => tracing::warn!(%error, "the topics are not there yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = end.cancelled() => return Made::EndedBefore,
        }
    }
}

/// How making the topics ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// All are there.
    All,
    /// The process ends before.
    EndedBefore,
}
