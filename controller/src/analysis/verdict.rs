//! What the evidence says, with its reason.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::ground::Ground;
use super::metric::Metric;

/// What the evidence says about a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// The canary has been shown to be safe enough for the next step.
    Pass,
    /// The canary does harm.
    Fail(Breach),
    /// The canary breaks an absolute limit, and stable breaks it too: nobody is to blame, and nothing is raised.
    Shared(Metric),
    /// Neither is proved yet.
    NotEnough(Shortfall),
}

/// The harm that was proved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// On what it is sent back.
    pub ground: Ground,
    /// The metric that speaks loudest.
    pub metric: Metric,
    /// Natural log of the evidence of harm, all metrics together.
    pub ln_harm: f64,
    /// Natural log of the evidence that convicts.
    pub ln_needed: f64,
    /// The requests that were counted for the metric, over the whole rollout. Where probation convicted: the canary's at
    /// 100 %, beside stable's before.
    pub counts: Arms<Tally>,
    /// Above what a success was slow, if the metric is one of latency.
    pub thresholds: Option<Arms<Duration>>,
}

/// What is missing for a pass; of several things, the one that will take the longest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shortfall {
    /// A metric is not certified yet.
    Certificate {
        /// The metric that needs the most requests.
        metric: Metric,
        /// Natural log of the evidence of safety.
        ln_have: f64,
        /// Natural log of the evidence of safety that certifies.
        ln_needed: f64,
        /// About how many more canary requests it takes, if they are like those so far.
        canary_requests: u64,
    },
    /// A metric of latency has nothing to be compared with, as too little is known of stable.
    StableSuccesses {
        /// The metric that is off.
        metric: Metric,
        /// Stable's successes so far.
        have: u64,
        /// The successes of stable that switch it on. It may stay off beyond them if stable is slower than the
        /// histogram reaches.
        needed: u64,
        /// About how many canary requests it takes afterwards.
        canary_requests: u64,
    },
    /// All is certified, and yet there is too much evidence of harm.
    Doubt {
        /// The metric that speaks loudest.
        metric: Metric,
        /// Natural log of the evidence of harm, all metrics together.
        ln_harm: f64,
        /// Natural log of the evidence of harm below which a canary passes.
        ln_allowed: f64,
    },
}

// === impl Shortfall ===

impl Shortfall {
    /// What is in the way.
    #[must_use]
    pub const fn metric(&self) -> Metric {
        match self {
            Self::Certificate { metric, .. } | Self::StableSuccesses { metric, .. } | Self::Doubt { metric, .. } => {
                *metric
            }
        }
    }

    /// About how many more canary requests it takes; nothing if that cannot be said.
    #[must_use]
    pub const fn canary_requests(&self) -> Option<u64> {
        match self {
            Self::Certificate { canary_requests, .. } | Self::StableSuccesses { canary_requests, .. } => {
                Some(*canary_requests)
            }
            Self::Doubt { .. } => None,
        }
    }

    /// About how long it takes at so many canary requests per second; nothing if that cannot be said.
    #[must_use]
    pub fn eta(&self, canary_requests_per_second: f64) -> Option<Duration> {
        let seconds = self.canary_requests()? as f64 / canary_requests_per_second;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// About how many more canary requests a certificate takes.
///
/// `ln_have` is its evidence after `seen` canary requests, `margin` its tolerated excess. The growth so far is carried
/// on; while it says little, a clean canary's growth stands in for it, which takes `ln(ln_needed's evidence / 0.4) /
/// margin` requests in all (statistics.md, 2.5).
#[must_use]
pub fn canary_requests_missing(ln_have: f64, ln_needed: f64, seen: u64, margin: f64) -> u64 {
    let missing = ln_needed - ln_have;
    if missing <= 0.0 {
        return 0;
    }
    let clean = (ln_needed + LARGEST_BET_SHARE.recip().ln()) / margin * (missing / ln_needed);
    let requests = if ln_have >= TELLING_GROWTH { seen as f64 * missing / ln_have } else { clean };
    whole(requests.max(1.0))
}

/// The share of the certificate's prior that lies on its largest bet, which clean traffic makes the winner.
const LARGEST_BET_SHARE: f64 = 0.4;

/// The growth, in natural logs, from which on it says more than chance does.
const TELLING_GROWTH: f64 = 1.0;

#[expect(clippy::cast_sign_loss, reason = "an estimate of at least 1; the cast saturates at the far end")]
fn whole(estimate: f64) -> u64 {
    estimate.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_start_the_estimate_is_that_of_clean_traffic() {
        let needed = 20_f64.ln();
        let missing = [0.02, 0.01, 0.005].map(|margin| canary_requests_missing(0.0, needed, 0, margin));
        assert_eq!(missing, [196, 392, 783]);
    }

    #[test]
    fn telling_growth_is_carried_on() {
        assert_eq!(canary_requests_missing(1.5, 3.0, 100, 0.02), 100);
        assert_eq!(canary_requests_missing(3.0, 3.0, 100, 0.02), 0);
    }

    #[test]
    fn a_set_back_costs_more_than_the_start() {
        let from = |ln_have: f64| canary_requests_missing(ln_have, 3.0, 50, 0.02);
        assert!(from(-2.0) > from(0.0) && from(0.0) > from(0.9));
        assert_eq!(from(f64::MIN), u64::MAX);
    }

    #[test]
    fn an_eta_needs_traffic() {
        let shortfall = |canary_requests| Shortfall::Certificate {
            metric: Metric::ErrorRate,
            ln_have: 0.0,
            ln_needed: 3.0,
            canary_requests,
        };
        assert_eq!(shortfall(196).eta(2.0), Some(Duration::from_secs(98)));
        for rate in [0.0, -1.0, f64::NAN] {
            assert_eq!(shortfall(196).eta(rate), None, "{rate}");
        }
    }
}
