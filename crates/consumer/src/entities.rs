//! Business events in: each is read by its source's decoder and taken once.

use std::error::Error;

use discuss_app::entities::{Delivery, Taken, apply};
use discuss_app::{App, AppError};
use discuss_bus::consumer::{Effort, Reading};
use discuss_bus::record::{CORRELATION_ID, TRACEPARENT};
use discuss_bus::{BusError, Failure, Handler, Record, Settings, consumer};
use discuss_domain::entities::EntityNews;
use discuss_runtime::traces;
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::sources::{self, Read};

/// Longest correlation id or trace that is passed on, in bytes.
const LONGEST_ID: usize = 200;

/// Takes the events of these topics until `end`.
pub(crate) async fn run(
    app: App,
    settings: &Settings,
    (topics, effort): (&[String], Effort),
    end: CancellationToken,
) -> Result<(), BusError> {
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    consumer::run(settings, &topics, Entities { app }, effort, end).await
}

/// What a record asks for.
pub(crate) struct Work {
    delivery: Delivery,
    news: EntityNews,
}

/// Takes business events.
struct Entities {
    app: App,
}

impl Handler for Entities {
    type Work = Work;

    fn read(&self, record: &Record) -> Reading<Work> {
        let Read { inbox, news } = match sources::read(record) {
            Ok(Some(read)) => read,
            Ok(None) => {
                let (topic, partition, offset) = (&record.topic, record.partition, record.offset);
                tracing::debug!(%topic, partition, offset, "a record of a sort that is not known is passed");
                return Reading::Skip;
            }
            Err(unreadable) => return Reading::Unreadable(unreadable.to_string()),
        };
        let key = match &news {
            EntityNews::Event(event) => format!("{} {}", event.tenant, event.record),
            // Nothing has to wait for it: what it says holds whenever it is taken.
            EntityNews::GoneEverywhere { .. } => format!("everywhere {}", inbox.event_id),
        };
        let delivery = Delivery {
            inbox,
            correlation_id: passed_on(record, CORRELATION_ID),
            traceparent: passed_on(record, TRACEPARENT),
        };
        Reading::Work {
            key,
            work: Work { delivery, news },
        }
    }

    fn trace(&self, span: &Span, record: &Record) {
        let name = || format!("{} process", record.topic);
        traces::consume(span, name, record.header(TRACEPARENT));
    }

    async fn handle(&self, work: &Work) -> Result<(), Failure> {
        let outcome = match apply(&self.app, &delivery(work), &work.news).await {
            Ok(Taken::Now) => "taken",
            Ok(Taken::Before) => "known",
            Err(error) => return Err(self.failure(&error).await),
        };
        metrics::counter!("discuss_entity_events_total", "outcome" => outcome).increment(1);
        Ok(())
    }
}

/// What follows from the work goes on with the trace from the work itself, where traces are exported.
fn delivery(work: &Work) -> Delivery {
    let mut delivery = work.delivery.clone();
    delivery.traceparent = traces::traceparent(&Span::current()).or(delivery.traceparent);
    delivery
}

fn passed_on(record: &Record, name: &str) -> Option<String> {
    let text = record.header(name)?;
    let is_good = text.len() <= LONGEST_ID && !text.contains('\0');
    is_good.then(|| text.to_owned())
}

impl Entities {
    /// What is away is waited for; whatever else fails is tried for a while. What takes too long although
    /// the database answers will not be quicker later.
    async fn failure(&self, error: &AppError) -> Failure {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let text = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        let is_away = match error {
            AppError::Storage(error) if error.is_timeout() => {
                self.app.database().ping().await.is_err()
            }
            AppError::Storage(error) => error.is_unavailable(),
            // Others are at the same records: this one's turn comes.
            AppError::Busy => true,
            _ => false,
        };
        if is_away {
            Failure::Unavailable(text)
        } else {
            Failure::Failed(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use discuss_app::{Database, StorageError};
    use discuss_test_support::World;

    use super::*;

    async fn failure_on(app: App, error: StorageError) -> Failure {
        Entities { app }.failure(&AppError::Storage(error)).await
    }

    #[tokio::test]
    async fn what_takes_too_long_fails_where_the_database_answers_and_waits_where_it_does_not() {
        let world = World::new().await;
        let slow = || StorageError::timed_out("no end in time");
        let failed = failure_on(world.app.clone(), slow()).await;
        assert!(matches!(failed, Failure::Failed(_)), "{failed:?}");

        let away = Database::new("postgres://nobody@127.0.0.1:1/nothing", 1).unwrap();
        let app = App::start(away, world.app.redis().clone());
        let waits = failure_on(app, slow()).await;
        assert!(matches!(waits, Failure::Unavailable(_)), "{waits:?}");
    }

    #[tokio::test]
    async fn an_outage_is_waited_for_also_when_it_is_just_over() {
        let world = World::new().await;
        let waits = failure_on(world.app.clone(), StorageError::Unavailable("gone".into())).await;
        assert!(matches!(waits, Failure::Unavailable(_)), "{waits:?}");
    }
}
