//! What a rollout will need at some traffic, and what it would find: the expected course of the real bets.
//!
//! Every bet's log grows by its tables' logs times the chances of what a request can be, and a mixture is looked at
//! where its bets are expected to be ("the mean path", statistics.md, 5.6). A real rollout is a draw of lots around it.
//! Against the real judge at seeded traffic, the middle rollout of many needs between half and twice as long; one in ten
//! takes up to three times as long. What comes in between, such as a backend that is not ready, is not foreseen.
//!
//! Read on in `course` for the certificates, `find` for what is sent back, `proposal` for a plan that does better.

mod course;
mod find;
mod pace;
mod proposal;
mod spread;
#[cfg(test)]
mod tests;

use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan, Step};
use canary_config::weight::Weight;

use self::course::{Course, Need};
use self::find::Finder;
use super::counts::Tally;
use super::judge::THIN_EVIDENCE_MIN;
use super::metric::Metric;
use super::probation::ProbationGuard;

pub use self::find::{FoundErrors, FoundSlowdown};
pub use self::proposal::{Proposal, propose};
pub use self::spread::{SPREAD_REQUESTS_MIN, Spread};

/// What takes longer than this is not foreseen.
pub const FORECAST_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The traffic that is to be expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Requests of the service per second; 0 for none. With keyed assignment new keys.
    pub per_second: f64,
    /// The chance of stable's failure, 0 to 1.
    pub error_rate: f64,
    /// How stable's latencies are spread.
    pub spread: Spread,
}

/// What a plan makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// One for each step below 100 %.
    pub steps: Vec<StepForecast>,
    /// After them.
    pub probation: ProbationForecast,
}

/// What one step makes of it, if nothing speaks against the canary.
#[derive(Clone, Debug, PartialEq)]
pub struct StepForecast {
    /// The step itself.
    pub step: Step,
    /// Canary requests that each metric's certificate takes from nothing at this share; nothing where none is waited
    /// for, or none would ever come.
    pub needs: [Option<u64>; Metric::ALL.len()],
    /// When there will be enough evidence, with what the steps before have left; nothing if none is waited for, or it
    /// will not come within [`FORECAST_MAX`].
    pub evidence_after: Option<Duration>,
    /// How it ends.
    pub end: End,
    /// How long it lasts; nothing if a human says so, or for longer than [`FORECAST_MAX`].
    pub stay: Option<Duration>,
    /// The smallest error rate for which the canary would be sent back during the step.
    pub errors: Option<FoundErrors>,
    /// The smallest slowdown for which it would be.
    pub slowdown: Option<FoundSlowdown>,
    /// After how long one that answers nothing is sent back, and after how many requests.
    pub dead: Option<FoundErrors>,
}

/// How a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By the evidence.
    Certified,
    /// By a human, once there is evidence, or at 0 %.
    Approved,
    /// By its own time.
    Timed,
    /// The evidence comes after `max_duration` or not at all: it is held until then, or until a human decides.
    Held,
    /// It goes on at `max_duration` without evidence.
    Uncertified,
    /// It is sent back at `max_duration` for want of evidence.
    Aborted,
}

/// What is found while the canary has all requests.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbationForecast {
    /// The error rate up to which nothing is said, 0 to 1.
    pub limit: f64,
    /// The smallest error rate for which the release would be taken back.
    pub errors: Option<FoundErrors>,
}

// === impl Forecast ===

impl Forecast {
    /// What this plan makes of it. A rolling plan is one [for instances](Plan::for_instances). `known` is what stable's
    /// requests ended like so far, which sets the limit of probation.
    #[must_use]
    pub fn new(plan: &Plan, outlook: &Outlook, known: Tally) -> Self {
        let mut course = Course::new(plan, outlook);
        let steps = plan.steps.iter().enumerate();
        let steps = steps.map(|(place, step)| StepForecast::new(plan, outlook, place, step, &mut course)).collect();
        let limit = ProbationGuard::new(known, &[], Box::default()).limit();
        let errors = Finder::in_probation(plan, outlook, limit).errors(plan.probation);
        Self { steps, probation: ProbationForecast { limit, errors } }
    }

    /// How long it takes until the canary has all requests; nothing if that is not foreseen.
    #[must_use]
    pub fn until_full(&self) -> Option<Duration> {
        self.steps.iter().map(|step| step.stay).sum::<Option<Duration>>().filter(|_| !self.is_sent_back())
    }

    /// Whether every step that waits for evidence gets it in its time.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(StepForecast::is_good)
    }

    fn is_sent_back(&self) -> bool {
        self.steps.iter().any(|step| step.end == End::Aborted)
    }
}

// === impl StepForecast ===

impl StepForecast {
    fn new(plan: &Plan, outlook: &Outlook, place: usize, step: &Step, course: &mut Course<'_>) -> Self {
        let waits = step.weight > Weight::ZERO && step.gate != Gate::Time;
        let Need { fresh, requests } = if waits { course.need(place) } else { Need::default() };
        let evidence_after = requests.and_then(|requests| time_of(requests, outlook.per_second));
        let share = step.weight.ratio();
        let canary_requests = course.canary_requests() + outlook.per_second * step.max_duration.as_secs_f64() * share;
        let end = end_of(plan, step, evidence_after, canary_requests >= THIN_EVIDENCE_MIN as f64);
        let stay = match end {
            End::Certified => evidence_after.map(|after| after.max(step.min_duration)),
            End::Held => evidence_after,
            End::Timed => Some(step.min_duration),
            End::Uncertified | End::Aborted => Some(step.max_duration),
            End::Approved => None,
        };
        // Where a human decides, or nobody, it is looked at for at least so long.
        let watched = stay.unwrap_or_else(|| evidence_after.unwrap_or_default().max(step.max_duration));
        let finder = Finder::at_step(plan, outlook, step.weight, course.latency_delays(place));
        let found = Self {
            step: step.clone(),
            needs: fresh,
            evidence_after,
            end,
            stay,
            errors: finder.errors(watched),
            slowdown: finder.slowdown(watched),
            dead: finder.dead(),
        };
        course.stay(place, outlook.per_second * watched.as_secs_f64());
        found
    }

    /// Whether it gets the evidence that it waits for in its time.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let is_late = self.evidence_after.is_none_or(|after| after > self.step.max_duration);
        match self.end {
            End::Certified | End::Timed => true,
            End::Approved => self.step.weight == Weight::ZERO || !is_late,
            End::Held | End::Uncertified | End::Aborted => false,
        }
    }

    /// The metric whose certificate takes the most canary requests, and how many.
    #[must_use]
    pub fn largest_need(&self) -> Option<(Metric, u64)> {
        let needs = Metric::ALL.into_iter().zip(self.needs);
        needs.filter_map(|(metric, need)| Some((metric, need?))).max_by_key(|(_, need)| *need)
    }
}

fn end_of(plan: &Plan, step: &Step, evidence_after: Option<Duration>, has_some: bool) -> End {
    match step.gate {
        Gate::Time => End::Timed,
        Gate::Manual { .. } => End::Approved,
        Gate::Evidence if step.weight == Weight::ZERO => End::Timed,
        Gate::Evidence if evidence_after.is_some_and(|after| after <= step.max_duration) => End::Certified,
        Gate::Evidence => match plan.on_thin_evidence {
            OnThinEvidence::Promote if has_some => End::Uncertified,
            OnThinEvidence::Promote | OnThinEvidence::Hold => End::Held,
            OnThinEvidence::Abort => End::Aborted,
        },
    }
}

/// How long so many requests take to come; nothing beyond [`FORECAST_MAX`].
fn time_of(requests: f64, per_second: f64) -> Option<Duration> {
    if requests <= 0.0 {
        return Some(Duration::ZERO);
    }
    Duration::try_from_secs_f64(requests / per_second).ok().filter(|time| *time <= FORECAST_MAX)
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "an estimate; the cast saturates")]
fn whole(estimate: f64) -> u64 {
    estimate.ceil() as u64
}
