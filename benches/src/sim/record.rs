//! Plays the runs of one cell, on as many threads as there are, and keeps what came of each in the order of the seeds.

use std::time::Duration;

use canary_config::plan::{Gate, Plan, Step};
use canary_config::weight::Weight;
use canary_controller::crew::Crew;
use canary_controller::simulation::{End, Nobody, Onlooker, Outcome, Seeds, Seen, Simulation, Source, Traffic, Until};

use super::rival::{Fate, Kind, Latencies, Rival};
use crate::clock;

/// The steps below all requests, in percent.
const STEPS: [u16; 3] = [10, 25, 50];

const STEP_MIN: Duration = Duration::from_mins(1);
const STEP_MAX: Duration = Duration::from_mins(15);

/// A rival that moves its own weights is followed for so long.
const DRIVE_MAX: Duration = Duration::from_hours(1);

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Runs of each cell.
    pub runs: usize,
    /// Where all seeds come from.
    pub seed: u64,
    /// How long what is looked at may take.
    pub extent: Extent,
}

/// How long what is looked at may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As long as the targets say.
    Whole,
    /// Nothing that takes an hour, so that it is soon played even by a build for tests.
    Short,
}

/// Who moves the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// Time alone, a third of this for each step, so that all rules see the same requests.
    Fixed(Duration),
    /// Each rule by itself.
    Native,
}

/// What came of one run.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Of canaryd.
    pub ours: Fate,
    /// Of Flagger's rule.
    pub flagger: Fate,
    /// Of Argo's.
    pub argo: Fate,
}

/// The rivals beside one of our runs.
struct Beside {
    flagger: Rival,
    argo: Rival,
    until: Duration,
    now: Duration,
}

// === impl Beside ===

impl Onlooker for Beside {
    fn look(&mut self, seen: Seen) {
        self.now = seen.at;
        self.flagger.look(seen);
        self.argo.look(seen);
    }

    fn is_done(&self) -> bool {
        self.now >= self.until || (self.flagger.is_done() && self.argo.is_done())
    }
}

/// All runs of one cell.
#[must_use]
pub(super) fn record(
    traffic: &Traffic,
    course: Course,
    latencies: Latencies,
    cell: u64,
    effort: Effort,
) -> Vec<Record> {
    let simulation = Simulation::new(plan(course), traffic.clone(), Until::AllRequests);
    let weights: Vec<Weight> = STEPS.map(weight).into();
    let source = Source::new(traffic.clone(), weights.iter().copied());
    let (base, seeds) = (clock::now(), Seeds::new(effort.seed));
    Crew::whole().play(effort.runs, |run| {
        let seed = seeds.of((cell << 32) + run as u64);
        let (flagger, argo) = (Kind::Flagger(latencies), Kind::Argo);
        match course {
            Course::Fixed(until) => {
                let mut beside =
                    Beside { flagger: Rival::new(flagger), argo: Rival::new(argo), until, now: Duration::ZERO };
                let ours = fate(simulation.run(base, seed, &mut beside));
                Record { ours, flagger: beside.flagger.fate(), argo: beside.argo.fate() }
            }
            Course::Native => Record {
                ours: fate(simulation.run(base, seed, &mut Nobody)),
                flagger: Rival::drive(flagger, &source, &weights, DRIVE_MAX, seed ^ (1 << 62)),
                argo: Rival::drive(argo, &source, &weights, DRIVE_MAX, seed ^ (1 << 63)),
            },
        }
    })
}

fn fate(outcome: Outcome) -> Fate {
    Fate {
        aborted_at: matches!(outcome.end, End::Aborted(_)).then_some(outcome.at),
        full_at: outcome.full_at,
        failed: outcome.failed,
    }
}

fn plan(course: Course) -> Plan {
    let (gate, min_duration) = match course {
        Course::Fixed(horizon) => (Gate::Time, horizon / 3),
        Course::Native => (Gate::Evidence, STEP_MIN),
    };
    let max_duration = STEP_MAX.max(min_duration);
    let step = |percent| Step { weight: weight(percent), instances: None, min_duration, max_duration, gate };
    Plan { steps: STEPS.map(step).into(), ..Plan::default() }
}

fn weight(percent: u16) -> Weight {
    Weight::from_bp(percent * 100).expect("a percentage")
}
