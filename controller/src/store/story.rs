//! What became of each rollout, as the audit trail tells it. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow::{self, Break, Continue};

use canary_config::weight::Weight;

use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::{Generation, PhaseName, Reason, Transition};

/// The lines of one service that are worth reading to tell of its newest rollouts.
pub(super) struct Story {
    limit: usize,
    /// The lines of changes that were in force, the newest first.
    lines: Vec<(Transition, String)>,
    generations: BTreeSet<Generation>,
    /// The line just taken, if it takes back the one before it.
    taking_back: Option<Transition>,
}

// === impl Story ===

impl Story {
    /// It is to tell of so many rollouts.
    pub(super) fn of_the_newest(limit: usize) -> Self {
        Self { limit, lines: Vec::new(), generations: BTreeSet::new(), taking_back: None }
    }

    /// Takes the lines, the newest first, until it has enough.
    ///
    /// The generations of what was in force only ever rise. A change that was taken back has a number that is given
    /// again, so it neither counts as a rollout nor ends one; and if the line that takes it back is damaged, its number
    /// is too great to be the one before.
    pub(super) fn take(&mut self, entry: HistoryEntry) -> ControlFlow<()> {
        let Some(transition) = entry.transition else { return Continue(()) };
        if transition.reason == Reason::Overtaken {
            self.taking_back = Some(transition);
            return Continue(());
        }
        if self.taking_back.take().is_some_and(|overtaken| is_taken_back(&transition, &overtaken)) {
            return Continue(());
        }
        let is_older = self.generations.first().is_none_or(|oldest| transition.generation < *oldest);
        if is_older && self.generations.len() >= self.limit {
            return Break(());
        }
        self.generations.insert(transition.generation);
        self.lines.push((transition, entry.at));
        Continue(())
    }

    /// The rollouts, the newest first.
    ///
    /// Where the first line of a rollout is gone, nobody knows when it began. One whose place another rollout took is
    /// `idle` if its release had all requests by then, as it became stable; else `aborted`, for the reason `superseded`.
    pub(super) fn rollouts(&self) -> Vec<RolloutSummary> {
        let mut summaries = BTreeMap::<Generation, RolloutSummary>::new();
        for (transition, at) in self.lines.iter().rev() {
            match transition.reason {
                // It is about another release, and changes nothing of the rollout under whose number it is kept.
                Reason::Queued | Reason::Obsolete => continue,
                Reason::Superseded => {
                    if let Some((_, before)) = summaries.range_mut(..transition.generation).next_back() {
                        supersede(before, at);
                    }
                }
                _ => {}
            }
            let summary = summaries.entry(transition.generation).or_insert_with(|| begin(transition, at));
            go_on(summary, transition, at);
        }
        summaries.into_values().rev().take(self.limit).collect()
    }
}

// === functions ===

/// Whether the line before the one that takes a change back is that change. It may not be: that change may never have
/// been stored, or its line may be damaged.
fn is_taken_back(before: &Transition, overtaken: &Transition) -> bool {
    let standing = |transition: &Transition| (transition.to, transition.step, transition.weight);
    // What takes a change back says how the rollout stood without it. A line that says the same is the one that brought
    // it there; only the first line of a rollout that took another's place may look alike by chance.
    let is_how_it_stood = standing(before) == standing(overtaken) && before.reason != Reason::Superseded;
    (before.generation, before.to) == (overtaken.generation, overtaken.from) && !is_how_it_stood
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
        // It had all requests, and whoever takes its place leaves its version to them.
        PhaseName::Held if before.weight_max_bp == Weight::FULL => PhaseName::Idle,
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
