//! The channels of those who connect: many at once are looked up together.

use std::collections::HashMap;
use std::time::Duration;

use discuss_app::permissions::askable;
use discuss_app::{App, AppError};
use discuss_domain::entities::RecordRef;
use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_runtime::tasks::Tasks;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::hub::Person;

/// People that one query looks up.
const BATCH: usize = 500;
/// Others who connect are waited for so long.
const GATHER: Duration = Duration::from_millis(5);

/// The channels of one person, each with the newest seq as of which they are in it.
pub(crate) type Channels = Vec<(ChannelId, Seq)>;

/// What was looked up of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded {
    pub(crate) channels: Channels,
    /// Those about business records whose services can be asked.
    pub(crate) records: Vec<(ChannelId, RecordRef)>,
}

struct Request {
    person: Person,
    answer: oneshot::Sender<Loaded>,
}

/// Looks up people's channels.
#[derive(Clone)]
pub(crate) struct Loader {
    requests: mpsc::Sender<Request>,
}

impl Loader {
    /// Starts the task that asks.
    pub(crate) fn start(app: App, tasks: &mut Tasks) -> Self {
        let (requests, waiting) = mpsc::channel(BATCH);
        tasks.spawn("loader", run(app, waiting));
        Self { requests }
    }

    /// The channels of a person, as they are now; `None` when they can't be looked up.
    pub(crate) async fn channels_of(&self, person: Person) -> Option<Loaded> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { person, answer }).await.ok()?;
        answered.await.ok()
    }
}

async fn run(app: App, mut waiting: mpsc::Receiver<Request>) {
    while let Some(first) = waiting.recv().await {
        let mut batch = vec![first];
        let until = Instant::now() + GATHER;
        while batch.len() < BATCH {
            match timeout_at(until, waiting.recv()).await {
                Ok(Some(next)) => batch.push(next),
                Ok(None) | Err(_) => break,
            }
        }
        answer(&app, batch).await;
    }
}

/// Who gets no answer is told so by the end of its channel.
async fn answer(app: &App, batch: Vec<Request>) {
    let mut people: Vec<(TenantId, UserId)> = batch
        .iter()
        .map(|request| (request.person.tenant, request.person.user))
        .collect();
    people.sort_unstable();
    people.dedup();
    match load(app, &people).await {
        Ok(loaded) => {
            for Request { person, answer } in batch {
                let of_person = loaded.get(&person).cloned().unwrap_or_default();
                if answer.send(of_person).is_err() {
                    tracing::debug!("somebody left before their channels were known");
                }
            }
        }
        Err(error) => tracing::warn!(%error, people = people.len(), "channels can't be looked up"),
    }
}

async fn load(
    app: &App,
    people: &[(TenantId, UserId)],
) -> Result<HashMap<Person, Loaded>, AppError> {
    let mut loaded: HashMap<Person, Loaded> = HashMap::new();
    for (tenant, followed) in discuss_app::channels::list_followed(app, people).await? {
        let person = Person {
            tenant,
            user: followed.user,
        };
        let of_person = loaded.entry(person).or_default();
        let (channel, last_seq) = (followed.channel, followed.last_seq);
        of_person.channels.push((channel, last_seq));
        if let Some(record) = askable(app, &followed) {
            of_person.records.push((channel, record));
        }
    }
    Ok(loaded)
}
