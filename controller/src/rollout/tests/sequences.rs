//! Every short sequence of happenings behind a start, one by one: here nothing is taken for the same.

use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan};

use super::happenings::{Happening, everything, everything_at_once};
use super::scenario::{probed, start_of, starts};
use super::world::World;
use super::{MANUAL, blue_green, laws, on_thin, plan, recreate, rolling};
use crate::rollout::{Event, PhaseName, Readiness};

/// The same plan with clocks that run out within a sequence.
fn short(mut plan: Plan) -> Plan {
    const SECOND: Duration = Duration::from_secs(1);
    for step in &mut plan.steps {
        (step.min_duration, step.max_duration) = (Duration::ZERO, SECOND);
        if let Gate::Manual { deadline } = &mut step.gate {
            *deadline = SECOND;
        }
    }
    Plan { ready_timeout: SECOND, probation: SECOND, drain_timeout: SECOND, ..plan }
}

/// A canary that goes by its evidence, and at its last step by this gate.
fn canary(choice: OnThinEvidence, last_gate: Gate) -> Plan {
    let mut plan = on_thin(choice, plan(&[10, 25]));
    plan.steps[1].gate = last_gate;
    short(plan)
}

/// Tries every happening, and behind each of them every other, so many deep. The number of sequences.
fn try_all<'a>(world: &World, happenings: &'a [Happening], depth: usize, way: &mut Vec<&'a Happening>) -> u64 {
    if way.len() == depth {
        return 1;
    }
    let mut sequences = 0;
    for happening in happenings {
        let (after, answer, law) = laws::step(world, happening);
        assert!(law.is_none(), "{law:?} is broken\nway: {way:?}\nthen: {happening:?}\nfrom: {world:?}\n{answer:?}");
        way.push(happening);
        sequences += try_all(&after, happenings, depth, way);
        way.pop();
    }
    sequences
}

/// v2 is started, and has come to its first place.
fn begun(plan: &Plan) -> [World; 2] {
    let started = Happening::Told(starts(start_of("v2", plan.clone())));
    let begun = World::new().after(&started).0;
    let drained = begun.after(&Happening::Told(Event::Drained)).0;
    let ready = Happening::Told(probed(Readiness::All, Readiness::All));
    let first = drained.after(&ready).0;
    assert!(!matches!(first.rollout.phase().name(), PhaseName::Preparing | PhaseName::Draining));
    [begun, first]
}

fn no_sequence_breaks_a_law(plan: &Plan, depth: usize) {
    let happenings = everything(plan);
    for world in begun(plan) {
        let sequences = try_all(&world, &happenings, depth, &mut Vec::new());
        assert_eq!(sequences, 35_u64.pow(u32::try_from(depth).expect("a small number")), "{}", happenings.len());
    }
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_holds() {
    no_sequence_breaks_a_law(&canary(OnThinEvidence::Hold, MANUAL), 3);
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_promotes() {
    no_sequence_breaks_a_law(&canary(OnThinEvidence::Promote, Gate::Evidence), 3);
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_aborts() {
    no_sequence_breaks_a_law(&canary(OnThinEvidence::Abort, Gate::Evidence), 3);
}

#[test]
fn no_sequence_breaks_a_law_of_a_blue_green_rollout_by_time() {
    no_sequence_breaks_a_law(&short(blue_green(Gate::Time)), 3);
}

#[test]
fn no_sequence_breaks_a_law_of_a_blue_green_rollout_by_hand() {
    no_sequence_breaks_a_law(&short(blue_green(MANUAL)), 3);
}

#[test]
fn no_sequence_breaks_a_law_of_a_rolling_rollout() {
    no_sequence_breaks_a_law(&short(rolling()), 3);
}

#[test]
fn no_sequence_breaks_a_law_when_a_release_is_recreated() {
    no_sequence_breaks_a_law(&short(recreate()), 3);
}

#[test]
fn no_sequence_of_several_releases_breaks_a_law() {
    let plans = [canary(OnThinEvidence::Hold, Gate::Evidence), short(recreate())];
    for (plan, other) in [(&plans[0], &plans[1]), (&plans[1], &plans[0])] {
        let happenings = everything_at_once(plan, other);
        for world in begun(plan) {
            try_all(&world, &happenings, 3, &mut Vec::new());
        }
    }
}
