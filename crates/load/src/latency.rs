//! Latencies of many tasks in a few histograms that hardly ever wait for each other.

use std::sync::Mutex;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

const SHARDS: u64 = 16;
/// One hour, in microseconds.
const HIGHEST: u64 = 3_600_000_000;

/// A concurrent recorder of latencies.
pub(crate) struct Recorder {
    shards: Vec<Mutex<Histogram<u64>>>,
}

/// What a recorder saw, in milliseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// How many were recorded.
    pub(crate) count: u64,
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub(crate) max: f64,
}

impl Recorder {
    /// A recorder for latencies of up to an hour, to two digits.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let shards =
            (0..SHARDS).map(|_| Ok(Mutex::new(Histogram::new_with_bounds(1, HIGHEST, 2)?)));
        Ok(Self {
            shards: shards.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Records one latency; tasks with different `lane`s rarely meet.
    pub(crate) fn record(&self, lane: u64, latency: Duration) {
        let shard = usize::try_from(lane % SHARDS)
            .ok()
            .and_then(|index| self.shards.get(index));
        if let Some(Ok(mut histogram)) = shard.map(Mutex::lock) {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(HIGHEST));
        }
    }

    /// Everything recorded so far.
    pub(crate) fn summary(&self) -> Summary {
        let mut all: Option<Histogram<u64>> = None;
        for shard in self.shards.iter().filter_map(|shard| shard.lock().ok()) {
            match &mut all {
                None => all = Some(shard.clone()),
                // The shards share their bounds, so adding can't fail.
                Some(sum) => sum.add(&*shard).unwrap_or_default(),
            }
        }
        all.map(|histogram| Summary::of(&histogram))
            .unwrap_or_default()
    }
}

impl Summary {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| millis(histogram.value_at_quantile(quantile));
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: millis(histogram.max()),
        }
    }
}

fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_over_all_lanes() {
        let recorder = Recorder::new().unwrap();
        for n in 1..=100 {
            recorder.record(n, Duration::from_millis(n));
        }
        let summary = recorder.summary();
        assert_eq!(summary.count, 100);
        for (got, wanted) in [
            (summary.p50, 50.0),
            (summary.p95, 95.0),
            (summary.p99, 99.0),
            (summary.max, 100.0),
        ] {
            assert!((got - wanted).abs() <= wanted * 0.01, "{summary:?}");
        }
    }
}
