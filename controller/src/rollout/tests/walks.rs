//! Long ways at random, under plans at random. Nothing is taken for the same here: neither two generations nor two
//! moments, so what `exploration` leaves out is walked over. A failure names the seed that replays it.

use std::time::Duration;

use canary_config::plan::{Gate, OnThinEvidence, Plan, Strategy};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::happenings::{Happening, everything, everything_at_once, other_breaches};
use super::world::World;
use super::{laws, plan};
use crate::rollout::{Command, Event, Judgement, Raises, Readiness};

const WALKS: u64 = 10_000;
const STEPS: usize = 200;

fn random_plan(rng: &mut SmallRng) -> Plan {
    let mut random = || Duration::from_millis(rng.random_range(0..5) * 500);
    let (ready_timeout, probation, drain_timeout, deadline) = (random(), random(), random(), random());
    let strategy = Strategy::ALL[rng.random_range(0..Strategy::ALL.len())];
    let mut plan = match strategy {
        Strategy::Recreate => plan(&[]),
        Strategy::BlueGreen => plan(&[0]),
        Strategy::Canary | Strategy::Rolling => plan(&[1, 5, 10, 25, 50][..rng.random_range(0..=5)]),
    };
    for step in &mut plan.steps {
        step.min_duration = Duration::from_millis(rng.random_range(0..5) * 500);
        step.max_duration = Duration::from_millis(rng.random_range(0..5) * 500);
        let gates = [Gate::Evidence, Gate::Time, Gate::Manual { deadline }];
        step.gate = gates[if rng.random_bool(0.6) { 0 } else { rng.random_range(0..gates.len()) }];
    }
    let choices = [OnThinEvidence::Hold, OnThinEvidence::Promote, OnThinEvidence::Abort];
    let on_thin_evidence = choices[rng.random_range(0..choices.len())];
    Plan { strategy, ready_timeout, probation, drain_timeout, on_thin_evidence, ..plan }
}

/// Whether it ends a trial, or may. Most of them are left out, or no walk would come far.
fn is_an_end(happening: &Happening) -> bool {
    match happening {
        Happening::Passed(_) => false,
        Happening::Restarted(_) | Happening::Ruled(Raises::Frozen | Raises::Gated) => true,
        Happening::Ruled(Raises::Allowed) => false,
        Happening::Told(event) => matches!(
            event,
            Event::Commanded { command: Command::Abort | Command::Undo, .. }
                | Event::Judged(Judgement::Breach(_))
                | Event::Probed { canary: Readiness::None, .. }
        ),
    }
}

fn random_happening(happenings: &[Happening], rng: &mut SmallRng) -> Happening {
    if rng.random_bool(0.3) {
        return Happening::Passed(Duration::from_millis(rng.random_range(1..=1_000)));
    }
    let happening = &happenings[rng.random_range(0..happenings.len())];
    if is_an_end(happening) && rng.random_bool(0.8) { Happening::Told(Event::Ticked) } else { happening.clone() }
}

/// Walks the way of this seed. The number of generations that it saw.
fn walk(seed: u64) -> u64 {
    let mut rng = SmallRng::seed_from_u64(seed);
    let (plan, other) = (random_plan(&mut rng), random_plan(&mut rng));
    let breaches = other_breaches().collect();
    let happenings = [everything(&plan), everything_at_once(&plan, &other), breaches].concat();
    let mut world = World::new();
    for step in 0..STEPS {
        let happening = random_happening(&happenings, &mut rng);
        let (after, answer, law) = laws::step(&world, &happening);
        assert!(
            law.is_none(),
            "seed {seed}, step {step}: {law:?} is broken\n{happening:?}\nfrom {world:?}\n{answer:?}"
        );
        world = after;
    }
    world.rollout.generation().get()
}

#[test]
fn no_long_way_breaks_a_law() {
    let generations: u64 = (0..WALKS).map(walk).sum();
    assert!(generations > WALKS * 2, "the walks come far: {generations} generations");
}
