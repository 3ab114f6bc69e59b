//! Faults of our own code.

use discuss_bus::consumer::{self, Reading};
use discuss_bus::{BusError, Failure, Handler, Record};
use tokio_util::sync::CancellationToken;

use crate::script::{PATIENCE, SHORT, TOPIC, kafka, order, send};

/// Work that fails where nobody expects it: when it is dropped.
struct Faulty {
    is_done: bool,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        assert!(!self.is_done, "as the test says");
    }
}

struct Hand;

impl Handler for Hand {
    type Work = Faulty;

    fn read(&self, record: &Record) -> Reading<Self::Work> {
        let is_done = record.value.as_deref() == Some(b"done".as_slice());
        let key = is_done.to_string();
        let work = Faulty { is_done };
        Reading::Work { key, work }
    }

    async fn handle(&self, work: &Self::Work) -> Result<(), Failure> {
        if work.is_done {
            return Ok(());
        }
        Err(Failure::Unavailable("for ever".to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_ends_the_consumer_also_while_records_wait_for_what_is_away() {
    let kafka = kafka(1).await;
    send(&kafka, &[order("a", "waits"), order("b", "done")]).await;
    let end = CancellationToken::new();
    let running = consumer::run(kafka.settings(), &[TOPIC], Hand, SHORT, end);
    let ended = tokio::time::timeout(PATIENCE, running).await;
    assert!(matches!(ended, Ok(Err(BusError::Broken(_)))), "{ended:?}");
    assert_eq!(kafka.committed(TOPIC).await, 0);
}
