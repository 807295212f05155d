//! A latency histogram that many threads add to and nobody locks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The bounds that Prometheus is shown, in microseconds. Each is also a bound of [`EDGES_US`], so that what is shown
/// is exact.
pub const SHOWN_US: [u64; 14] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];

/// How many bounds lie between 100 µs and two minutes when each is a tenth above the one before.
const GROWN: usize = 148;

/// The upper bounds of the buckets, in microseconds, rising: 100 µs and on by 10 % to two minutes, with the shown
/// bounds in between. A quantile read off them is at most 10 % too high.
pub const EDGES_US: [u64; GROWN + SHOWN_US.len()] = edges();

/// One bucket for each bound, and a last one for what lies above them all.
pub const BUCKETS: usize = EDGES_US.len() + 1;

/// Latencies by bucket.
#[derive(Debug)]
pub struct Buckets([AtomicU64; BUCKETS]);

/// Latencies by bucket, and their sum.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: Buckets,
    sum_us: AtomicU64,
}

/// The counts of a histogram at one moment, bucket by bucket. Counts only ever grow.
pub type Counts = [u64; BUCKETS];

// === impl Buckets ===

impl Buckets {
    /// Adds one latency, with one relaxed addition.
    pub fn record(&self, latency: Duration) {
        self.0[bucket_of(micros(latency))].fetch_add(1, Relaxed);
    }

    /// How many latencies fell into each bucket.
    #[must_use]
    pub fn counts(&self) -> Counts {
        std::array::from_fn(|bucket| self.0[bucket].load(Relaxed))
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

// === impl Histogram ===

impl Histogram {
    /// Adds one latency.
    pub fn record(&self, latency: Duration) {
        self.buckets.record(latency);
        self.sum_us.fetch_add(micros(latency), Relaxed);
    }

    /// How many latencies fell into each bucket.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.buckets.counts()
    }

    /// The sum of all latencies.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us.load(Relaxed))
    }
}

fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
}

/// The bucket of a latency: the first whose upper bound is not below it.
fn bucket_of(us: u64) -> usize {
    EDGES_US.partition_point(|edge| *edge < us)
}

/// Merges the two rising lists of bounds.
const fn edges() -> [u64; GROWN + SHOWN_US.len()] {
    let mut edges = [0; GROWN + SHOWN_US.len()];
    let (mut grown, mut shown, mut at) = (100.0_f64, 0, 0);
    while at < edges.len() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and below 2^53")]
        let next = grown as u64;
        if shown < SHOWN_US.len() && SHOWN_US[shown] <= next {
            edges[at] = SHOWN_US[shown];
            shown += 1;
        } else {
            edges[at] = next;
            grown *= 1.1;
        }
        at += 1;
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_rise_by_a_tenth_at_most_and_reach_two_minutes() {
        assert_eq!(EDGES_US[0], 100);
        for pair in EDGES_US.windows(2) {
            assert!(pair[0] < pair[1] && pair[1] * 100 <= pair[0] * 111, "{pair:?}");
        }
        assert!(EDGES_US[EDGES_US.len() - 1] >= 120_000_000);
        assert!(SHOWN_US.iter().all(|shown| EDGES_US.contains(shown)));
    }

    #[test]
    fn a_latency_falls_below_the_first_bound_that_is_not_below_it() {
        for (us, bucket) in [(0, 0), (100, 0), (101, 1), (u64::MAX, BUCKETS - 1)] {
            assert_eq!(bucket_of(us), bucket, "{us} µs");
        }
    }

    #[test]
    fn nothing_recorded_is_lost() {
        let histogram = Histogram::default();
        for us in [0, 50, 1_000, 2_000_000, 500_000_000] {
            histogram.record(Duration::from_micros(us));
        }
        assert_eq!(histogram.counts().iter().sum::<u64>(), 5);
        assert_eq!(histogram.sum(), Duration::from_micros(502_001_050));
    }
}
