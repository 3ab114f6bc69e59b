//! Reading dead letters, to see the broken record among them.

use std::future::ready;
use std::time::Duration;

use discuss_bus::consumer::{self, Effort, Failure, Handler, Reading};
use discuss_bus::{Record, Settings, dead_letters};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a letter may take to be there.
const PATIENCE: Duration = Duration::from_secs(20);

/// Hands letters on.
struct Letters(mpsc::UnboundedSender<Record>);

impl Handler for Letters {
    type Work = Record;

    fn read(&self, letter: &Record) -> Reading<Record> {
        Reading::Work {
            key: letter.offset.to_string(),
            work: letter.clone(),
        }
    }

    fn handle(&self, letter: &Record) -> impl Future<Output = Result<(), Failure>> + Send {
        let handed_on = self.0.send(letter.clone());
        ready(handed_on.map_err(|_nobody| Failure::Unavailable("nobody reads any more".to_owned())))
    }
}

/// The letter of the record of `topic` with this value; waits for it a while.
pub(super) async fn find(
    kafka: &Settings,
    topic: &str,
    value: &[u8],
) -> anyhow::Result<Option<Record>> {
    let topic = format!("{topic}{}", dead_letters::SUFFIX);
    let (sender, mut letters) = mpsc::unbounded_channel();
    let end = CancellationToken::new();
    let effort = Effort {
        give_up_after: Duration::ZERO,
        at_once: 1,
    };
    let topics = [topic.as_str()];
    let reading = consumer::run(kafka, &topics, Letters(sender), effort, end.clone());
    let finding = async {
        let finding = async {
            while let Some(letter) = letters.recv().await {
                if letter.value.as_deref() == Some(value) {
                    return Some(letter);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, finding).await.ok().flatten();
        end.cancel();
        found
    };
    let (read, found) = tokio::join!(reading, finding);
    read?;
    Ok(found)
}
