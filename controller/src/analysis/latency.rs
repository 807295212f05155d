//! Which successes are slow: thresholds from stable's past, and counts of both arms against them.
//!
//! A `threshold` is drawn from stable's *past* and changes between blocks only: then it cannot depend
//! on what it will be applied to, and the bets stay fair. What was seen before a metric had a threshold never counts for
//! it (statistics.md, sections 1 and 2.8). The past may lie before the rollout: a service that has served for a while is
//! judged from the first request on.
//!
//! A request counts once for each metric: where it was still open at the threshold's age, it was counted then, and its
//! end counts for the metrics only whose thresholds it had not reached. A client that leaves proves that its request is
//! slow where it had waited longer than the threshold, and nothing otherwise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::metric::Metric;
use super::sample::{ArmSample, Sample};
use super::threshold::{pair, quantile};

/// The latencies of a rollout's successes, and the thresholds that follow from them.
#[derive(Clone, Debug)]
pub struct LatencyWatch {
    edges: &'static [Duration],
    known: Known,
}

/// What is known of both arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Known {
    seen: Arms<Box<[u64]>>,
    thresholds: [Option<Arms<usize>>; Metric::LATENCIES.len()],
}

// === impl LatencyWatch ===

impl LatencyWatch {
    /// Nothing seen, every metric off. `edges` rise; bucket `i` of a histogram holds what took at most `edges[i]` and
    /// more than the edge before, and one bucket more holds what was slower than all edges.
    #[must_use]
    pub fn new(edges: &'static [Duration]) -> Self {
        let empty = || vec![0; edges.len() + 1].into();
        let seen = Arms { canary: empty(), stable: empty() };
        Self { edges, known: Known { seen, thresholds: [None; 3] } }
    }

    /// How many of these requests are slow by this metric. Nothing counts while it is off, nor for the error rate.
    #[must_use]
    pub fn counts(&self, metric: Metric, sample: &Sample<'_>) -> Arms<Tally> {
        let Some((place, edge)) = self.place(metric) else { return Arms::default() };
        Arms { canary: slow(&sample.canary, place, edge.canary), stable: slow(&sample.stable, place, edge.stable) }
    }

    /// Remembers these successes. They were counted before, with thresholds that did not know them.
    pub fn absorb(&mut self, sample: &Sample<'_>) {
        for (seen, new) in
            [(&mut self.known.seen.canary, &sample.canary), (&mut self.known.seen.stable, &sample.stable)]
        {
            for part in new.histograms() {
                seen.iter_mut().zip(part).for_each(|(seen, new)| *seen = seen.saturating_add(*new));
            }
        }
    }

    /// So long stable's requests took before any that will be counted. A metric that is off is on if these are enough.
    pub fn know_stable(&mut self, before: &[u64]) {
        let known = total(before);
        for (threshold, metric) in self.known.thresholds.iter_mut().zip(Metric::LATENCIES) {
            let percent = metric.percentile().filter(|_| known >= metric.stable_successes_needed());
            *threshold = threshold.or_else(|| pair(self.edges, before, percent?));
        }
    }

    /// Draws the thresholds anew from all of stable's successes so far. Only at the end of a block.
    pub fn end_block(&mut self) {
        let Known { seen, thresholds } = &mut self.known;
        let known = total(&seen.stable);
        for (threshold, metric) in thresholds.iter_mut().zip(Metric::LATENCIES) {
            let Some(percent) = metric.percentile() else { continue };
            if known < metric.stable_successes_needed() {
                continue;
            }
            // A quantile beyond the last edge leaves the threshold as it was.
            *threshold = pair(self.edges, &seen.stable, percent).or(*threshold);
        }
    }

    /// Above what a success is slow, in each arm; nothing while the metric is off.
    #[must_use]
    pub fn thresholds(&self, metric: Metric) -> Option<Arms<Duration>> {
        let (_, edge) = self.place(metric)?;
        Some(Arms { canary: self.edges[edge.canary], stable: self.edges[edge.stable] })
    }

    /// How many successes of stable have been seen.
    #[must_use]
    pub fn stable_successes(&self) -> u64 {
        total(&self.known.seen.stable)
    }

    /// Whether enough of them have been seen for this metric's percentile.
    #[must_use]
    pub fn knows(&self, metric: Metric) -> bool {
        self.stable_successes() >= metric.stable_successes_needed()
    }

    /// A percentile of each arm's successes, rounded up to an edge; nothing without successes or beyond the last edge.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Arms<Option<Duration>> {
        let of = |seen: &[u64]| quantile(seen, percent).and_then(|edge| self.edges.get(edge)).copied();
        self.known.seen.map(|seen| of(seen))
    }

    pub(super) fn last_edge(&self) -> Option<Duration> {
        self.edges.last().copied()
    }

    pub(super) const fn known(&self) -> &Known {
        &self.known
    }

    /// Takes up what was known, if it is of the same edges.
    pub(super) fn resume(&mut self, known: Known) -> Option<()> {
        let is_of_edges = |seen: &[u64]| seen.len() == self.edges.len() + 1;
        let mut places = known.thresholds.iter().flatten().flat_map(|edges| [edges.canary, edges.stable]);
        let fits = is_of_edges(&known.seen.canary)
            && is_of_edges(&known.seen.stable)
            && places.all(|place| place < self.edges.len());
        fits.then(|| self.known = known)
    }

    fn place(&self, metric: Metric) -> Option<(usize, Arms<usize>)> {
        let place = Metric::LATENCIES.iter().position(|latency| *latency == metric)?;
        self.known.thresholds[place].map(|edges| (place, edges))
    }
}

/// The requests of one arm by the metric of that place, as they are slow above that edge.
fn slow(arm: &ArmSample<'_>, place: usize, edge: usize) -> Tally {
    let ended = std::iter::once(arm.successes).chain(arm.overdue.into_iter().take(place));
    let left = split(arm.abandoned, edge).bad;
    let known = Tally { bad: arm.became_overdue[place].saturating_add(left), good: 0 };
    ended.fold(known, |all, part| all.plus(split(part, edge)))
}

/// All counts of a histogram.
pub(super) fn total(buckets: &[u64]) -> u64 {
    buckets.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

/// The answers of one arm that took longer than the edge of that place, whatever they had been counted for while they
/// were open, and who left after such a wait.
pub(super) fn slower(arm: &ArmSample<'_>, edge: usize) -> Tally {
    let left = Tally { bad: split(arm.gave_up(), edge).bad, good: 0 };
    arm.answered().into_iter().fold(left, |all, part| all.plus(split(part, edge)))
}

/// What took longer than that edge, and what did not.
fn split(buckets: &[u64], edge: usize) -> Tally {
    let (fast, slow) = buckets.split_at(buckets.len().min(edge + 1));
    Tally { bad: total(slow), good: total(fast) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    static EDGES: [Duration; 6] = [ms(10), ms(20), ms(23), ms(24), ms(50), ms(100)];

    fn of<'a>(canary: &'a [u64], stable: &'a [u64]) -> Sample<'a> {
        let arm = |successes| ArmSample { successes, ..ArmSample::default() };
        Arms { canary: arm(canary), stable: arm(stable) }
    }

    fn watch(stable: [u64; 7]) -> LatencyWatch {
        let mut watch = LatencyWatch::new(&EDGES);
        watch.absorb(&of(&[], &stable));
        watch.end_block();
        watch
    }

    #[test]
    fn a_metric_is_off_until_stable_is_known() {
        assert_eq!(watch([0, 199, 0, 0, 0, 0, 0]).thresholds(Metric::LatencyP50), None);
        let some = watch([0, 200, 0, 0, 0, 0, 0]);
        assert_eq!(some.thresholds(Metric::LatencyP50), Some(Arms { canary: ms(23), stable: ms(20) }));
        assert_eq!(some.thresholds(Metric::LatencyP99), None);
        assert!(watch([0, 500, 0, 0, 0, 0, 0]).thresholds(Metric::LatencyP99).is_some());
    }

    #[test]
    fn what_is_known_of_stable_before_stands_in_until_enough_is_seen() {
        let stable = |watch: &LatencyWatch, metric| watch.thresholds(metric).map(|edge| edge.stable);
        let mut watch = LatencyWatch::new(&EDGES);
        watch.know_stable(&[0, 0, 0, 0, 499, 0, 0]);
        assert_eq!((stable(&watch, Metric::LatencyP90), stable(&watch, Metric::LatencyP99)), (Some(ms(50)), None));
        watch.absorb(&of(&[], &[199]));
        watch.end_block();
        assert_eq!((stable(&watch, Metric::LatencyP90), watch.knows(Metric::LatencyP90)), (Some(ms(50)), false));
        watch.absorb(&of(&[], &[1]));
        watch.end_block();
        assert_eq!((stable(&watch, Metric::LatencyP90), watch.knows(Metric::LatencyP90)), (Some(ms(10)), true));
        watch.know_stable(&[0, 0, 0, 0, 9_999, 0, 0]);
        assert_eq!(stable(&watch, Metric::LatencyP90), Some(ms(10)), "what was seen is nearer");
    }

    #[test]
    fn the_threshold_is_the_edge_at_or_above_the_quantile() {
        // Exactly half lies at or below 10 ms; one success less, and the median is in the next bucket.
        assert_eq!(watch([100, 100, 0, 0, 0, 0, 0]).percentile(50).stable, Some(ms(10)));
        assert_eq!(watch([99, 101, 0, 0, 0, 0, 0]).percentile(50).stable, Some(ms(20)));
        assert_eq!(watch([0; 7]).percentile(50).stable, None);
    }

    #[test]
    fn without_an_edge_that_tolerates_enough_the_metric_stays_off() {
        assert_eq!(watch([0, 0, 0, 0, 0, 300, 0]).thresholds(Metric::LatencyP50), None);
        assert_eq!(watch([0, 0, 0, 0, 0, 0, 300]).thresholds(Metric::LatencyP50), None);
    }

    #[test]
    fn a_success_is_slow_above_the_edge_of_its_own_arm() {
        let watch = watch([0, 300, 0, 0, 0, 0, 0]);
        let buckets = [1, 2, 4, 8, 16, 32, 64];
        let counts = watch.counts(Metric::LatencyP90, &of(&buckets, &buckets));
        assert_eq!(counts, Arms::from([120, 7, 124, 3]));
    }

    #[test]
    fn a_request_counts_once_for_each_metric() {
        let watch = watch([0, 300, 0, 0, 0, 300, 0]);
        // One has become overdue by every metric, and those of before end now, all between 50 and 100 ms.
        let ended = [0, 0, 0, 0, 0, 1, 0];
        let arm = ArmSample { became_overdue: [3, 2, 1], overdue: [&ended; 3], ..ArmSample::default() };
        let sample = Arms { canary: arm, stable: arm };
        let counts = [Metric::LatencyP50, Metric::LatencyP90].map(|metric| watch.counts(metric, &sample));
        assert_eq!(watch.thresholds(Metric::LatencyP50).map(|edge| edge.canary), Some(ms(23)));
        assert_eq!(counts, [Arms::from([3, 0, 3, 0]), Arms::default()], "p90 is off, as no edge tolerates enough");
        let watch = self::watch([0, 600, 0, 0, 0, 0, 0]);
        let counts = Metric::LATENCIES.map(|metric| watch.counts(metric, &sample));
        assert_eq!(counts.map(|counts| counts.canary.bad), [3, 3, 3], "of its own age, and of those that end");
    }

    #[test]
    fn who_leaves_proves_that_it_was_slow_and_nothing_else() {
        let watch = watch([0, 300, 0, 0, 0, 0, 0]);
        let arm = ArmSample { abandoned: &[9, 9, 9, 0, 1, 1, 1], ..ArmSample::default() };
        let sample = Arms { canary: arm, stable: arm };
        assert_eq!(watch.counts(Metric::LatencyP50, &sample), Arms::from([3, 0, 12, 0]));
    }

    #[test]
    fn what_was_late_moves_the_thresholds_too() {
        let mut watch = watch([300, 0, 0, 0, 0, 0, 0]);
        let late = [0, 0, 0, 0, 9_000];
        let stable = ArmSample { overdue: [&late; 3], ..ArmSample::default() };
        watch.absorb(&Arms { stable, ..Arms::default() });
        watch.end_block();
        assert_eq!(watch.thresholds(Metric::LatencyP50).map(|edge| edge.stable), Some(ms(50)));
        assert_eq!(watch.stable_successes(), 27_300);
    }

    #[test]
    fn what_is_seen_within_a_block_does_not_move_its_thresholds() {
        let mut watch = watch([300, 0, 0, 0, 0, 0, 0]);
        let before = watch.thresholds(Metric::LatencyP50);
        watch.absorb(&of(&[], &[0, 0, 0, 0, 9_000]));
        assert_eq!(watch.thresholds(Metric::LatencyP50), before);
        watch.end_block();
        assert_eq!(watch.thresholds(Metric::LatencyP50).map(|edge| edge.stable), Some(ms(50)));
    }
}
