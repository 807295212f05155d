//! Every change has its cause, and every cause its effect.

use canary_config::plan::{Gate, OnBusy, OnThinEvidence};
use canary_config::weight::Weight;

use super::{Law, Seen};
use crate::analysis::Ground;
use crate::rollout::tests::scenario::{FAVOURABLE, PASS};
use crate::rollout::tests::world::{hold, is_standing, position, weight_at};
use crate::rollout::{Again, Command, Event, Hold, Judgement, PhaseName, Readiness, Reason};

pub(super) const LAWS: [Law; 2] =
    [("every reason has its cause", every_reason_has_its_cause), ("what is due is done", what_is_due_is_done)];

fn every_reason_has_its_cause(seen: &Seen) -> bool {
    let Some(reason) = seen.reason() else { return true };
    let is_probed = matches!(seen.event(), Some(Event::Probed { .. }));
    let limits = seen.phase().trial().map(|trial| &trial.plan);
    match reason {
        Reason::Command => seen.command().is_some(),
        Reason::Ready => is_ready(seen),
        Reason::Certificate => is_certified(seen, |gate| gate == Gate::Evidence),
        Reason::Approval => is_certified(seen, is_manual) && seen.to() == PhaseName::Held,
        Reason::Time => {
            seen.is_ticked()
                && seen.from() == PhaseName::Progressing
                && seen.step().is_some_and(|step| step.gate == Gate::Time && seen.compared_for(step.min_duration))
        }
        Reason::Policy => is_policy(seen),
        Reason::ThinEvidence => is_overdue(seen) && seen.from() == PhaseName::Progressing,
        Reason::NotApproved => {
            let deadline = if let Some(Gate::Manual { deadline }) = seen.gate() { Some(deadline) } else { None };
            seen.is_ticked() && seen.was_awaiting_approval() && deadline.is_some_and(|deadline| seen.lasted(deadline))
        }
        Reason::Breach(metric) => seen.is_judged(Judgement::Breach(Ground::Evidence(metric))),
        Reason::Guardrail(metric) => seen.is_judged(Judgement::Breach(Ground::Guardrail(metric))),
        Reason::Breaker(rule) => seen.is_judged(Judgement::Breach(Ground::Breaker(rule))),
        Reason::BlastRadius(limit) => seen.is_judged(Judgement::Breach(Ground::BlastRadius(limit))),
        Reason::SharedBreach => seen.is_judged(Judgement::Shared) && seen.from() == PhaseName::Progressing,
        Reason::SharedBreachOver => {
            matches!(seen.event(), Some(Event::Judged(Judgement::Pass | Judgement::Thin(_))))
                && hold(seen.phase()) == Some(Hold::SharedBreach)
        }
        Reason::NeverReady => {
            is_probed
                && !is_ready(seen)
                && seen.from() == PhaseName::Preparing
                && limits.is_some_and(|plan| seen.lasted(plan.ready_timeout))
        }
        Reason::Unready => is_probed && is_standing(seen.from()),
        Reason::StableUnready => is_probed && seen.to() == PhaseName::Paused,
        Reason::StableReady => is_probed && seen.from() == PhaseName::Paused && is_standing(seen.to()),
        Reason::ProbationOver => {
            seen.is_ticked()
                && seen.from() == PhaseName::Probation
                && limits.is_some_and(|plan| seen.lasted(plan.probation))
        }
        Reason::Charged(charge) => {
            seen.event() == Some(&Event::Charged(charge))
                && seen.phase().trial().is_some()
                && seen.is_sent_back_for(reason)
        }
        Reason::Adopted => {
            matches!(seen.command(), Some(Command::Adopt(release)) if seen.after.rollout.stable() == release)
        }
        Reason::Replaced => {
            matches!(seen.event(), Some(Event::Replaced(release)) if seen.after.rollout.stable() == release)
        }
        // Only others can be the cause: a peer, or a crash.
        Reason::Peer | Reason::Restarted | Reason::Overtaken => false,
        Reason::Superseded => asks_for(seen, OnBusy::Supersede) && seen.is_new_generation(),
        Reason::Queued => asks_for(seen, OnBusy::Queue) && !seen.is_new_generation(),
        Reason::Turn => takes_turn(seen) && seen.is_new_generation(),
        Reason::Obsolete => takes_turn(seen) && !seen.is_new_generation(),
        Reason::Drained => seen.event() == Some(&Event::Drained) && seen.from() == PhaseName::Draining,
        Reason::DrainTimeout => {
            seen.is_ticked()
                && seen.from() == PhaseName::Draining
                && limits.is_some_and(|plan| seen.lasted(plan.drain_timeout))
        }
    }
}

fn what_is_due_is_done(seen: &Seen) -> bool {
    let (before, after) = (seen.before.rollout.weight(), next_weight(seen));
    let is_barred = (seen.is_frozen() || seen.is_gated()) && after > before;
    let is_certified_enough = is_certified(seen, |gate| gate == Gate::Evidence) && !is_barred;
    let is_approvable = is_certified(seen, is_manual);
    let is_thin = is_overdue(seen)
        && seen.from() == PhaseName::Progressing
        && seen.gate() != Some(Gate::Time)
        && !(is_policy(seen) && is_barred);
    let is_policy = is_policy(seen) && !is_barred;
    let is_turn = takes_turn(seen);
    let is_begun = is_ready(seen) && !(seen.is_frozen() && goes_up(seen)) && !seen.is_gated();
    let is_charged =
        matches!(seen.event(), Some(Event::Charged(_))) && seen.phase().trial().is_some() && !seen.was_in_doubt();
    let is_due = is_certified_enough || is_approvable || is_thin || is_policy || is_turn || is_begun || is_charged;
    !is_due || seen.transition().is_some()
}

/// The share to which the step before leads.
fn next_weight(seen: &Seen) -> Weight {
    weight_at(seen.phase(), position(seen.phase()).map(|position| position + 1))
}

/// Whether to begin is to raise, and neither what has been begun already nor what an orderly stop took.
pub(super) fn goes_up(seen: &Seen) -> bool {
    weight_at(seen.phase(), position(seen.phase())) > seen.before.taken && seen.before.rollout.is_stable_serving()
}

fn is_ready(seen: &Seen) -> bool {
    seen.from() == PhaseName::Preparing && matches!(seen.event(), Some(Event::Probed { canary: Readiness::All, .. }))
}

fn is_manual(gate: Gate) -> bool {
    matches!(gate, Gate::Manual { .. })
}

/// Whether the evidence is good, the step has lasted its minimum, and this is its gate.
fn is_certified(seen: &Seen, is_gate: fn(Gate) -> bool) -> bool {
    seen.is_judged(PASS)
        && matches!(seen.from(), PhaseName::Progressing | PhaseName::Held)
        && !seen.was_awaiting_approval()
        && !seen.was_in_doubt()
        && seen.step().is_some_and(|step| is_gate(step.gate) && seen.compared_for(step.min_duration))
}

fn is_policy(seen: &Seen) -> bool {
    let choice = seen.phase().trial().map(|trial| trial.plan.on_thin_evidence);
    seen.is_judged(FAVOURABLE)
        && is_overdue(seen)
        && choice == Some(OnThinEvidence::Promote)
        && seen.gate() == Some(Gate::Evidence)
}

/// Whether the evidence is thin, and the step has lasted all that it may.
fn is_overdue(seen: &Seen) -> bool {
    matches!(seen.event(), Some(Event::Judged(Judgement::Thin(_))))
        && matches!(seen.from(), PhaseName::Progressing | PhaseName::Held)
        && !seen.was_in_doubt()
        && seen.step().is_some_and(|step| seen.compared_for(step.min_duration.max(step.max_duration)))
}

fn asks_for(seen: &Seen, on_busy: OnBusy) -> bool {
    !seen.was_free() && matches!(seen.command(), Some(Command::Start(start)) if start.on_busy == on_busy)
}

fn takes_turn(seen: &Seen) -> bool {
    seen.is_ticked() && seen.was_free() && !seen.is_frozen() && !seen.before.queue.is_empty()
}

/// What stands in the way of a release that waits, by what was remembered.
pub(super) fn is_obsolete(seen: &Seen) -> bool {
    seen.before.queue.front().is_some_and(|(release, again)| {
        release == seen.before.rollout.stable() || *again == Again::Refuse && seen.before.sent_back.contains(release)
    })
}
