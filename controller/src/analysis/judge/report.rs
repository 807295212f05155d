//! What the judge shows of its evidence, and what it says is missing.

use std::time::Duration;

use super::{BETA, Judge};
use crate::analysis::certificate::Certificate;
use crate::analysis::confidence::{Epoch, cs_diff};
use crate::analysis::counts::{Arms, Tally};
use crate::analysis::evidence::{ArmEvidence, Evidence, Glance, MetricEvidence, ProbationEvidence};
use crate::analysis::metric::Metric;
use crate::analysis::probation::ProbationGuard;
use crate::analysis::verdict::{Shortfall, canary_requests_missing};

/// The level of the intervals that are shown.
const SHOWN_ALPHA: f64 = 0.05;

// === impl Judge ===

impl Judge {
    /// All that is known, with the certificates of this step.
    #[must_use]
    pub fn evidence(&self, step: usize) -> Evidence {
        let Glance { ln_harm, metrics } = self.glance(step);
        let epochs = self.weights.iter().zip(&self.by_weight);
        let epochs = epochs.map(|(weight, counts)| Epoch { share: weight.ratio(), counts: *counts });
        Evidence {
            step,
            ln_harm,
            ln_harm_needed: self.ln_harm_needed(),
            ln_safe_needed: BETA.recip().ln(),
            metrics,
            arms: self.arms(),
            canary_requests_at_step: self.by_weight.get(step).map_or(0, |counts| counts.canary.requests()),
            error_difference: cs_diff(&epochs, SHOWN_ALPHA),
            probation: self
                .probation()
                .map(|guard| ProbationEvidence { limit: guard.limit(), canary: guard.counts().canary }),
        }
    }

    /// The same in short. It allocates nothing.
    #[must_use]
    pub fn glance(&self, step: usize) -> Glance {
        let mut harms = self.guard.harms();
        let mut certificates = self.guard.certificates(step).iter();
        let metrics = Metric::ALL.map(|metric| MetricEvidence {
            metric,
            on: self.is_on(metric),
            ln_harm: harms.next().map_or(0.0, f64::ln),
            ln_safe: certificates.next().map_or(0.0, Certificate::ln_value),
            counts: self.counts[metric as usize],
        });
        Glance { ln_harm: self.harm().ln(), metrics }
    }

    /// The guard of a canary that has all requests, once it has.
    #[must_use]
    pub const fn probation(&self) -> Option<&ProbationGuard> {
        self.probation.as_ref()
    }

    pub(super) fn largest_shortfall(&self, step: usize) -> Option<Shortfall> {
        let shortfalls = Metric::ALL.iter().zip(self.guard.certificates(step));
        let shortfalls = shortfalls.filter_map(|(metric, held)| self.shortfall(*metric, step, held));
        shortfalls.max_by_key(Shortfall::canary_requests)
    }

    fn shortfall(&self, metric: Metric, step: usize, held: &Certificate) -> Option<Shortfall> {
        let (ln_have, ln_needed) = (held.ln_value(), BETA.recip().ln());
        let next_share = self.weights.get(step.saturating_add(1)).map_or(1.0, |weight| weight.ratio());
        let margin = metric.certificate(self.profile).margin(next_share);
        let seen = self.counts[metric as usize].canary.requests();
        let canary_requests = canary_requests_missing(ln_have, ln_needed, seen, margin);
        if !self.is_on(metric) {
            let (have, needed) = (self.latency.stable_successes(), metric.stable_successes_needed());
            return Some(Shortfall::StableSuccesses { metric, have, needed, canary_requests });
        }
        let missing = !self.guard.certifies(held);
        missing.then_some(Shortfall::Certificate { metric, ln_have, ln_needed, canary_requests })
    }

    fn arms(&self) -> Arms<ArmEvidence> {
        let [p50, p90, p99] = [50, 90, 99].map(|percent| self.latency.percentile(percent));
        let ms = |latency: Duration| latency.as_secs_f64() * 1_000.0;
        let arm = |tally: Tally, percentiles: [Option<Duration>; 3]| {
            let [p50_ms, p90_ms, p99_ms] = percentiles.map(|latency| latency.map(ms));
            ArmEvidence { requests: tally.requests(), errors: tally.bad, p50_ms, p90_ms, p99_ms }
        };
        Arms {
            canary: arm(self.outcomes().canary, [p50.canary, p90.canary, p99.canary]),
            stable: arm(self.outcomes().stable, [p50.stable, p90.stable, p99.stable]),
        }
    }
}
