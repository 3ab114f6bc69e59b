//! What is looked up for those who connect and come back: their channels, and what has no seq; and what is kept of them.

use std::collections::HashMap;

use bytes::Bytes;
use discuss_app::permissions::askable;
use discuss_app::reads::{self, InChannels};
use discuss_app::{App, AppError, channels, users};
use discuss_domain::entities::RecordRef;
use discuss_domain::users::Caller;
use discuss_domain::{ChannelId, Seq, TenantId, UserId};
use discuss_runtime::tasks::Tasks;

use crate::event_frame::Frame;
use crate::hub::Person;
use crate::together::Together;

/// The channels of one person, each with the newest seq as of which they are in it.
pub(crate) type Channels = Vec<(ChannelId, Seq)>;

/// What was looked up of one person.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loaded {
    pub(crate) channels: Channels,
    /// Those about business records whose services can be asked.
    pub(crate) records: Vec<(ChannelId, RecordRef)>,
}

/// Looks up what people need who connect or come back.
pub(crate) struct Loader {
    channels: Together<Person, Loaded>,
    states: Together<InChannels, Vec<Frame>>,
    names: Together<Caller, ()>,
}

impl Loader {
    /// Starts the tasks that ask.
    pub(crate) fn start(app: &App, tasks: &mut Tasks) -> Self {
        let of_channels = app.clone();
        let channels = Together::start("loader", tasks, move |people| {
            list_channels(of_channels.clone(), people)
        });
        let of_states = app.clone();
        let states = Together::start("loader of marks", tasks, move |asked| {
            list_states(of_states.clone(), asked)
        });
        let of_names = app.clone();
        let names = Together::start("keeper of names", tasks, move |callers| {
            keep_names(of_names.clone(), callers)
        });
        Self {
            channels,
            states,
            names,
        }
    }

    /// The channels of a person, as they are now; `None` when they can't be looked up.
    pub(crate) async fn channels_of(&self, person: Person) -> Option<Loaded> {
        self.channels.ask(person).await
    }

    /// The marks and unread counts of a person in these channels, as they are now; `None` when they can't be looked
    /// up.
    pub(crate) async fn state_of(
        &self,
        person: Person,
        channels: Vec<ChannelId>,
    ) -> Option<Vec<Frame>> {
        let person = (person.tenant, person.user);
        self.states.ask(InChannels { person, channels }).await
    }

    /// Keeps what a token says of its bearer, with what those of others say.
    pub(crate) async fn keep_name(&self, caller: Caller) {
        // Best effort: without it people are known by their ids.
        let _is_kept = self.names.ask(caller).await.is_some();
    }
}

async fn keep_names(app: App, callers: Vec<Caller>) -> Result<Vec<()>, AppError> {
    users::remember_all(&app, &callers).await;
    Ok(vec![(); callers.len()])
}

async fn list_channels(app: App, asked: Vec<Person>) -> Result<Vec<Loaded>, AppError> {
    let mut people: Vec<(TenantId, UserId)> = asked
        .iter()
        .map(|person| (person.tenant, person.user))
        .collect();
    people.sort_unstable();
    people.dedup();
    let mut loaded: HashMap<Person, Loaded> = HashMap::new();
    for (tenant, followed) in channels::list_followed(&app, &people).await? {
        let person = Person {
            tenant,
            user: followed.user,
        };
        let of_person = loaded.entry(person).or_default();
        let (channel, last_seq) = (followed.channel, followed.last_seq);
        of_person.channels.push((channel, last_seq));
        if let Some(record) = askable(&app, &followed) {
            of_person.records.push((channel, record));
        }
    }
    let of = |person| loaded.get(person).cloned().unwrap_or_default();
    Ok(asked.iter().map(of).collect())
}

/// The marks of a channel are one frame, whoever is told them.
async fn list_states(app: App, asked: Vec<InChannels>) -> Result<Vec<Vec<Frame>>, AppError> {
    let state = reads::list_state(&app, &asked).await?;
    let marks: HashMap<ChannelId, Frame> = state
        .marks
        .iter()
        .map(|(channel, frame)| (*channel, Frame::text(frame)))
        .collect();
    let told = |unread: Vec<(ChannelId, Bytes)>| {
        let marks = unread.iter().filter_map(|(channel, _)| marks.get(channel));
        let counts = unread.iter().map(|(_, frame)| Frame::text(frame));
        counts.chain(marks.cloned()).collect()
    };
    Ok(state.unread.into_iter().map(told).collect())
}
