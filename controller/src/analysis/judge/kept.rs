//! What of a judge outlives an orderly stop: every number, to the last bit, and durations instead of moments.
//!
//! Tables and limits follow from the plan and are not kept; nor is the damage, which others know. Whoever takes the evidence up promises that the releases
//! under it are the same, and that no request was scored in between.

use std::time::{Duration, Instant};

use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use super::Judge;
use crate::analysis::block::{self, BlockClock};
use crate::analysis::breaker::Breaker;
use crate::analysis::counts::{Arms, Tally};
use crate::analysis::guard;
use crate::analysis::guardrail;
use crate::analysis::latency;
use crate::analysis::metric::Metric;
use crate::analysis::probation::{self, ProbationGuard};

/// A judge without its plan and its clocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    weights: Box<[Weight]>,
    last_edge: Option<Duration>,
    weight: Option<Weight>,
    clock: Option<block::Kept>,
    bets: guard::Bets,
    latency: latency::Known,
    counts: [Arms<Tally>; Metric::ALL.len()],
    by_weight: Box<[Arms<Tally>]>,
    answers_of_stable: Tally,
    known_of_stable: Tally,
    probation: Option<probation::Bets>,
    breaker: Breaker,
    limits: Box<[guardrail::Watch]>,
}

/// Evidence that was kept does not fit this judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the evidence that was kept is of another plan or of other histograms, so the comparison begins anew")]
pub struct Misfit;

// === impl Judge ===

impl Judge {
    /// All that it knows now.
    #[must_use]
    pub fn keep(&self, now: Instant) -> Kept {
        Kept {
            weights: self.weights.clone(),
            last_edge: self.latency.last_edge(),
            weight: self.weight,
            clock: self.clock.map(|clock| clock.keep(now)),
            bets: self.guard.bets().clone(),
            latency: self.latency.known().clone(),
            counts: self.counts,
            by_weight: self.by_weight.clone(),
            answers_of_stable: self.answers_of_stable,
            known_of_stable: self.known_of_stable,
            probation: self.probation.as_ref().map(|probation| probation.bets().clone()),
            breaker: self.breaker.clone(),
            limits: self.limits.iter().map(|limit| limit.watch().clone()).collect(),
        }
    }

    /// Goes on where a judge of the same plan and the same edges stopped, as if no time had passed.
    ///
    /// # Errors
    /// What was kept is of another plan or of other histograms.
    pub fn restore(self, kept: Kept, now: Instant) -> Result<Self, Misfit> {
        self.resumed(kept, now).ok_or(Misfit)
    }

    fn resumed(mut self, kept: Kept, now: Instant) -> Option<Self> {
        let is_of_plan = kept.weights == self.weights
            && kept.last_edge == self.latency.last_edge()
            && kept.by_weight.len() == self.by_weight.len()
            && kept.limits.len() == self.limits.len();
        if !is_of_plan {
            return None;
        }
        self.guard.resume(kept.bets)?;
        self.latency.resume(kept.latency)?;
        let limits = self.limit_specs();
        let probation = kept.probation.map(|bets| ProbationGuard::resume(bets, &limits).ok_or(Misfit));
        let probation = probation.transpose().ok()?;
        for (limit, watch) in self.limits.iter_mut().zip(kept.limits) {
            limit.resume(watch);
        }
        Some(Self {
            weight: kept.weight,
            clock: kept.clock.map(|clock| BlockClock::restore(clock, now)),
            counts: kept.counts,
            by_weight: kept.by_weight,
            answers_of_stable: kept.answers_of_stable,
            known_of_stable: kept.known_of_stable,
            probation,
            breaker: kept.breaker,
            ..self
        })
    }
}
