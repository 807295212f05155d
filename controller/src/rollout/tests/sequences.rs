//! Every sequence of four happenings behind a start, one by one: here nothing is taken for the same.

use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan};

use super::scenario::{commanded, probed, start_of};
use super::world::{Happening, World, everything};
use super::{MANUAL, laws, on_thin, plan};
use crate::rollout::{Command, Readiness};

const DEPTH: usize = 4;

/// A plan of two steps whose clocks run out within a sequence.
fn short(choice: OnThinEvidence, last_gate: Gate) -> Plan {
    let mut plan = on_thin(choice, plan(&[10, 25]));
    for step in &mut plan.steps {
        (step.min_duration, step.max_duration) = (Duration::ZERO, Duration::from_secs(1));
    }
    plan.steps[1].gate = last_gate;
    Plan { ready_timeout: Duration::from_secs(1), probation: Duration::from_secs(1), ..plan }
}

/// Tries every happening, and behind each of them every other. The number of sequences.
fn try_all<'a>(world: &World, happenings: &'a [Happening], way: &mut Vec<&'a Happening>) -> u64 {
    if way.len() == DEPTH {
        return 1;
    }
    let mut sequences = 0;
    for happening in happenings {
        let (after, answer, law) = laws::step(world, happening);
        assert!(law.is_none(), "{law:?} is broken\nway: {way:?}\nthen: {happening:?}\nfrom: {world:?}\n{answer:?}");
        way.push(happening);
        sequences += try_all(&after, happenings, way);
        way.pop();
    }
    sequences
}

fn no_sequence_breaks_a_law(choice: OnThinEvidence) {
    for gate in [Gate::Evidence, MANUAL] {
        let plan = short(choice, gate);
        let happenings = everything(&plan);
        let started = commanded(Command::Start(start_of("v2", plan.clone())));
        let preparing = World::new(plan).after(&Happening::Told(started)).0;
        let progressing = preparing.after(&Happening::Told(probed(Readiness::All, Readiness::All))).0;
        for world in [preparing, progressing] {
            let sequences = try_all(&world, &happenings, &mut Vec::new());
            assert_eq!(sequences, 23_u64.pow(4), "of {} happenings", happenings.len());
        }
    }
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_holds() {
    no_sequence_breaks_a_law(OnThinEvidence::Hold);
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_promotes() {
    no_sequence_breaks_a_law(OnThinEvidence::Promote);
}

#[test]
fn no_sequence_breaks_a_law_when_thin_evidence_aborts() {
    no_sequence_breaks_a_law(OnThinEvidence::Abort);
}
