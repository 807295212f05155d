//! What became of each rollout, as the audit trail tells it. Pure.

use std::collections::BTreeMap;

use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::{Generation, PhaseName, Reason, Transition};

/// The rollouts of one service, the newest first, from its lines, the oldest first.
///
/// Where the first line of a rollout is gone, nobody knows when it began. One whose place another rollout took is
/// `idle` if its release had all requests by then, as it became stable; else `aborted`, for the reason `superseded`.
pub(super) fn summarize(entries: &[HistoryEntry]) -> Vec<RolloutSummary> {
    let mut summaries = BTreeMap::<Generation, RolloutSummary>::new();
    for entry in in_force(entries) {
        let Some(transition) = &entry.transition else { continue };
        match transition.reason {
            // It is about another release, and changes nothing of the rollout under whose number it is kept.
            Reason::Queued | Reason::Obsolete => continue,
            Reason::Superseded => {
                if let Some((_, before)) = summaries.range_mut(..transition.generation).next_back() {
                    supersede(before, &entry.at);
                }
            }
            _ => {}
        }
        let summary = summaries.entry(transition.generation).or_insert_with(|| begin(transition, &entry.at));
        go_on(summary, transition, &entry.at);
    }
    summaries.into_values().rev().collect()
}

/// The lines of changes, without those that were taken back before they were in force and those that say so.
fn in_force(entries: &[HistoryEntry]) -> Vec<&HistoryEntry> {
    let mut kept = Vec::new();
    for entry in entries {
        match &entry.transition {
            Some(transition) if transition.reason == Reason::Overtaken => drop(kept.pop()),
            Some(_) => kept.push(entry),
            None => {}
        }
    }
    kept
}

fn begin(transition: &Transition, at: &str) -> RolloutSummary {
    RolloutSummary {
        generation: transition.generation,
        canary: transition.canary.clone(),
        began_at: is_beginning(transition).then(|| at.to_owned()),
        changed_at: at.to_owned(),
        phase: transition.to,
        reason: transition.reason.label().to_owned(),
        weight_max_bp: transition.weight,
    }
}

fn go_on(summary: &mut RolloutSummary, transition: &Transition, at: &str) {
    if transition.canary.is_some() {
        summary.canary.clone_from(&transition.canary);
    }
    at.clone_into(&mut summary.changed_at);
    summary.phase = transition.to;
    transition.reason.label().clone_into(&mut summary.reason);
    summary.weight_max_bp = summary.weight_max_bp.max(transition.weight);
}

fn supersede(before: &mut RolloutSummary, at: &str) {
    before.phase = match before.phase {
        PhaseName::Idle | PhaseName::Aborted => return,
        PhaseName::Probation => PhaseName::Idle,
        _ => PhaseName::Aborted,
    };
    at.clone_into(&mut before.changed_at);
    Reason::Superseded.label().clone_into(&mut before.reason);
}

/// Whether a rollout began with this.
fn is_beginning(transition: &Transition) -> bool {
    let nothing_was_under_way = matches!(transition.from, PhaseName::Idle | PhaseName::Aborted);
    let is_before_any_share = matches!(transition.to, PhaseName::Draining | PhaseName::Preparing);
    is_before_any_share && (nothing_was_under_way || transition.reason == Reason::Superseded)
}
