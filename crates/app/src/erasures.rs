//! Erasing all that a person wrote (GDPR): asked for by a request, done by the worker.
//!
//! The worker goes through the person's channels, and through each from its beginning. Every message becomes a
//! tombstone as by a deletion, through the writer: a few at a time, so that no channel waits long, each with its
//! event. How far it has come is kept after each step; a step that is done again finds tombstones and passes
//! over them. So it does not matter who dies when, nor if two work at the same job for a while.

use discuss_domain::erasures::{Erasure, Job, Place};
use discuss_domain::messages::change::{Change, ChangeError};
use discuss_domain::{MessageId, Seq};
use discuss_storage::erasures;
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::channels::now;
use crate::writer::{Command, MessageChange, Outcome};
use crate::{App, AppError, Context};

/// Messages that are looked at in one statement, whosever they are.
const STRETCH: i64 = 1_000;
/// Messages that become tombstones in one step: they share a transaction or two.
const STEP: usize = 25;
/// A job is held for so long after each step, in seconds.
const HELD: f64 = 30.0;

/// What became of a round of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nobody waits to be erased.
    Idle,
    /// All that somebody wrote is gone: so many messages by this round.
    Finished(usize),
    /// Somebody else has the job now, or its person asked anew.
    Lost,
}

/// Asks that all be erased that the caller wrote until now.
pub async fn ask(app: &App, context: &Context) -> Result<Erasure, AppError> {
    let mut connection = app.connection().await?;
    let person = (context.tenant(), context.user());
    Ok(erasures::ask(&mut connection, person, now()).await?)
}

/// How far what the caller asked for last has come; `None` if they never did.
pub async fn find(app: &App, context: &Context) -> Result<Option<Erasure>, AppError> {
    let mut connection = app.connection().await?;
    let person = (context.tenant(), context.user());
    Ok(erasures::find(&mut connection, person).await?)
}

/// Works at the oldest job that nobody works at, until all is gone. What is cut off here goes on once `HELD` is
/// over; what fails waits for a while, here and elsewhere, and others go before it.
pub async fn work(app: &App) -> Result<Round, AppError> {
    let holder = Uuid::new_v4();
    let claimed = erasures::claim(&mut *app.connection().await?, holder, HELD).await?;
    let Some(job) = claimed else {
        return Ok(Round::Idle);
    };
    let worked = erase(app, holder, job).await;
    if worked.is_err() {
        metrics::counter!("discuss_erasure_failures_total").increment(1);
        put_off(app, holder).await;
    }
    worked
}

/// Best effort: what is held is free by itself after a while.
async fn put_off(app: &App, holder: Uuid) {
    let put_off = async {
        let mut connection = app.connection().await?;
        erasures::put_off(&mut connection, holder).await
    };
    if let Err(error) = put_off.await {
        tracing::warn!(%error, "an erasure that failed is held until its time is over");
    }
}

async fn erase(app: &App, holder: Uuid, mut job: Job) -> Result<Round, AppError> {
    let mut erased: usize = 0;
    loop {
        let stretch = erasures::read_stretch(&mut *app.connection().await?, &job, STRETCH).await?;
        let mut gone: usize = 0;
        if let Some(stretch) = stretch {
            gone = erase_stretch(app, &job, &stretch).await?;
            job.place.seq = stretch.last_seq;
        } else if let Some(place) = next_channel(app, &job).await? {
            job.place = place;
        } else {
            erasures::finish(&mut *app.connection().await?, holder).await?;
            return Ok(Round::Finished(erased));
        }
        erased = erased.saturating_add(gone);
        let mut connection = app.connection().await?;
        if !erasures::save(&mut connection, holder, (job.place, gone), HELD).await? {
            return Ok(Round::Lost);
        }
    }
}

async fn next_channel(app: &App, job: &Job) -> Result<Option<Place>, AppError> {
    let mut connection = app.connection().await?;
    let person = (job.tenant, job.user);
    let next = erasures::find_next_channel(&mut connection, person, job.place.channel).await?;
    Ok(next.map(|channel| Place {
        channel,
        seq: Seq::ZERO,
    }))
}

/// Makes tombstones of all that the person wrote in a stretch; answers of how many.
async fn erase_stretch(
    app: &App,
    job: &Job,
    stretch: &erasures::Stretch,
) -> Result<usize, AppError> {
    let mut erased: usize = 0;
    for step in stretch.readable.chunks(STEP) {
        let gone = try_join_all(step.iter().map(|message| erase_message(app, job, *message)));
        let gone = gone.await?.into_iter().filter(|is_gone| *is_gone).count();
        erased = erased.saturating_add(gone);
        metrics::counter!("discuss_messages_erased_total")
            .increment(u64::try_from(gone).unwrap_or(0));
    }
    if !stretch.own.is_empty() {
        let mut connection = app.connection().await?;
        erasures::forget_fingerprints(&mut connection, &stretch.own).await?;
    }
    Ok(erased)
}

/// `false`: it was a tombstone already.
async fn erase_message(app: &App, job: &Job, message: MessageId) -> Result<bool, AppError> {
    let change = MessageChange {
        tenant: job.tenant,
        channel: job.place.channel,
        user: job.user,
        message,
        change: Change::Erase,
        correlation_id: None,
        traceparent: None,
    };
    let changed = app.parts.writer.carry_out(Command::Change(change)).await;
    match changed {
        Ok(outcome) => Ok(matches!(outcome, Outcome::Changed(_))),
        // Nothing that could be read is there.
        Err(AppError::MessageChange(ChangeError::NotFound)) => Ok(false),
        Err(error) => Err(error),
    }
}
