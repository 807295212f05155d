//! What is tried, and the places on its way from zero to all requests.

use std::collections::BTreeSet;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::{Gate, Plan, Step};
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};

use crate::rollout::Reason;

/// The release on trial, and the plan by which it is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The release.
    pub canary: ReleaseId,
    /// The plan, as it was when the rollout started.
    pub plan: Plan,
    /// The other services that move with this one, as one rollout: one plan, one verdict.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub peers: BTreeSet<ServiceName>,
    /// Whether stable is as good as before once the canary has served. If it is not, only a human sends it back then.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub is_reversible: bool,
    /// What it would have been sent back for. Until a human says what becomes of it, it stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Reason>,
}

/// A place on the way from zero to all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Position {
    /// One of the plan's steps, counted from zero.
    Step(usize),
    /// The same, and there an operator wants it to stay.
    #[serde(rename = "paused-at")]
    PausedAt(usize),
    /// All requests.
    Full,
}

// === impl Trial ===

impl Trial {
    /// A trial of a release by itself, which may be sent back at any time.
    #[must_use]
    pub fn new(canary: ReleaseId, plan: Plan) -> Self {
        Self { canary, plan, peers: BTreeSet::new(), is_reversible: true, doubt: None }
    }

    /// A step of the plan.
    #[must_use]
    pub fn step(&self, step: usize) -> Option<&Step> {
        self.plan.steps.get(step)
    }

    /// Who opens the way out of a step.
    pub(super) fn gate(&self, step: usize) -> Gate {
        self.step(step).map_or(Gate::Evidence, |step| step.gate)
    }

    /// The canary's share at a position.
    pub(super) fn weight_at(&self, position: Position) -> Weight {
        match position {
            Position::Step(step) | Position::PausedAt(step) => self.step(step).map_or(Weight::ZERO, |step| step.weight),
            Position::Full => Weight::FULL,
        }
    }

    /// Whether the canary has no share at a step and waits there for a human.
    pub(super) fn waits_for_approval_alone(&self, step: usize) -> bool {
        self.step(step).is_some_and(|step| step.weight == Weight::ZERO && matches!(step.gate, Gate::Manual { .. }))
    }

    /// Where the way goes on behind a step.
    pub(super) fn after(&self, step: usize) -> Position {
        self.at(step + 1)
    }

    /// Where the way begins.
    pub(super) fn first(&self) -> Position {
        self.at(0)
    }

    fn at(&self, step: usize) -> Position {
        if step < self.plan.steps.len() { Position::Step(step) } else { Position::Full }
    }
}

// === impl Position ===

impl Position {
    /// The same place, where an operator wants the rollout to stay; nothing for all requests.
    pub(super) const fn paused(self) -> Option<Self> {
        match self {
            Self::Step(step) | Self::PausedAt(step) => Some(Self::PausedAt(step)),
            Self::Full => None,
        }
    }
}

const fn yes() -> bool {
    true
}
