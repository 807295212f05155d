//! How a release is brought to all requests: the weights to go through, and what each of them needs.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::criteria::Criteria;
use crate::weight::Weight;

/// The steps, clocks and criteria of one rollout. It is copied when a rollout starts and does not change under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The shape of the rollout. Default canary.
    pub strategy: Strategy,
    /// The weights below 100 %, rising. The step after the last of them is 100 % itself. Default 10 % and 25 %.
    pub steps: Vec<Step>,
    /// How long the new release's backends may take to pass their probes before the rollout is aborted. Default 60 s.
    pub ready_timeout: Duration,
    /// What happens at the end of a step that traffic was too thin to judge. Default hold.
    pub on_thin_evidence: OnThinEvidence,
    /// How long the old release stays warm after 100 %. Default 10 min.
    pub probation: Duration,
    /// What counts as bad, and how sure the judge must be.
    pub criteria: Criteria,
}

/// One weight below 100 %, and how long the rollout stays at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The canary's share during this step.
    pub weight: Weight,
    /// The step lasts at least this long, however good the evidence. Default 60 s.
    pub min_duration: Duration,
    /// After this long without enough evidence, [`OnThinEvidence`] decides. Default 15 min.
    pub max_duration: Duration,
    /// Who opens the way to the next step.
    pub gate: Gate,
}

/// Who opens the way out of a step whose evidence is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// The evidence alone.
    Evidence,
    /// A human, by `canaryctl promote`, once the evidence is good.
    Manual,
}

/// The shape of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The new release gets a rising share of the real traffic and is judged at each step.
    Canary,
}

/// What happens when a step's time is up and there is too little traffic to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnThinEvidence {
    /// Stay at this weight until there is evidence or a human decides.
    Hold,
    /// Go on without a certificate, provided nothing speaks against it (see [`Criteria`]).
    Promote,
    /// Give up.
    Abort,
}

// === impl Strategy ===

impl Strategy {
    /// The word for it in the file, in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl OnThinEvidence ===

impl OnThinEvidence {
    /// The word for it in the file, in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Promote => "promote",
            Self::Abort => "abort",
        }
    }
}

impl fmt::Display for OnThinEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
