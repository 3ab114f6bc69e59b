//! People who talk, one of whom wants all gone that they wrote.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::latency::{Recorder, Summary};
use crate::people::Person;
use crate::rest::Rest;

/// How many there are: the first is erased, the second reads.
pub(crate) const PEOPLE: u64 = 5;
/// Sends under way at once while it is written.
const AT_ONCE: usize = 128;
/// So many of the person's messages are edited, and so many answer somebody.
const SOME: u64 = 200;
/// Between two questions of how far it has come.
const PAUSE: Duration = Duration::from_millis(200);

/// What is said.
pub(crate) struct Talk<'a> {
    rest: &'a Rest,
    people: &'a [Person],
    channels: Vec<u64>,
    mark: String,
    others_mark: String,
    others_wrote: AtomicU64,
}

/// How an erasure went.
pub(crate) struct Erased {
    /// From the question until all was gone.
    pub(crate) took: Duration,
    /// How long the sends of others took meanwhile, in milliseconds.
    pub(crate) sends: Summary,
    /// Those that failed.
    pub(crate) failed: u64,
}

/// What the histories say afterwards.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Tombstones of the person.
    pub(crate) tombstones: u64,
    /// What can still be read of them.
    pub(crate) readable: u64,
    /// Messages of others.
    pub(crate) others: u64,
}

impl<'a> Talk<'a> {
    /// Makes the channels, each with something that somebody else says.
    pub(crate) async fn begin(
        rest: &'a Rest,
        people: &'a [Person],
        channels: usize,
        (mark, others_mark): (String, String),
    ) -> anyhow::Result<Self> {
        let mut talk = Self {
            rest,
            people,
            channels: Vec::new(),
            mark,
            others_mark,
            others_wrote: AtomicU64::new(0),
        };
        let members: Vec<u64> = people.iter().map(|person| person.user).collect();
        for number in 0..channels {
            let name = format!("Channel {number}");
            let made = rest.create_group(talk.reader()?, &name, &members).await?;
            talk.channels.push(made);
            talk.say_as_other(made, 1).await?;
        }
        Ok(talk)
    }

    fn person(&self) -> anyhow::Result<&'a Person> {
        self.people.first().context("nobody is erased")
    }

    fn reader(&self) -> anyhow::Result<&'a Person> {
        self.people.get(1).context("nobody reads")
    }

    fn channel(&self, number: u64) -> anyhow::Result<u64> {
        let place = usize::try_from(number)? % self.channels.len().max(1);
        self.channels.get(place).copied().context("no channel")
    }

    /// What others have written.
    pub(crate) fn others_wrote(&self) -> u64 {
        self.others_wrote.load(Relaxed)
    }

    async fn say_as_other(&self, channel: u64, number: u64) -> anyhow::Result<()> {
        let others = self.people.get(1..).unwrap_or_default();
        let place = usize::try_from(number)? % others.len().max(1);
        let sender = others.get(place).context("no others")?;
        let text = format!("{} says {number}", self.others_mark);
        self.rest
            .send(sender, channel, (&text, Uuid::new_v4()))
            .await?;
        self.others_wrote.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Lets the person write so much; some of it is edited, answers others, names them.
    pub(crate) async fn write(&self, messages: u64) -> anyhow::Result<()> {
        let writing = (0..messages).map(|number| self.write_one(number));
        stream::iter(writing)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn write_one(&self, number: u64) -> anyhow::Result<()> {
        let (person, other) = (self.person()?, self.reader()?);
        let channel = self.channel(number)?;
        let text = format!("{} {number} <@{}>", self.mark, other.user);
        let sent = if number < SOME {
            let parent = self
                .rest
                .send(other, channel, (&self.others_mark, Uuid::new_v4()))
                .await?;
            self.others_wrote.fetch_add(1, Relaxed);
            self.rest.reply(person, channel, (parent.id, &text)).await?
        } else {
            self.rest
                .send(person, channel, (&text, Uuid::new_v4()))
                .await?
        };
        if number < 2 * SOME {
            let better = format!("{text}, better said");
            self.rest.edit(person, channel, (sent.id, &better)).await?;
        }
        Ok(())
    }

    /// Asks for the erasure and waits until it is done, while others talk.
    pub(crate) async fn erase(&self, rate: u32, within: Duration) -> anyhow::Result<Erased> {
        let recorder = Recorder::new()?;
        let failed = AtomicU64::new(0);
        let started = Instant::now();
        self.rest.erase(self.person()?).await?;
        tokio::select! {
            () = self.talk_on(rate, (&recorder, &failed)) => {}
            done = self.wait(within) => done?,
        }
        Ok(Erased {
            took: started.elapsed(),
            sends: recorder.summary(),
            failed: failed.into_inner(),
        })
    }

    async fn wait(&self, within: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + within;
        loop {
            let erasure = self.rest.erasure(self.person()?).await?;
            if erasure.finished_at.is_some() {
                return Ok(());
            }
            let gone = erasure.erased_count;
            anyhow::ensure!(Instant::now() < end, "only {gone} messages are gone");
            sleep(PAUSE).await;
        }
    }

    /// Others say something in every channel in turn, for ever.
    async fn talk_on(&self, rate: u32, (recorder, failed): (&Recorder, &AtomicU64)) {
        let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let numbers = stream::unfold((ticks, 0_u64), |(mut ticks, number)| async move {
            ticks.tick().await;
            Some((number, (ticks, number + 1)))
        });
        let sending = numbers.map(|number| async move {
            let started = Instant::now();
            let said = async { self.say_as_other(self.channel(number)?, number).await };
            match said.await {
                Ok(()) => recorder.record(number, started.elapsed()),
                Err(error) => {
                    eprintln!("{error:#}");
                    failed.fetch_add(1, Relaxed);
                }
            }
        });
        sending.buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Reads every history to its beginning.
    pub(crate) async fn read_all(&self) -> anyhow::Result<Left> {
        let (person, reader) = (self.person()?.user, self.reader()?);
        let mut left = Left::default();
        for channel in &self.channels {
            for message in self.rest.history(reader, *channel).await? {
                if message.to_string().contains(&self.mark) {
                    left.readable += 1;
                }
                let is_theirs = message.get("senderId").and_then(Value::as_u64) == Some(person);
                let is_deleted = message.get("isDeleted").and_then(Value::as_bool) == Some(true);
                left.tombstones += u64::from(is_theirs && is_deleted);
                left.others += u64::from(!is_theirs);
            }
        }
        Ok(left)
    }
}
