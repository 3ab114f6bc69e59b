//! When each message of an open loop is due. Latencies count from these times, so a server that
//! falls behind can't slow down its own examination.

use std::collections::VecDeque;
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(1);

/// The bounds that a schedule keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    /// The most messages a second.
    pub(crate) rate: f64,
    /// The most deliveries within any second; none if 0.
    pub(crate) deliveries: u64,
}

/// The due times of messages that are each delivered `fan_outs` times, as early as `bounds` allow.
pub(crate) fn plan(bounds: Bounds, fan_outs: impl IntoIterator<Item = u64>) -> Vec<Duration> {
    let step = Duration::from_secs_f64(1.0 / bounds.rate.max(0.001));
    let mut window = Window::default();
    let mut due = Duration::ZERO;
    let mut times = Vec::new();
    for fan_out in fan_outs {
        if bounds.deliveries > 0 {
            due = window.make_room(due, fan_out, bounds.deliveries);
        }
        times.push(due);
        due += step;
    }
    times
}

/// The deliveries of the last second.
#[derive(Default)]
struct Window {
    entries: VecDeque<(Duration, u64)>,
    sum: u64,
}

impl Window {
    /// The earliest time from `due` on at which `fan_out` more fit under `most`, which then are entered.
    fn make_room(&mut self, mut due: Duration, fan_out: u64, most: u64) -> Duration {
        while let Some((time, deliveries)) = self.entries.front().copied() {
            let passed = time + WINDOW <= due;
            if !passed && self.sum + fan_out <= most {
                break;
            }
            due = due.max(time + WINDOW);
            self.sum -= deliveries;
            self.entries.pop_front();
        }
        self.entries.push_back((due, fan_out));
        self.sum += fan_out;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_bound_of_deliveries_messages_are_evenly_spaced() {
        let times = plan(
            Bounds {
                rate: 500.0,
                deliveries: 0,
            },
            [9; 4],
        );
        assert_eq!(times, [0, 2, 4, 6].map(Duration::from_millis));
    }

    #[test]
    fn no_second_has_more_deliveries_or_messages_than_allowed() {
        let mut random = fastrand::Rng::with_seed(7);
        let fan_outs: Vec<u64> = (0..20_000)
            .map(|n| {
                if n % 3_000 < 500 {
                    137
                } else {
                    random.u64(1..20)
                }
            })
            .collect();
        let times = plan(
            Bounds {
                rate: 1000.0,
                deliveries: 15_000,
            },
            fan_outs.iter().copied(),
        );
        assert!(times.is_sorted());
        let mut start = 0;
        let (mut sum, mut fullest) = (0, 0);
        for (end, fan_out) in fan_outs.iter().enumerate() {
            sum += fan_out;
            while times[start] + WINDOW <= times[end] {
                sum -= fan_outs[start];
                start += 1;
            }
            assert!(
                sum <= 15_000,
                "{sum} deliveries in the second before message {end}"
            );
            assert!(end - start < 1001);
            fullest = fullest.max(sum);
        }
        assert!(
            fullest > 14_800,
            "the bound is used, not just kept: {fullest}"
        );
    }

    #[test]
    fn a_single_message_wider_than_the_bound_goes_alone() {
        let times = plan(
            Bounds {
                rate: 10.0,
                deliveries: 50,
            },
            [10, 100, 10],
        );
        assert_eq!(times, [0, 1, 2].map(Duration::from_secs));
    }
}
