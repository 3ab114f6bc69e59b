//! While messages flow, lets people into channels that they are not in, and removes them again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::drive::Drive;
use crate::faults::Fault;
use crate::people::Person;
use crate::rest::RestError;

/// The longest that a visitor stays, and is away.
const LONGEST: u64 = 400;

/// Somebody who is made to visit: one of the connected, by index.
pub(crate) async fn visit(drive: Arc<Drive>, index: usize) {
    let plan = &drive.plan;
    let strange: Vec<(u64, usize)> = (plan.channels.iter().zip(&drive.channels))
        .filter(|(members, _)| !members.contains(&index))
        .filter_map(|(members, channel)| Some((*channel, *members.first()?)))
        .collect();
    let people = &drive.courier.people;
    let Some(visitor) = people.get(index) else {
        return;
    };
    loop {
        sleep(Duration::from_millis(fastrand::u64(..LONGEST))).await;
        let Some((channel, owner)) = fastrand::choice(&strange) else {
            return;
        };
        let Some(owner) = people.get(*owner) else {
            return;
        };
        match come_and_go(&drive, owner, (*channel, visitor.user)).await {
            Err(error) if !error.may_pass() => {
                let words = || format!("a visit to channel {channel}: {error}");
                drive.courier.stage.note(Fault::WrongAnswer, words);
            }
            Ok(()) | Err(_) => {}
        }
    }
}

async fn come_and_go(
    drive: &Drive,
    owner: &Person,
    (channel, user): (u64, u64),
) -> Result<(), RestError> {
    let stage = &drive.courier.stage;
    let rest = &stage.rest;
    rest.add_member(owner, channel, user).await?;
    sleep(Duration::from_millis(fastrand::u64(..LONGEST))).await;
    stage.removing((channel, user));
    rest.remove_member(owner, channel, user).await
}
