//! What would be found: the stakes' expected course for a canary that does harm from the start of a step.

use std::time::Duration;

use canary_config::plan::Plan;
use canary_config::weight::Weight;

use super::super::block::BLOCK;
use super::super::breaker;
use super::super::confidence::bisect;
use super::super::counts::{Arms, Tally};
use super::super::metric::{BlockGain, HarmSpec, Metric};
use super::super::reserve::INITIAL_MASS;
use super::super::stake::{self, RATIO_COUNT, StakeTable};
use super::pace::{least, pace};
use super::{Outlook, time_of, whole};

/// So many of stable's requests stand for its error rate.
const STABLE_REQUESTS: u64 = 1_000_000;

/// A canary that is slower than this is not slow but hangs.
const SLOWDOWN_MAX: f64 = 100.0;

/// After so many halvings the figure that is looked for is exact enough to be rounded.
const HALVINGS: usize = 40;

/// An error rate, and what it costs to find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundErrors {
    /// The canary's error rate, 0 to 1.
    pub error_rate: f64,
    /// When it is sent back.
    pub after: Duration,
    /// The canary's requests until then.
    pub canary_requests: u64,
    /// The failures among them.
    pub failed_requests: u64,
}

/// A slowdown, and what it costs to find it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundSlowdown {
    /// How many times as long as stable the canary takes.
    pub times: f64,
    /// When it is sent back.
    pub after: Duration,
    /// The canary's requests until then.
    pub canary_requests: u64,
}

/// Bets at one share.
pub(super) struct Finder<'a> {
    outlook: &'a Outlook,
    share: f64,
    convict_at: f64,
    tests: Vec<Test>,
}

/// One metric.
struct Test {
    metric: Metric,
    pi: f64,
    table: StakeTable,
    /// Requests that come before it is on.
    delay: f64,
}

/// One metric's bets at work.
struct Bets {
    pi: f64,
    delay: f64,
    pace: Option<[f64; RATIO_COUNT]>,
}

// === impl Finder ===

impl<'a> Finder<'a> {
    /// At a step's share. The metrics are on after so many requests each.
    pub(super) fn at_step(plan: &Plan, outlook: &'a Outlook, weight: Weight, delays: [f64; Metric::ALL.len()]) -> Self {
        let share = weight.ratio();
        let test = |metric: Metric| {
            let spec = metric.harm(plan.criteria.profile);
            Test { metric, pi: spec.pi, table: StakeTable::new(&spec, share), delay: delays[metric as usize] }
        };
        let is_compared = weight > Weight::ZERO && weight < Weight::FULL;
        let tests = if is_compared { Metric::ALL.map(test).into() } else { Vec::new() };
        Self { outlook, share, convict_at: plan.criteria.alpha.get().recip(), tests }
    }

    /// With all requests, against a limit.
    pub(super) fn in_probation(plan: &Plan, outlook: &'a Outlook, limit: f64) -> Self {
        let spec = HarmSpec::limit(limit, BlockGain::USUAL);
        let test = Test { metric: Metric::ErrorRate, pi: 1.0, table: StakeTable::new(&spec, 1.0), delay: 0.0 };
        Self { outlook, share: 1.0, convict_at: plan.criteria.alpha.get().recip(), tests: vec![test] }
    }

    /// The smallest error rate that is found in so long, rounded up.
    pub(super) fn errors(&self, watched: Duration) -> Option<FoundErrors> {
        let most = self.requests_in(watched);
        let is_found = |error_rate: f64| self.is_enough(&self.bets(|metric| self.failing(metric, error_rate)), most);
        if !is_found(1.0) {
            return None;
        }
        let error_rate = rounded_up(bisect(1.0, self.outlook.error_rate, HALVINGS, is_found));
        let bets = self.bets(|metric| self.failing(metric, error_rate));
        let requests = least(most, |requests| self.is_enough(&bets, requests))?;
        let canary_requests = requests * self.share;
        Some(FoundErrors {
            error_rate,
            after: time_of(requests, self.outlook.per_second)?,
            canary_requests: whole(canary_requests),
            failed_requests: whole(canary_requests * error_rate),
        })
    }

    /// The smallest slowdown that is found in so long, rounded up.
    pub(super) fn slowdown(&self, watched: Duration) -> Option<FoundSlowdown> {
        let most = self.requests_in(watched);
        let is_found = |times: f64| self.is_enough(&self.bets(|metric| self.dragging(metric, times)), most);
        if !is_found(SLOWDOWN_MAX) {
            return None;
        }
        let ln = bisect(SLOWDOWN_MAX.ln(), 0.0, HALVINGS, |ln| is_found(ln.exp()));
        let times = rounded_up(ln.exp());
        let bets = self.bets(|metric| self.dragging(metric, times));
        let requests = least(most, |requests| self.is_enough(&bets, requests))?;
        let after = time_of(requests, self.outlook.per_second)?;
        Some(FoundSlowdown { times, after, canary_requests: whole(requests * self.share) })
    }

    /// One that answers nothing: the breaker finds it, unless stable fails often itself.
    pub(super) fn dead(&self) -> Option<FoundErrors> {
        let bad = whole(self.outlook.error_rate * STABLE_REQUESTS as f64).min(STABLE_REQUESTS);
        let stable = Tally { bad, good: STABLE_REQUESTS - bad };
        if !breaker::is_healthy(stable) {
            return None;
        }
        let canary_per_second = self.outlook.per_second * self.share;
        let failures = breaker::failures_needed(stable);
        let after = time_of(failures as f64, canary_per_second)?.max(breaker::RUN_DURATION_MIN);
        let failed_requests = whole(after.as_secs_f64() * canary_per_second).max(failures);
        Some(FoundErrors { error_rate: 1.0, after, canary_requests: failed_requests, failed_requests })
    }

    fn requests_in(&self, time: Duration) -> f64 {
        self.outlook.per_second * time.as_secs_f64()
    }

    /// How the bets grow. What says nothing of a metric leaves it as it was.
    fn bets(&self, bad: impl Fn(Metric) -> Option<Arms<f64>>) -> Vec<Bets> {
        let per_block = self.outlook.per_second * BLOCK.as_secs_f64();
        let bets = |test: &Test| Bets {
            pi: test.pi,
            delay: test.delay,
            pace: bad(test.metric).map(|bad| test.pace(bad, self.share, per_block)),
        };
        self.tests.iter().map(bets).collect()
    }

    fn is_enough(&self, bets: &[Bets], requests: f64) -> bool {
        bets.iter().map(|bets| bets.evidence(requests)).sum::<f64>() >= self.convict_at
    }

    fn failing(&self, metric: Metric, error_rate: f64) -> Option<Arms<f64>> {
        (metric == Metric::ErrorRate).then_some(Arms { canary: error_rate, stable: self.outlook.error_rate })
    }

    fn dragging(&self, metric: Metric, times: f64) -> Option<Arms<f64>> {
        self.outlook.spread.slow(metric, times)
    }
}

// === impl Test ===

impl Test {
    /// How fast each bet grows by a request. Within a block none wins more than its cap.
    fn pace(&self, bad: Arms<f64>, share: f64, per_block: f64) -> [f64; RATIO_COUNT] {
        let pace = pace(self.table.ln(), share, bad);
        std::array::from_fn(|j| f64::min(pace[j], self.table.ln_cap()[j] / per_block))
    }
}

// === impl Bets ===

impl Bets {
    /// The metric's part of the evidence that so many requests are expected to make.
    fn evidence(&self, requests: f64) -> f64 {
        let Some(pace) = self.pace else { return self.pi };
        let counted = (requests - self.delay).max(0.0);
        let mixture: f64 = pace.iter().zip(stake::PRIOR).map(|(pace, prior)| prior * (pace * counted).exp()).sum();
        self.pi * (1.0 - INITIAL_MASS + INITIAL_MASS * mixture)
    }
}

/// Two digits are enough, and what is said must be true.
fn rounded_up(value: f64) -> f64 {
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    // A figure that has two digits must stay itself.
    let digits = (value / unit - 1e-6).ceil();
    if unit < 1.0 { digits / unit.recip().round() } else { digits * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_two_digits_and_is_never_less_than_it_was() {
        for (value, rounded) in [
            (0.012_34, 0.013),
            (0.01, 0.01),
            (0.999, 1.0),
            (1.0, 1.0),
            (1.21, 1.3),
            (1.3, 1.3),
            (9.91, 10.0),
            (27.2, 28.0),
        ] {
            assert!((rounded_up(value) - rounded).abs() < 1e-12, "{value}: {}", rounded_up(value));
        }
    }
}
