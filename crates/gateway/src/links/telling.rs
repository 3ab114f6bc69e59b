//! Has people told of each other: no faster than messages have their way beside it, also when everybody comes
//! at once.

use std::sync::Arc;
use std::time::Duration;

use discuss_app::presence::{Told, tell_changes};
use tokio::time::{Instant, sleep};

use super::RETRY;
use crate::gateway::Gateway;

/// It is looked for whom others are to be told of so often.
const LOOK: Duration = Duration::from_millis(250);
/// People who are told of somebody in a second, by the channels' members; a process tells no more.
const TOLD_A_SECOND: u64 = 20_000;
/// But whoever shares channels with a great many holds the others up no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Where so many sessions read what they missed, people are told of each other afterwards,
const CROWD: usize = 100;
/// but no later than after this.
const PUT_OFF: Duration = Duration::from_secs(10);

/// Tells for as long as the process runs.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let lease = gateway.limits.presence_terms().lease;
    let mut waiting = Waiting {
        since: Instant::now(),
    };
    loop {
        // One is the gateway's own.
        let readers = Arc::strong_count(&gateway.readings).saturating_sub(1);
        if waiting.gives_way_to(readers, Instant::now()) {
            sleep(LOOK).await;
            continue;
        }
        let began = Instant::now();
        let pause = match tell_changes(&gateway.app, lease).await {
            Ok(told) => {
                waiting.note(told, began);
                pause(told)
            }
            Err(error) => {
                tracing::debug!(%error, "nobody is told who is there");
                RETRY
            }
        };
        sleep(pause).await;
    }
}

/// Since when somebody may wait to be told of.
struct Waiting {
    since: Instant,
}

impl Waiting {
    fn gives_way_to(&self, readers: usize, now: Instant) -> bool {
        readers >= CROWD && now.duration_since(self.since) < PUT_OFF
    }

    /// Those who waited at `began` were told of, unless there are more.
    fn note(&mut self, told: Told, began: Instant) {
        if !told.is_more {
            self.since = began;
        }
    }
}

fn pause(told: Told) -> Duration {
    let pause = Duration::from_millis(told.weight.saturating_mul(1_000) / TOLD_A_SECOND);
    let pause = pause.min(LONGEST_PAUSE);
    if told.is_more { pause } else { pause.max(LOOK) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(is_more: bool, weight: u64) -> Told {
        Told { is_more, weight }
    }

    #[test]
    fn who_is_put_off_for_a_crowd_is_told_of_before_others_are_put_off_again() {
        let start = Instant::now();
        let mut waiting = Waiting { since: start };
        assert!(!waiting.gives_way_to(CROWD - 1, start));
        assert!(waiting.gives_way_to(CROWD, start));
        let late = start + PUT_OFF;
        assert!(!waiting.gives_way_to(CROWD, late));
        waiting.note(told(true, 0), late);
        assert!(!waiting.gives_way_to(CROWD, late));
        waiting.note(told(false, 0), late);
        assert!(waiting.gives_way_to(CROWD, late));
    }

    #[test]
    fn who_shares_channels_with_a_great_many_does_not_hold_up_the_others() {
        for (is_more, weight, expected) in [
            (true, 0, Duration::ZERO),
            (false, 0, LOOK),
            (true, 10_000, Duration::from_millis(500)),
            (false, 10_000, Duration::from_millis(500)),
            (true, 50_000, LONGEST_PAUSE),
            (false, u64::MAX, LONGEST_PAUSE),
        ] {
            assert_eq!(pause(told(is_more, weight)), expected, "{weight}");
        }
    }
}
