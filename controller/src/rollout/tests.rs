//! What the machine promises. `commands` and `events` tell every answer of every phase whole, `clocks` looks at the
//! boundaries of time, `restarts` at what outlives the process. `sequences` tries every short sequence of events,
//! `exploration` every way between worlds that differ, and `walks` go far; all hold every step against the `laws`.
//! `groups` does the same for services that move as one.

mod approvals;
mod clocks;
mod commands;
mod convictions;
mod doubts;
mod events;
mod every_phase;
mod exploration;
mod freezes;
mod groups;
mod happenings;
mod kept;
mod laws;
mod pauses;
mod queues;
mod restarts;
mod scenario;
mod sent_back;
mod sequences;
mod strategies;
mod supersessions;
mod thin;
mod walks;
mod world;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::cohort::Assignment;
use canary_config::criteria::{Alpha, Criteria};
use canary_config::name::ReleaseId;
use canary_config::plan::{Gate, OnBusy, OnThinEvidence, Plan, Step, Strategy};
use canary_config::weight::Weight;

const MIN: Duration = Duration::from_secs(60);
const MAX: Duration = Duration::from_secs(600);
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const PROBATION: Duration = Duration::from_secs(300);
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
const APPROVAL_DEADLINE: Duration = Duration::from_secs(3600);

/// A human's word is wanted.
const MANUAL: Gate = Gate::Manual { deadline: APPROVAL_DEADLINE };

/// The moment at which every test begins.
#[expect(clippy::disallowed_methods, reason = "an Instant can be had from the clock alone; all others are derived")]
fn start() -> Instant {
    Instant::now()
}

fn release(name: &str) -> ReleaseId {
    name.parse().expect("a good name")
}

fn percent(percent: u16) -> Weight {
    Weight::from_bp(percent * 100).expect("at most 100")
}

/// A plan through these percentages that holds on thin evidence.
fn plan(percents: &[u16]) -> Plan {
    let step = |of: &u16| Step {
        weight: percent(*of),
        instances: None,
        min_duration: MIN,
        max_duration: MAX,
        gate: Gate::Evidence,
    };
    Plan {
        strategy: Strategy::Canary,
        steps: percents.iter().map(step).collect(),
        ready_timeout: READY_TIMEOUT,
        on_thin_evidence: OnThinEvidence::Hold,
        probation: PROBATION,
        criteria: Criteria { alpha: Alpha::DEFAULT, ..Criteria::default() },
        assignment: Assignment::Request,
        on_busy: OnBusy::Reject,
        drain_timeout: DRAIN_TIMEOUT,
    }
}

/// The same plan, but every step has this gate.
fn gated(gate: Gate, mut plan: Plan) -> Plan {
    plan.steps.iter_mut().for_each(|step| step.gate = gate);
    plan
}

/// The same plan, but every step wants a human's word.
fn manual(plan: Plan) -> Plan {
    gated(MANUAL, plan)
}

/// The same plan with another choice for thin evidence.
fn on_thin(on_thin_evidence: OnThinEvidence, plan: Plan) -> Plan {
    Plan { on_thin_evidence, ..plan }
}

/// The new release stands ready at 0 % until this gate opens.
fn blue_green(gate: Gate) -> Plan {
    Plan { strategy: Strategy::BlueGreen, ..gated(gate, plan(&[0])) }
}

/// Three instances, one after the other.
fn rolling() -> Plan {
    let mut plan = Plan { strategy: Strategy::Rolling, ..gated(Gate::Time, plan(&[0])) };
    plan.steps[0].instances = Some(NonZeroUsize::MIN);
    plan.for_instances(NonZeroUsize::MIN.saturating_add(2))
}

/// The old release away, and then the new one.
fn recreate() -> Plan {
    Plan { strategy: Strategy::Recreate, ..plan(&[]) }
}
