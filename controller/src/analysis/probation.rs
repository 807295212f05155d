//! The guardrail of probation: an absolute limit for the canary's error rate, once it has all requests.
//!
//! At 100 % no stable runs beside the canary, so nothing can be compared. What stable did before sets a limit instead,
//! once and for all of probation: twice what its error rate could have been, never below 1 %, and, where little is known
//! of stable, one failure in ten requests: hardly any service that people use fails more often. The bet is that of a
//! [`stake`](super::stake) with `rho = 0`, with the same restarts and the same burst cap (statistics.md, 1, 2.2, 2.3
//! and 7). Only errors count: how slow is too slow cannot be said without a comparison, unless the plan says it. Limits
//! that the plan sets are bet on beside this one, and the evidence is the mean.
//!
//! What the promise of `alpha` costs is said in [`judge`](super::judge).

use serde::{Deserialize, Serialize};

use super::confidence::bisect;
use super::counts::{Arms, Tally};
use super::metric::{BlockGain, HarmSpec};
use super::reserve::{INITIAL_MASS, Reserve};
use super::stake::{Stake, StakeTable};

/// A canary that fails no more often than this is left alone, however good stable was.
const LIMIT_MIN: f64 = 0.01;

/// A canary that fails more often than this does harm, unless stable is known to fail so often too.
const LIMIT_UNKNOWN: f64 = 0.1;

/// The limit is so many times what stable's error rate could have been.
const LIMIT_FACTOR: f64 = 2.0;

/// What stable's error rate could have been is exceeded by the true one with at most this probability.
const BOUND_ALPHA: f64 = 0.05;

/// Halvings after which the bound is as exact as its floats.
const BOUND_HALVINGS: usize = 60;

/// The share of the bet on that limit, where the plan sets limits of its own; those have the rest in equal parts.
const OWN_SHARE: f64 = 0.5;

/// The bets of one probation. It knows no time: whoever holds it says when blocks and periods end.
#[derive(Clone, Debug)]
pub struct ProbationGuard {
    limit: f64,
    /// The bet on the limit above, and one on each of the plan's.
    tests: Box<[Test]>,
    bets: Bets,
}

#[derive(Clone, Debug)]
struct Test {
    pi: f64,
    table: StakeTable,
}

/// All of a guard that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Bets {
    stakes: Box<[Stake]>,
    reserve: Reserve,
    counts: Arms<Tally>,
    stable_by_limit: Box<[Tally]>,
}

// === impl ProbationGuard ===

impl ProbationGuard {
    /// The canary has all requests from now on. Before that, stable's requests ended like this. Beside the limit that
    /// follows from it the plan may set others, each with how stable had fared by it: where stable was beyond the limit,
    /// the canary may be as far beyond, as nothing is to be heard of stable any more that could excuse it.
    #[must_use]
    pub fn new(stable: Tally, limits: &[HarmSpec], stable_by_limit: Box<[Tally]>) -> Self {
        let limit = limit(stable);
        let share = 1.0 - OWN_SHARE;
        let own = HarmSpec::limit(limit, BlockGain::USUAL);
        let own = if limits.is_empty() { own } else { HarmSpec { pi: OWN_SHARE, ..own } };
        let others = limits.iter().zip(&stable_by_limit).map(|(spec, stable)| {
            let delta = spec.delta.max(stable.rate().unwrap_or(0.0));
            HarmSpec { delta, pi: share / limits.len() as f64, ..*spec }
        });
        let test = |spec: HarmSpec| Test { pi: spec.pi, table: StakeTable::new(&spec, 1.0) };
        let tests: Box<[Test]> = std::iter::once(own).chain(others).map(test).collect();
        Self {
            limit,
            bets: Bets {
                stakes: vec![Stake::new(INITIAL_MASS); tests.len()].into(),
                reserve: Reserve::new(),
                counts: Arms { canary: Tally::default(), stable },
                stable_by_limit,
            },
            tests,
        }
    }

    /// The error rate up to which the canary does no harm, 0 to 1.
    #[must_use]
    pub const fn limit(&self) -> f64 {
        self.limit
    }

    /// What the canary did with all requests, beside what stable had done before.
    #[must_use]
    pub const fn counts(&self) -> Arms<Tally> {
        self.bets.counts
    }

    /// Settles outcomes of requests that were routed at 100 %: failures and successes, and then what is bad and good by
    /// each of the plan's limits.
    pub fn flush(&mut self, canary: &[Tally]) {
        let alone = |canary| Arms { canary, stable: Tally::default() };
        for ((stake, test), canary) in self.bets.stakes.iter_mut().zip(&self.tests).zip(canary) {
            stake.flush(alone(*canary), &test.table);
        }
        if let Some(outcomes) = canary.first() {
            self.bets.counts.add(alone(*outcomes));
        }
    }

    /// Throws away what the bet on that one of the plan's limits has won in the open block so far.
    pub fn forgive(&mut self, limit: usize) {
        if let Some(stake) = self.bets.stakes.get_mut(limit + 1) {
            stake.forgive();
        }
    }

    /// Ends a block of two seconds.
    pub fn end_block(&mut self) {
        for (stake, test) in self.bets.stakes.iter_mut().zip(&self.tests) {
            stake.end_block(&test.table);
        }
    }

    /// Releases the stake of so many periods of ten seconds. Only right after the end of a block.
    pub fn end_periods(&mut self, periods: u64) {
        let mass = self.bets.reserve.on_periods(periods);
        self.bets.stakes.iter_mut().for_each(|stake| stake.release(mass));
    }

    /// The evidence of harm: above 0, 1 at the start. It reaches `x` with a probability of at most `1 / x` while the
    /// canary keeps every limit.
    #[must_use]
    pub fn harm(&self) -> f64 {
        self.voices().sum()
    }

    /// Which of the plan's limits speaks loudest; nothing if it is the one of probation.
    #[must_use]
    pub fn culprit(&self) -> Option<usize> {
        let mut loudest = (0, f64::MIN);
        for (place, voice) in self.voices().enumerate() {
            if voice > loudest.1 {
                loudest = (place, voice);
            }
        }
        loudest.0.checked_sub(1)
    }

    pub(super) const fn bets(&self) -> &Bets {
        &self.bets
    }

    /// Goes on with the bets of a probation with the same limits.
    pub(super) fn resume(bets: Bets, limits: &[HarmSpec]) -> Option<Self> {
        if bets.stable_by_limit.len() != limits.len() {
            return None;
        }
        let new = Self::new(bets.counts.stable, limits, bets.stable_by_limit.clone());
        (bets.stakes.len() == new.tests.len()).then_some(Self { bets, ..new })
    }

    fn voices(&self) -> impl Iterator<Item = f64> {
        let Bets { stakes, reserve, .. } = &self.bets;
        stakes.iter().zip(&self.tests).map(|(stake, test)| test.pi * (reserve.left() + stake.value(&test.table)))
    }
}

fn limit(stable: Tally) -> f64 {
    let [was, could_be] = [stable.rate().unwrap_or(0.0), error_rate_bound(stable).unwrap_or(1.0)];
    let most = (LIMIT_FACTOR * was).clamp(LIMIT_UNKNOWN, 1.0);
    (LIMIT_FACTOR * could_be).clamp(LIMIT_MIN, most)
}

/// The highest error rate under which so few failures are not yet a surprise; nothing without a request. By Chernoff,
/// `P(at most k of n fail) <= exp(-n * kl(k / n, p))`; without a failure that is no inequality.
fn error_rate_bound(tally: Tally) -> Option<f64> {
    let rate = tally.rate()?;
    let surprise = |bound: f64| tally.requests() as f64 * divergence(rate, bound);
    let is_possible = |bound: f64| surprise(bound) < BOUND_ALPHA.recip().ln();
    Some(if is_possible(1.0) { 1.0 } else { bisect(rate, 1.0, BOUND_HALVINGS, is_possible) })
}

/// How far one coin is from another, in natural logs (Kullback and Leibler).
fn divergence(of: f64, from: f64) -> f64 {
    let part = |of: f64, from: f64| if of > 0.0 { of * (of / from).ln() } else { 0.0 };
    part(of, from) + part(1.0 - of, 1.0 - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tally(bad: u64, requests: u64) -> Tally {
        Tally { bad, good: requests - bad }
    }

    fn percent(rate: f64) -> f64 {
        (rate * 10_000.0).round() / 100.0
    }

    /// The harm after so many blocks with so many failures and successes each.
    fn harm(stable: Tally, blocks: u64, canary: Tally) -> f64 {
        let mut guard = ProbationGuard::new(stable, &[], Box::default());
        for block in 1..=blocks {
            guard.flush(&[canary]);
            guard.end_block();
            guard.end_periods(u64::from(block % 5 == 0));
        }
        guard.harm()
    }

    #[test]
    fn the_limit_is_twice_what_stables_error_rate_could_be() {
        let limits = [(0, 0), (0, 3), (0, 100), (0, 600), (5, 1_000), (50, 1_000), (5_000, 100_000), (1, 2), (7, 7)];
        let limits = limits
            .map(|(bad, requests)| percent(ProbationGuard::new(tally(bad, requests), &[], Box::default()).limit()));
        assert_eq!(limits, [10.0, 10.0, 5.9, 1.0, 2.52, 10.0, 10.0, 100.0, 100.0]);
    }

    #[test]
    fn without_a_failure_the_bound_is_exact() {
        for requests in [1, 10, 1_000, 1_000_000] {
            let exact = 1.0 - BOUND_ALPHA.powf(1.0 / requests as f64);
            let bound = error_rate_bound(tally(0, requests)).expect("there are requests");
            assert!((bound - exact).abs() < 1e-12, "{requests}: {bound} {exact}");
        }
    }

    #[test]
    fn the_bound_rises_with_failures_and_falls_with_knowledge() {
        let bound = |bad, requests| error_rate_bound(tally(bad, requests)).expect("there are requests");
        for bad in 0..100 {
            assert!(bound(bad, 100) <= bound(bad + 1, 100), "{bad}");
            assert!(bound(bad, 100) >= bad as f64 / 100.0, "{bad}");
            assert!(bound(bad * 10, 1_000) <= bound(bad, 100), "{bad}");
        }
    }

    #[test]
    fn a_failure_speaks_against_the_canary_and_a_success_for_it() {
        let known = tally(10, 1_000);
        for bad in 0..20 {
            let (harm, worse, better) =
                (harm(known, 3, tally(bad, 20)), harm(known, 3, tally(bad + 1, 20)), harm(known, 3, tally(bad, 21)));
            assert!(better <= harm && harm <= worse, "{bad}");
            // From here on a block wins all that it may.
            assert!(bad > 5 || better < harm && harm < worse, "{bad}");
        }
    }

    #[test]
    fn the_worse_stable_was_the_more_is_forgiven() {
        for bad in 1..100 {
            let (strict, lax) = (tally(bad - 1, 100), tally(bad, 100));
            assert!(harm(strict, 3, tally(5, 20)) >= harm(lax, 3, tally(5, 20)), "{bad}");
        }
    }

    #[test]
    fn time_alone_proves_nothing() {
        let harm = harm(tally(0, 1_000), 1_000, Tally::default());
        assert!((harm - 1.0).abs() < 1e-12, "{harm}");
    }

    #[test]
    fn one_burst_convicts_nobody() {
        assert!(harm(tally(0, 1_000), 1, tally(1_000_000, 1_000_000)) < 10.0);
    }

    #[test]
    fn where_all_may_fail_nothing_is_harm() {
        assert!(harm(tally(7, 7), 9, tally(1_000, 1_000)) <= 1.0);
    }

    #[test]
    fn no_number_goes_astray() {
        for (bad, requests) in [(0, 0), (0, u64::MAX), (u64::MAX, u64::MAX), (1, u64::MAX), (0, 1)] {
            for canary in [tally(0, u64::MAX), tally(u64::MAX, u64::MAX), tally(1, 2)] {
                let harm = harm(tally(bad, requests), 1_000, canary);
                assert!(harm.is_finite() && harm > 0.0, "{bad} of {requests}, {canary:?}: {harm}");
            }
        }
    }

    #[test]
    fn a_limit_of_the_plan_convicts_beside_its_own() {
        let mut guard =
            ProbationGuard::new(tally(0, 1_000), &[HarmSpec::limit(0.01, BlockGain::USUAL)], [tally(0, 9)].into());
        for _ in 0..5 {
            guard.flush(&[tally(0, 20), tally(10, 20)]);
            guard.end_block();
        }
        assert!(guard.harm() > 20.0, "{}", guard.harm());
        assert_eq!((guard.culprit(), guard.counts().canary), (Some(0), tally(0, 100)));
        let before = guard.harm();
        guard.flush(&[tally(0, 20), tally(20, 20)]);
        guard.forgive(0);
        assert!(guard.harm() <= before);
    }
}
