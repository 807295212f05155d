//! Rollouts of made-up requests, under a clock that is only counted.
//!
//! What decides is the real thing: the [`crate::rollout`] machine, the judge of [`crate::analysis`], and the table's
//! pick with its slow start and its trip. Only the requests are made up: they arrive by chance, fail by chance and take
//! their time by chance, all from one seed, so that the same seed gives the same bytes.
//!
//! Nothing here asks a clock, the system for chance, or a network, and nothing here is a thread: many runs are the
//! affair of a [`Crew`](crate::crew::Crew). Begin with [`Simulation`]; [`Traffic`] is what it is given, [`Outcome`] what
//! comes of it, [`Report`] what is told of many.

mod alias;
mod arrivals;
mod behaviour;
pub mod bound;
mod counted;
mod experiment;
mod failures;
mod latency;
mod onlooker;
mod onset;
mod outcome;
mod report;
mod run;
mod seeds;
mod source;
mod stage;
mod summary;
#[cfg(test)]
mod tests;
mod traffic;
mod words;

use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::plan::Plan;
use canary_config::weight::Weight;

use crate::analysis::{Judge, Tally};

pub use self::behaviour::{Behaviour, ErrorRate};
pub use self::counted::Counted;
pub use self::experiment::{Experiment, TooMuch, Words};
pub use self::latency::{Course, Latency};
pub use self::onlooker::{Nobody, Onlooker, Seen};
pub use self::onset::Onset;
pub use self::outcome::{End, Outcome};
pub use self::report::{FalseAborts, Report, ReportPlan, ReportStep, ReportTraffic};
use self::run::Run;
pub use self::seeds::Seeds;
pub use self::source::{Chance, Source};
use self::stage::Stage;
pub use self::summary::{Spread, Summary};
pub use self::traffic::{Bursts, Traffic};
pub use self::words::{WordError, behaviour, canary, rate};

/// How often the judge looks, unless a failure of the canary calls it.
pub const TICK: Duration = Duration::from_millis(100);

/// How long stable has served before a rollout begins: what is known of it then.
const STABLE_BEFORE: Duration = Duration::from_mins(10);

/// No rollout is followed for longer.
pub const TIME_MAX: Duration = Duration::from_hours(30 * 24);

/// Up to where a rollout is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until the canary has all requests.
    AllRequests,
    /// To the end of probation.
    Settled,
}

/// One plan and one kind of traffic, to be rolled out as often as wanted.
#[derive(Debug)]
pub struct Simulation {
    plan: Plan,
    source: Source,
    stage: Stage,
    judge: Judge,
    until: Until,
    time_max: Duration,
}

// === impl Simulation ===

impl Simulation {
    /// Makes ready what all runs share.
    #[must_use]
    pub fn new(plan: Plan, traffic: Traffic, until: Until) -> Self {
        let mut judge = Judge::new(&plan, stage::edges());
        let (rate, errors) = (traffic.requests_per_second, traffic.stable.errors.at(Duration::ZERO));
        let before = known(rate * STABLE_BEFORE.as_secs_f64(), errors);
        judge.know_stable(before);
        judge.know_latencies(&traffic.stable.latency.at(Duration::ZERO).counts_of(before.good));
        let weights = plan.steps.iter().map(|step| step.weight).chain([Weight::FULL]);
        let source = Source::new(traffic, weights);
        Self { stage: Stage::new(), plan, source, judge, until, time_max: TIME_MAX }
    }

    /// The same, and no rollout is followed for longer than this.
    #[must_use]
    pub fn followed_for(self, time: Duration) -> Self {
        Self { time_max: time.min(TIME_MAX), ..self }
    }

    /// Plays one rollout. The result depends on the seed and on nothing else; `base` is the instant that is counted
    /// from, whatever it is.
    #[must_use]
    pub fn run(&self, base: Instant, seed: u64, onlooker: &mut impl Onlooker) -> Outcome {
        Run::new(self, base, seed).play(onlooker)
    }

    /// The share that the canary has at a moment when time alone moves it.
    fn scheduled(&self, at: Duration) -> Weight {
        let mut end = Duration::ZERO;
        let step = self.plan.steps.iter().find(|step| {
            end = end.saturating_add(step.min_duration);
            at < end
        });
        step.map_or(Weight::FULL, |step| step.weight)
    }
}

/// So many requests, with the failures that are to be expected of them.
fn known(requests: f64, error_rate: f64) -> Tally {
    let bad = whole(requests * error_rate);
    Tally { bad, good: whole(requests).saturating_sub(bad) }
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the cast saturates at both ends")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// A release's name that is good by itself.
fn release(name: &str) -> ReleaseId {
    name.parse().expect("a name without blanks")
}
