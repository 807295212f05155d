//! The running evidence of one rollout: what the engine feeds with counts and asks for verdicts.
//!
//! In this order: `set_weight` when a table is published, `observe` what the ledgers scored, `verdict`, `tick`. A
//! request counts with the weight that it was routed at; at 0 % nothing is judged. Read on in [`super::guard`].
//!
//! At 100 % there is nothing to compare, and [`super::probation`] judges. `alpha` is not divided for it: all evidence
//! is the product of both. A request moves one factor only, and on average not upwards while the canary is harmless, so
//! that the product is a capital like each of them, and Ville promises for the whole rollout: what the comparison left
//! is what probation starts with. `know_stable` helps where little was
//! compared.
//!
//! An absolute limit that the plan sets is one more bet in the mean while there is a comparison, and one more in the mean
//! of probation afterwards. Each mean has fixed shares that sum to 1, so that it is a capital however the bets depend on
//! each other, and a request still moves one of the two only (`guardrail`).
//!
//! A metric of latency that is still off takes part in the mean of the evidence with its stake untouched, as 1. To
//! leave it out and to take it in later could raise the mean without a bet won, and Ville would promise nothing.

mod conviction;
mod kept;
mod report;
mod stable;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::cohort::Assignment;
use canary_config::criteria::{Alpha, BlastRadius, Profile};
use canary_config::plan::Plan;
use canary_config::weight::Weight;

use super::block::BlockClock;
use super::breaker::Breaker;
use super::counts::{Arms, Tally};
use super::damage::Damage;
use super::guard::{DOUBT, Guard, Tests};
use super::guardrail::{self, LIMITS_MAX, Limit};
use super::latency::LatencyWatch;
use super::metric::{HarmSpec, Metric};
use super::probation::ProbationGuard;
use super::sample::{ArmSample, Sample};
use super::verdict::{Shortfall, Verdict};

pub use self::kept::{Kept, Misfit};

/// The probability of ever certifying a step of a canary that is worse than the step's margin.
pub const BETA: f64 = 0.05;

/// Fewer canary requests than this are not even thin evidence.
pub(super) const THIN_EVIDENCE_MIN: u64 = 20;

/// One rollout's running evidence.
#[derive(Clone, Debug)]
pub struct Judge {
    alpha: Alpha,
    profile: Profile,
    blast_radius: BlastRadius,
    /// Whether keys are compared, and not requests.
    is_keyed: bool,
    weights: Box<[Weight]>,
    weight: Option<Weight>,
    clock: Option<BlockClock>,
    guard: Guard,
    latency: LatencyWatch,
    /// What was counted for each metric.
    counts: [Arms<Tally>; Metric::ALL.len()],
    /// Failures and other requests by the weight they were routed at.
    by_weight: Box<[Arms<Tally>]>,
    /// How stable fared in the comparison, in the unit that absolute limits are held against.
    answers_of_stable: Tally,
    /// Stable's requests as somebody else counted them.
    known_of_stable: Tally,
    probation: Option<ProbationGuard>,
    breaker: Breaker,
    limits: Box<[Limit]>,
    damage: Damage,
}

// === impl Judge ===

impl Judge {
    /// A judge without evidence. `edges` rise and bound the buckets of all samples: bucket `i` holds what took at most
    /// `edges[i]`, one bucket more what took longer than all of them.
    #[must_use]
    pub fn new(plan: &Plan, edges: &'static [Duration]) -> Self {
        Self::new_for_group(plan, edges, NonZeroUsize::MIN)
    }

    /// The same for one of so many services that are sent back together. Each has its part of the probability that a
    /// good release is ever aborted, so that the plan's `alpha` holds for the rollout of all.
    #[must_use]
    pub fn new_for_group(plan: &Plan, edges: &'static [Duration], services: NonZeroUsize) -> Self {
        let profile = plan.criteria.profile;
        let alpha = plan.criteria.alpha.shared_among(services);
        let weights: Box<[Weight]> = plan.steps.iter().map(|step| step.weight).collect();
        let shares: Vec<f64> = weights.iter().map(|weight| weight.ratio()).collect();
        let limits = Limit::all(&plan.criteria, edges);
        let left = 1.0 - guardrail::SHARE * limits.len() as f64;
        let metrics = Metric::ALL.map(|metric| metric.harm(profile));
        let metrics = metrics.map(|spec| HarmSpec { pi: left * spec.pi, ..spec });
        let harm: Vec<HarmSpec> = metrics.into_iter().chain(limits.iter().map(Limit::spec)).collect();
        let guard = Guard::new(&Tests {
            harm: &harm,
            certificate: &Metric::ALL.map(|metric| metric.certificate(profile)),
            steps: &shares,
            shares: &shares,
            alpha: alpha.get(),
            beta: BETA,
        });
        Self {
            alpha,
            profile,
            blast_radius: plan.criteria.blast_radius,
            is_keyed: plan.assignment != Assignment::Request,
            by_weight: vec![Arms::default(); weights.len()].into(),
            weights,
            weight: None,
            clock: None,
            guard,
            latency: LatencyWatch::new(edges),
            counts: Default::default(),
            answers_of_stable: Tally::default(),
            known_of_stable: Tally::default(),
            probation: None,
            breaker: Breaker::default(),
            limits,
            damage: Damage::default(),
        }
    }

    /// The canary has a new weight from now on. Ends the block; the first weight starts the rollout's time, and 100 %
    /// probation.
    pub fn set_weight(&mut self, weight: Weight, now: Instant) {
        if self.weight == Some(weight) {
            return;
        }
        self.tick(now);
        self.end_block();
        self.weight = Some(weight);
        self.clock.get_or_insert_with(|| BlockClock::new(now)).restart_block(now);
        if let Some(place) = self.place(weight) {
            self.guard.set_weight(place);
        }
        if weight == Weight::FULL && self.probation.is_none() {
            let better_known = |own: Tally, known: Tally| if own.requests() >= known.requests() { own } else { known };
            // The meters count requests, and a limit is held against what was counted like it.
            let known = if self.is_keyed { Tally::default() } else { self.known_of_stable };
            let stable = better_known(self.answers_of_stable, known);
            let by_limit = self.limits.iter().map(|limit| match limit.metric() {
                Metric::ErrorRate => stable,
                _ => limit.counts().stable,
            });
            self.probation = Some(ProbationGuard::new(stable, &self.limit_specs(), by_limit.collect()));
            let heard = if self.is_keyed { self.breaker.stable() } else { self.answers_of_stable };
            self.breaker.lose_stable(better_known(heard, self.known_of_stable));
        }
    }

    /// Scores outcomes of requests that were routed at this weight, however late they are.
    pub fn observe(&mut self, weight: Weight, sample: &Sample<'_>, now: Instant) {
        let place = self.place(weight);
        let is_full = weight == Weight::FULL && self.probation.is_some();
        if !is_full && place.is_none() {
            return;
        }
        let mut by_limit = [Arms::default(); LIMITS_MAX];
        for (counts, limit) in by_limit.iter_mut().zip(&mut self.limits) {
            *counts = limit.take(sample);
        }
        match (&mut self.probation, place) {
            (Some(probation), _) if is_full => {
                let [first, second] = by_limit.map(|counts| counts.canary);
                probation.flush(&[sample.canary.answers(), first, second]);
            }
            (_, Some(place)) => self.compare(place, sample, by_limit),
            (_, None) => {}
        }
        self.forgive_what_is_shared();
        let at = self.clock.map_or(Duration::ZERO, |clock| clock.elapsed(now));
        self.breaker.look(sample.map(ArmSample::attempts), at);
    }

    fn compare(&mut self, place: usize, sample: &Sample<'_>, by_limit: [Arms<Tally>; LIMITS_MAX]) {
        let counts = Metric::ALL.map(|metric| match metric {
            Metric::ErrorRate => sample.outcomes(),
            latency => self.latency.counts(latency, sample),
        });
        let [errors, p50, p90, p99] = counts;
        let [first, second] = by_limit;
        self.guard.flush(place, &[errors, p50, p90, p99, first, second], &counts);
        for (all, new) in self.counts.iter_mut().zip(counts) {
            all.add(new);
        }
        self.by_weight[place].add(sample.outcomes());
        self.answers_of_stable = self.answers_of_stable.plus(sample.stable.answers());
        self.latency.absorb(sample);
    }

    /// Ends the blocks and releases the stakes that time has brought. Late or missing ticks are made up for.
    pub fn tick(&mut self, now: Instant) {
        let Some(clock) = &mut self.clock else { return };
        if !clock.end_blocks(now) {
            return;
        }
        let periods = clock.end_periods();
        self.end_block();
        self.guard.end_periods(periods);
        if let Some(probation) = &mut self.probation {
            probation.end_periods(periods);
        }
    }

    /// What the evidence says about this step: the place of the plan's step that the canary wants to leave. Once the
    /// canary has all requests, see [`Self::probation_verdict`].
    #[must_use]
    pub fn verdict(&self, step: usize) -> Verdict {
        if self.probation.is_some() || self.is_convicted() || self.shared().is_some() {
            return self.probation_verdict();
        }
        match self.largest_shortfall(step) {
            Some(shortfall) => Verdict::NotEnough(shortfall),
            // Whoever fails now has not passed, however well it did before.
            None if self.guard.passes(step) && !self.breaker.is_suspicious() => Verdict::Pass,
            None => Verdict::NotEnough(Shortfall::Doubt {
                metric: if self.breaker.is_suspicious() { Metric::ErrorRate } else { self.loudest().0 },
                ln_harm: self.guard.harm().ln(),
                ln_allowed: DOUBT.ln(),
            }),
        }
    }

    /// What the evidence says of a canary that has all requests: it fails, it passes, or stable broke a limit as well when
    /// it was last seen. There is nothing to wait for.
    #[must_use]
    pub fn probation_verdict(&self) -> Verdict {
        match self.shared() {
            _ if self.is_convicted() => Verdict::Fail(self.breach()),
            Some(metric) => Verdict::Shared(metric),
            None => Verdict::Pass,
        }
    }

    /// Whether a step whose time is up may be left without certificates: there was traffic, and no doubt came of it.
    #[must_use]
    pub fn may_promote_uncertified(&self) -> bool {
        let is_trusted = self.guard.trusts() && !self.breaker.is_suspicious();
        is_trusted && self.outcomes().canary.requests() >= THIN_EVIDENCE_MIN
    }

    /// Above what a success is slow, by arm and metric of latency, rising; nothing for an arm while not every metric is
    /// on.
    #[must_use]
    pub fn thresholds(&self) -> Option<Arms<[Duration; Metric::LATENCIES.len()]>> {
        let [p50, p90, p99] = Metric::LATENCIES.map(|metric| self.latency.thresholds(metric));
        let (p50, p90, p99) = (p50?, p90?, p99?);
        Some(Arms { canary: [p50.canary, p90.canary, p99.canary], stable: [p50.stable, p90.stable, p99.stable] })
    }

    fn place(&self, weight: Weight) -> Option<usize> {
        self.weights.iter().position(|known| *known == weight)
    }

    fn end_block(&mut self) {
        self.guard.end_block();
        self.latency.end_block();
        self.limits.iter_mut().for_each(Limit::end_block);
        if let Some(probation) = &mut self.probation {
            probation.end_block();
        }
    }

    fn outcomes(&self) -> Arms<Tally> {
        self.counts[Metric::ErrorRate as usize]
    }

    fn is_on(&self, metric: Metric) -> bool {
        metric == Metric::ErrorRate || self.latency.thresholds(metric).is_some()
    }

    fn ln_harm_needed(&self) -> f64 {
        self.alpha.get().recip().ln()
    }

    fn harm(&self) -> f64 {
        self.guard.harm() * self.probation.as_ref().map_or(1.0, ProbationGuard::harm)
    }

    fn limit_specs(&self) -> Vec<HarmSpec> {
        self.limits.iter().map(Limit::spec).collect()
    }
}
