//! The topics that we use, made at start.

use std::time::Duration;

use discuss_app::relay::TOPICS;
use discuss_bus::topics::create_missing;
use discuss_bus::{Settings, dead_letters};
use tokio_util::sync::CancellationToken;

/// The pause before it is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// The topics that the log goes to.
pub(crate) fn produced() -> Vec<String> {
    TOPICS.map(str::to_owned).to_vec()
}

/// The topics that are read, and those of their dead letters.
pub(crate) fn consumed(sources: &[String]) -> Vec<String> {
    let letters = |topic: &String| format!("{topic}{}", dead_letters::SUFFIX);
    let both = sources
        .iter()
        .flat_map(|topic| [topic.clone(), letters(topic)]);
    both.collect()
}

/// Makes those of these topics that are missing. Tries until Kafka does it. Says whether it was done, or
/// the end came before.
pub(crate) async fn make(bus: &Settings, topics: &[String], end: &CancellationToken) -> Made {
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
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
