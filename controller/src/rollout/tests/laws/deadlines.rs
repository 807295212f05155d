//! When time alone changes something: exactly then, and never before.

use std::time::{Duration, Instant};

use canary_config::plan::{Gate, Strategy};

use super::{Law, Seen};
use crate::rollout::tests::scenario::probed;
use crate::rollout::tests::world::{World, hold, position, weight_at};
use crate::rollout::{Event, Hold, Phase, PhaseName, Raises, Readiness};

pub(super) const LAWS: [Law; 2] = [
    ("the deadline is when time alone changes something", the_deadline_is_exact),
    ("what waits begins at the first tick that finds the way free", what_waits_begins_at_the_first_tick),
];

/// How long the phase may last.
fn limit(phase: &Phase) -> Option<Duration> {
    let trial = phase.trial()?;
    let step = phase.step().and_then(|step| trial.plan.steps.get(step));
    match (phase.name(), step.map(|step| step.gate)) {
        (PhaseName::Draining, _) => Some(trial.plan.drain_timeout),
        (PhaseName::Preparing, _) => Some(trial.plan.ready_timeout),
        (PhaseName::Probation, _) => Some(trial.plan.probation),
        (PhaseName::Progressing, Some(Gate::Time)) => step.map(|step| step.min_duration),
        (PhaseName::Held, Some(Gate::Manual { deadline })) if hold(phase) == Some(Hold::Approval) => Some(deadline),
        _ => None,
    }
}

/// Whether a freeze keeps what is due from being done.
fn is_barred(World { rollout, taken, .. }: &World) -> bool {
    let phase = rollout.phase();
    let weight = |ahead| weight_at(phase, position(phase).map(|position| position + ahead));
    let is_stable_serving = rollout.is_stable_serving();
    match phase.name() {
        PhaseName::Preparing => is_stable_serving && weight(0) > *taken,
        PhaseName::Progressing => weight(1) > rollout.weight(),
        // It would take stable away.
        PhaseName::Draining => {
            let strategy = phase.trial().map(|trial| trial.plan.strategy);
            is_stable_serving && strategy == Some(Strategy::Recreate)
        }
        _ => false,
    }
}

/// Whether a test that has to be passed keeps what is due from being done.
fn is_gated(World { rollout, .. }: &World) -> bool {
    let phase = rollout.phase();
    let next = weight_at(phase, position(phase).map(|position| position + 1));
    match phase.name() {
        PhaseName::Preparing => true,
        PhaseName::Progressing => next > rollout.weight(),
        _ => false,
    }
}

fn the_deadline_is_exact(seen: &Seen) -> bool {
    let rollout = &seen.after.rollout;
    if *rollout == seen.before.rollout {
        return true;
    }
    let is_moved = |now: Instant, raises: Raises| {
        // A canary is never ready by what the probes say, and everything else by the clock.
        let event = if rollout.phase().name() == PhaseName::Preparing {
            probed(Readiness::All, Readiness::Some)
        } else {
            Event::Ticked
        };
        rollout.clone().handle(event, now, raises).is_ok_and(|transition| transition.is_some())
    };
    let phase = rollout.phase();
    let expected = phase.since().zip(limit(phase)).map(|(since, limit)| since + limit);
    if rollout.next_deadline() != expected {
        return false;
    }
    match expected {
        Some(deadline) => {
            is_moved(deadline, Raises::Allowed)
                && is_moved(deadline, Raises::Frozen) != is_barred(seen.after)
                && is_moved(deadline, Raises::Gated) != is_gated(seen.after)
                && !is_moved(deadline - Duration::from_nanos(1), Raises::Allowed)
        }
        None => {
            let waits = phase.trial().is_none() && !rollout.queue().is_empty();
            waits == is_moved(seen.after.now + Duration::from_secs(1_000_000_000), Raises::Allowed)
        }
    }
}

fn what_waits_begins_at_the_first_tick(seen: &Seen) -> bool {
    let waits = seen.was_free() && !seen.is_frozen() && !seen.before.queue.is_empty();
    !(waits && seen.is_ticked()) || seen.after.rollout.queue().len() + 1 == seen.before.queue.len()
}
