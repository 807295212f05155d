//! How latencies are spread, and which part of them would be slow.

use std::time::Duration;

use super::super::counts::Arms;
use super::super::latency::{self, LatencyWatch};
use super::super::metric::Metric;
use super::super::sample::{ArmSample, Sample};

/// Fewer answers than this say too little of how they are spread: the 99th percentile needs so many.
pub const SPREAD_REQUESTS_MIN: u64 = Metric::LatencyP99.stable_successes_needed();

/// The middle of a typical service's latencies, and how far its logarithm is spread (statistics.md, 4).
const TYPICAL_MEDIAN: Duration = Duration::from_millis(50);
const TYPICAL_SIGMA: f64 = 0.8;

/// A typical service's answers, as many as make its rarest ones count.
const TYPICAL_ANSWERS: f64 = 1e6;

/// Below the first edge, latencies reach down to this part of it.
const FIRST_BUCKET: f64 = 0.5;

/// Stable's latencies by bucket, and the thresholds that a judge would draw from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    edges: &'static [Duration],
    pub(super) buckets: Box<[u64]>,
    /// For each bucket, how many answers are in it or in a slower one.
    from: Box<[u64]>,
    thresholds: [Option<Arms<Duration>>; Metric::ALL.len()],
}

// === impl Spread ===

impl Spread {
    /// What these answers say, if they are enough. `edges` rise and bound the buckets, as for the judge.
    #[must_use]
    pub fn measured(edges: &'static [Duration], buckets: &[u64]) -> Option<Self> {
        let is_whole = buckets.len() == edges.len() + 1;
        (is_whole && latency::total(buckets) >= SPREAD_REQUESTS_MIN).then(|| Self::of(edges, buckets.into()))
    }

    /// What is typical, where nothing is known.
    #[must_use]
    pub fn typical(edges: &'static [Duration]) -> Self {
        let faster = |edge: &Duration| {
            let deviations = (edge.as_secs_f64() / TYPICAL_MEDIAN.as_secs_f64()).ln() / TYPICAL_SIGMA;
            TYPICAL_ANSWERS * normal_below(deviations)
        };
        let ends: Vec<f64> = edges.iter().map(faster).chain([TYPICAL_ANSWERS]).collect();
        let starts = [0.0].into_iter().chain(ends.iter().copied());
        let buckets = ends.iter().zip(starts).map(|(end, start)| super::whole((end - start).round().max(0.0)));
        Self::of(edges, buckets.collect())
    }

    fn of(edges: &'static [Duration], buckets: Box<[u64]>) -> Self {
        let mut watch = LatencyWatch::new(edges);
        let stable = ArmSample { successes: &buckets, ..ArmSample::default() };
        watch.absorb(&Sample { canary: ArmSample::default(), stable });
        watch.end_block();
        let thresholds = Metric::ALL.map(|metric| watch.thresholds(metric));
        let mut from = buckets.clone();
        for bucket in (1..from.len()).rev() {
            from[bucket - 1] = from[bucket - 1].saturating_add(from[bucket]);
        }
        Self { edges, buckets, from, thresholds }
    }

    /// The chance that a success is slow in each arm, if the canary takes so many times as long as stable; nothing for
    /// errors, and where stable is so slow that the metric stays off.
    #[must_use]
    pub fn slow(&self, metric: Metric, slowdown: f64) -> Option<Arms<f64>> {
        let thresholds = self.thresholds[metric as usize]?;
        let above = |threshold: Duration, times: f64| self.above(threshold.as_secs_f64() / times);
        Some(Arms { canary: above(thresholds.canary, slowdown), stable: above(thresholds.stable, 1.0) })
    }

    /// The part of the latencies that lies above this. Within a bucket they are spread evenly in their logarithm.
    fn above(&self, seconds: f64) -> f64 {
        let bucket = self.edges.partition_point(|edge| edge.as_secs_f64() < seconds);
        let from = |bucket: usize| self.from.get(bucket).copied().unwrap_or_default() as f64;
        let slower = from(bucket + 1);
        let within = self.edges.get(bucket).map_or(0.0, |edge| {
            let high = edge.as_secs_f64();
            let low = bucket.checked_sub(1).map_or(high * FIRST_BUCKET, |below| self.edges[below].as_secs_f64());
            ((high / seconds).ln() / (high / low).ln()).clamp(0.0, 1.0) * self.buckets[bucket] as f64
        });
        (slower + within) / from(0).max(1.0)
    }
}

/// The chance that a normal variate lies below so many deviations (Abramowitz and Stegun, 7.1.26; to 1e-7).
fn normal_below(deviations: f64) -> f64 {
    const TERMS: [f64; 5] = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let x = deviations.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let erfc = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp();
    if deviations < 0.0 { erfc / 2.0 } else { 1.0 - erfc / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    static EDGES: [Duration; 6] = [ms(10), ms(20), ms(23), ms(24), ms(50), ms(100)];

    #[test]
    fn a_slower_canary_is_slow_more_often_and_stable_as_often_as_ever() {
        let spread = Spread::typical(&EDGES);
        let mut before = 0.0;
        for slowdown in [1.0, 1.2, 2.0, 5.0, 50.0] {
            let slow = spread.slow(Metric::LatencyP50, slowdown).expect("it is on");
            assert!(slow.canary > before || before > 0.999, "{slowdown}: {slow:?}");
            assert!((slow.stable - 0.5).abs() < 1e-6, "{slow:?}");
            before = slow.canary;
        }
        assert_eq!(spread.slow(Metric::ErrorRate, 2.0), None);
    }

    #[test]
    fn few_answers_and_foreign_buckets_say_nothing() {
        assert!(Spread::measured(&EDGES, &[0, 499, 0, 0, 0, 0, 0]).is_none());
        assert!(Spread::measured(&EDGES, &[0, 5_000]).is_none());
        assert!(Spread::measured(&EDGES, &[0, 500, 0, 0, 0, 0, 0]).is_some());
    }

    #[test]
    fn the_bell_is_a_bell() {
        for (deviations, below) in [(0.0, 0.5), (1.959_964, 0.975), (-1.281_552, 0.1), (40.0, 1.0), (-40.0, 0.0)] {
            assert!((normal_below(deviations) - below).abs() < 1e-6, "{deviations}");
        }
    }
}
