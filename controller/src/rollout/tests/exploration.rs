//! Every way there is. Worlds that cannot differ in what they will do are one; from each of them everything that can
//! happen happens, until nothing new is found. With seconds as the grain of time this covers every sequence of events
//! of every length.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan};

use super::happenings::{Happening, everything, everything_at_once, everything_for_good, other_breaches};
use super::world::{Key, World};
use super::{MANUAL, blue_green, gated, laws, on_thin, plan, recreate, rolling};
use crate::rollout::{PhaseName, Reason};

/// What was found on all ways.
struct Exploration {
    happenings: Vec<Happening>,
    worlds: Vec<World>,
    /// From which world each was first reached, and by which happening.
    origins: Vec<Option<(usize, usize)>>,
    known: HashMap<Key, usize>,
    reasons: HashSet<Reason>,
}

// === impl Exploration ===

impl Exploration {
    fn of(happenings: Vec<Happening>) -> Self {
        let world = World::new();
        let mut exploration = Self {
            happenings,
            known: HashMap::from([(world.key(), 0)]),
            worlds: vec![world],
            origins: vec![None],
            reasons: HashSet::new(),
        };
        let mut next = 0;
        while next < exploration.worlds.len() {
            for happening in 0..exploration.happenings.len() {
                if !exploration.worlds[next].is_too_much(&exploration.happenings[happening]) {
                    exploration.go(next, happening);
                }
            }
            next += 1;
        }
        exploration
    }

    fn go(&mut self, origin: usize, happening: usize) {
        let (before, by) = (&self.worlds[origin], &self.happenings[happening]);
        let (after, answer, law) = laws::step(before, by);
        assert!(law.is_none(), "{law:?} is broken\n{}\nanswer: {answer:?}", self.way(origin, happening));
        self.reasons.extend(answer.ok().flatten().map(|transition| transition.reason));
        let key = after.key();
        if !self.known.contains_key(&key) {
            self.known.insert(key, self.worlds.len());
            self.worlds.push(after);
            self.origins.push(Some((origin, happening)));
        }
    }

    /// The shortest way to what happened last, by which it can be told again.
    fn way(&self, origin: usize, happening: usize) -> String {
        let mut way = vec![format!("{:?}", self.happenings[happening])];
        let mut place = origin;
        while let Some((origin, happening)) = self.origins[place] {
            way.push(format!("{:?}", self.happenings[happening]));
            place = origin;
        }
        way.reverse();
        format!("way:\n  {}\nfrom: {:?}", way.join("\n  "), self.worlds[origin].rollout)
    }

    fn phases(&self) -> HashSet<PhaseName> {
        self.worlds.iter().map(|world| world.rollout.phase().name()).collect()
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The same plan with clocks that run out within a few seconds.
fn quick(mut plan: Plan, min: u64, max: u64) -> Plan {
    for step in &mut plan.steps {
        (step.min_duration, step.max_duration) = (seconds(min), seconds(max));
        if let Gate::Manual { deadline } = &mut step.gate {
            *deadline = seconds(max);
        }
    }
    Plan { ready_timeout: seconds(max), probation: seconds(min), drain_timeout: seconds(min), ..plan }
}

/// The usual order, no minimum, a maximum below the minimum, a long wait, and no wait at all.
const CLOCKS: [(u64, u64); 5] = [(1, 2), (0, 1), (2, 1), (1, 4), (3, 3)];

/// Every plan of so many steps: every choice for thin evidence, every set of manual gates, and clocks of these kinds.
fn plans(steps: usize, clocks: &[(u64, u64)]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for choice in [OnThinEvidence::Hold, OnThinEvidence::Promote, OnThinEvidence::Abort] {
        for gates in 0..1_u32 << steps {
            for &(min, max) in clocks {
                let mut plan = on_thin(choice, plan(&[10, 25, 50][..steps]));
                for (index, step) in plan.steps.iter_mut().enumerate() {
                    step.gate = if gates & 1 << index == 0 { Gate::Evidence } else { MANUAL };
                }
                plans.push(quick(plan, min, max));
            }
        }
    }
    plans
}

/// Explores what a release can do that has the service for itself. The phases and the reasons that were met.
fn explore(plans: Vec<Plan>) -> (HashSet<PhaseName>, HashSet<Reason>) {
    let (mut phases, mut reasons) = (HashSet::new(), HashSet::new());
    for plan in plans {
        let exploration = Exploration::of(everything(&plan).into_iter().chain(other_breaches()).collect());
        phases.extend(exploration.phases());
        reasons.extend(exploration.reasons);
    }
    (phases, reasons)
}

#[track_caller]
fn assert_met((phases, reasons): (HashSet<PhaseName>, HashSet<Reason>), expected: (usize, usize)) {
    assert_eq!((phases.len(), reasons.len()), expected, "{phases:?} {reasons:?}");
}

#[test]
fn no_way_through_a_plan_without_steps_breaks_a_law() {
    // Nothing is judged but probation: there is no certificate, policy, approval, hold, freeze or pause.
    assert_met(explore(plans(0, &CLOCKS)), (4, 12));
}

#[test]
fn no_way_through_a_plan_of_one_step_breaks_a_law() {
    assert_met(explore(plans(1, &CLOCKS)), (7, 21));
}

#[test]
fn no_way_through_a_plan_of_two_steps_breaks_a_law() {
    assert_met(explore(plans(2, &CLOCKS[..3])), (7, 21));
}

#[test]
fn no_way_through_a_plan_of_three_steps_breaks_a_law() {
    assert_met(explore(plans(3, &CLOCKS[..2])), (7, 21));
}

#[test]
fn no_way_from_blue_to_green_breaks_a_law() {
    let by_time = blue_green(Gate::Time);
    let by_hand = blue_green(MANUAL);
    assert_met(explore(vec![quick(by_time, 1, 2), quick(by_hand, 1, 2)]), (7, 18));
}

#[test]
fn no_way_from_instance_to_instance_breaks_a_law() {
    assert_met(explore(vec![quick(rolling(), 1, 2), quick(gated(MANUAL, rolling()), 2, 1)]), (7, 20));
}

#[test]
fn no_way_of_one_in_the_place_of_the_other_breaks_a_law() {
    assert_met(explore(vec![quick(recreate(), 1, 2), quick(recreate(), 2, 1)]), (5, 14));
}

#[test]
fn no_way_of_what_only_a_human_sends_back_breaks_a_law() {
    let others = [quick(blue_green(MANUAL), 1, 2), quick(rolling(), 1, 2), quick(recreate(), 1, 2)];
    for plan in plans(1, &CLOCKS[..2]).into_iter().chain(plans(2, &CLOCKS[..1])).chain(others) {
        let exploration = Exploration::of(everything_for_good(&plan));
        assert!(exploration.phases().contains(&PhaseName::Held), "{plan:?}");
    }
}

#[test]
fn no_way_of_several_releases_breaks_a_law() {
    let canary = || quick(plan(&[10]), 1, 2);
    let others = [canary(), quick(blue_green(MANUAL), 1, 1), quick(recreate(), 1, 1)];
    for (plan, other) in others.iter().flat_map(|plan| others.iter().map(move |other| (plan, other))) {
        let exploration = Exploration::of(everything_at_once(plan, other));
        for reason in [Reason::Superseded, Reason::Queued, Reason::Turn, Reason::Obsolete, Reason::Drained] {
            assert!(exploration.reasons.contains(&reason), "{reason:?} is never given");
        }
    }
}
