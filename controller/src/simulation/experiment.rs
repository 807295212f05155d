//! What is simulated: one service's plan, the requests that it meets, and how often.
//!
//! How much work that may be is bounded by what can be said beforehand, so that the same experiment gives the same
//! answer on every machine, slow or quick.

use std::time::Duration;

use canary_config::name::ServiceName;
use canary_config::plan::Plan;
use thiserror::Error;

use super::outcome::Outcome;
use super::report::Report;
use super::traffic::Traffic;
use super::{Simulation, TICK, TIME_MAX, Until};

/// The work of all runs together, in requests: some minutes of one core.
const WORK_MAX: f64 = 1e10;

/// A tick without a request is as much work as so many requests.
const TICK_WORK: f64 = 100.0;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Whose plan it is.
    pub service: ServiceName,
    /// The plan; a rolling one is [for instances](Plan::for_instances).
    pub plan: Plan,
    /// The requests.
    pub traffic: Traffic,
    /// The words that they were asked for with.
    pub words: Words,
    /// How many rollouts.
    pub runs: u32,
    /// Where all chance comes from.
    pub seed: u64,
}

/// How releases answer, as somebody said it.
#[derive(Clone, Debug)]
pub struct Words {
    /// Stable.
    pub stable: String,
    /// The canary, as far as it differs.
    pub canary: String,
}

/// So many rollouts would take too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{runs} rollouts of {} and longer are too many at such a rate", humantime::format_duration(*shortest))]
pub struct TooMuch {
    /// What was asked for.
    pub runs: u32,
    /// No rollout that goes well is shorter.
    pub shortest: Duration,
    /// So many would do.
    pub runs_max: u32,
}

// === impl Experiment ===

impl Experiment {
    /// Makes ready what all runs share.
    ///
    /// # Errors
    /// The runs are too many to be followed even where all goes well and takes the shortest time.
    pub fn simulation(&self) -> Result<Simulation, TooMuch> {
        let simulation = Simulation::new(self.plan.clone(), self.traffic.clone(), Until::Settled);
        Ok(simulation.followed_for(self.time_max()?))
    }

    /// What is to be told of these outcomes.
    #[must_use]
    pub fn report(&self, outcomes: &[Outcome]) -> Report {
        Report::new(self, outcomes)
    }

    /// So long each run can be followed.
    fn time_max(&self) -> Result<Duration, TooMuch> {
        let steps = self.plan.steps.iter().map(|step| step.min_duration);
        let shortest = steps.fold(self.plan.probation, Duration::saturating_add);
        let work_per_second = self.traffic.requests_per_second + TICK_WORK / TICK.as_secs_f64();
        let seconds = WORK_MAX / work_per_second;
        let runs_max = whole(seconds / shortest.as_secs_f64().max(TICK.as_secs_f64()));
        if self.runs > runs_max {
            return Err(TooMuch { runs: self.runs, shortest, runs_max });
        }
        Ok(Duration::try_from_secs_f64(seconds / f64::from(self.runs)).unwrap_or(TIME_MAX).min(TIME_MAX))
    }
}

#[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the cast saturates at both ends")]
fn whole(number: f64) -> u32 {
    number.floor() as u32
}

#[cfg(test)]
mod tests {
    use super::super::Behaviour;
    use super::*;

    fn experiment(runs: u32, rate: f64) -> Experiment {
        Experiment {
            service: "web".parse().expect("a name"),
            plan: Plan::default(),
            traffic: Traffic::of_twins(rate, Behaviour::failing(0.0)),
            words: Words { stable: String::new(), canary: String::new() },
            runs,
            seed: 1,
        }
    }

    #[test]
    fn a_thousand_rollouts_by_the_default_plan_are_never_too_many() {
        for rate in [0.01, 40.0, 10_000.0] {
            let simulation = experiment(1_000, rate).simulation();
            assert!(simulation.is_ok_and(|simulation| simulation.time_max >= Duration::from_mins(12)), "{rate}");
        }
    }

    #[test]
    fn too_many_rollouts_are_refused_with_how_many_would_do() {
        let TooMuch { runs_max, shortest, .. } = experiment(100_000, 40.0).simulation().expect_err("a day");
        assert_eq!(shortest, Duration::from_mins(12));
        assert!(experiment(runs_max, 40.0).simulation().is_ok());
        assert!(experiment(runs_max + 1, 40.0).simulation().is_err());
    }
}
