//! Every way there is. Worlds that cannot differ in what they will do are one; from each of them everything that can
//! happen happens, until nothing new is found. With seconds as the grain of time this covers every sequence of events
//! of every length.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan};

use super::world::{Happening, Key, World, everything};
use super::{MANUAL, laws, on_thin, plan};
use crate::rollout::{PhaseName, Reason};

/// What was found on all ways of one plan.
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
    fn of(plan: &Plan) -> Self {
        let world = World::new(plan.clone());
        let mut exploration = Self {
            happenings: everything(plan),
            known: HashMap::from([(world.key(), 0)]),
            worlds: vec![world],
            origins: vec![None],
            reasons: HashSet::new(),
        };
        let mut next = 0;
        while next < exploration.worlds.len() {
            for happening in 0..exploration.happenings.len() {
                exploration.go(next, happening);
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
        let told = format!("way:\n  {}\nfrom: {:?}", way.join("\n  "), self.worlds[origin].rollout);
        let plan = format!("{:?}", self.worlds[0].plan);
        format!("plan: {plan}\n{}", told.replace(&plan, "PLAN"))
    }
}

/// Every plan of so many steps: every choice for thin evidence, every set of manual gates, and clocks of several kinds.
fn plans(steps: usize) -> Vec<Plan> {
    let mut plans = Vec::new();
    for choice in [OnThinEvidence::Hold, OnThinEvidence::Promote, OnThinEvidence::Abort] {
        for gates in 0..1_u32 << steps {
            // The usual order, no minimum, a maximum below the minimum, a long wait, and no wait at all.
            for (min, max) in [(1, 2), (0, 1), (2, 1), (1, 4), (3, 3)] {
                let mut plan = on_thin(choice, plan(&[10, 25, 50][..steps]));
                for (index, step) in plan.steps.iter_mut().enumerate() {
                    step.gate = if gates & 1 << index == 0 { Gate::Evidence } else { MANUAL };
                    (step.min_duration, step.max_duration) = (Duration::from_secs(min), Duration::from_secs(max));
                }
                (plan.ready_timeout, plan.probation) = (Duration::from_secs(max), Duration::from_secs(min));
                plans.push(plan);
            }
        }
    }
    plans
}

fn explore(steps: usize) {
    let (mut reasons, mut phases) = (HashSet::new(), HashSet::new());
    for plan in plans(steps) {
        let exploration = Exploration::of(&plan);
        reasons.extend(exploration.reasons);
        phases.extend(exploration.worlds.iter().map(|world| world.rollout.phase().name()));
    }
    // Without a step nothing is judged but probation: there is no certificate, policy, approval, hold or pause.
    assert_eq!(
        phases.len(),
        if steps == 0 { 4 } else { PhaseName::ALL.len() - 1 },
        "every phase is reached: {phases:?}"
    );
    assert_eq!(reasons.len(), if steps == 0 { 6 } else { 13 }, "every reason is given: {reasons:?}");
}

#[test]
fn no_way_through_a_plan_without_steps_breaks_a_law() {
    explore(0);
}

#[test]
fn no_way_through_a_plan_of_one_step_breaks_a_law() {
    explore(1);
}

#[test]
fn no_way_through_a_plan_of_two_steps_breaks_a_law() {
    explore(2);
}

#[test]
fn no_way_through_a_plan_of_three_steps_breaks_a_law() {
    explore(3);
}
