//! How a release is brought to all requests: the weights to go through, and what each of them needs.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cohort::Assignment;
use crate::criteria::Criteria;
use crate::defaults;
use crate::weight::Weight;

/// The most steps that a rollout may have.
pub const STEPS_MAX: usize = 32;

/// The steps, clocks and criteria of one rollout. It is copied when a rollout starts and does not change under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The shape of the rollout. Default canary.
    pub strategy: Strategy,
    /// The weights below 100 %, rising. The step after the last of them is 100 % itself. Default 10 % and 25 %.
    ///
    /// A blue-green plan has one, at 0 %, and one that recreates has none. A rolling plan as it is declared has one at
    /// 0 % that no rollout ever stands at: the template from which [`Plan::for_instances`] makes the steps.
    pub steps: Vec<Step>,
    /// How long the new release's backends may take to pass their probes before the rollout is aborted. Default 60 s.
    pub ready_timeout: Duration,
    /// What happens at the end of a step that traffic was too thin to judge. Default hold.
    pub on_thin_evidence: OnThinEvidence,
    /// How long the old release stays warm after 100 %. Default 10 min.
    pub probation: Duration,
    /// What counts as bad, and how sure the judge must be.
    pub criteria: Criteria,
    /// By what a request falls to the canary. Default by request.
    #[serde(default)]
    pub assignment: Assignment,
    /// What becomes of a start while another rollout of the service is under way. Default reject.
    #[serde(default)]
    pub on_busy: OnBusy,
    /// How long requests in flight at a release that has to go first may take to end. Default 30 s.
    #[serde(default = "defaults::drain_timeout")]
    pub drain_timeout: Duration,
}

/// One weight below 100 %, and how long the rollout stays at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The canary's share during this step. At 0 % the canary stands ready and waits for its gate.
    pub weight: Weight,
    /// How many of the canary's instances take part; all of them, if nothing is said. In the template of a rolling
    /// plan: how many join at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<NonZeroUsize>,
    /// The step lasts at least this long, however good the evidence. Default 60 s for a canary, 10 s for a rolling
    /// plan, nothing for blue-green.
    pub min_duration: Duration,
    /// After this long without enough evidence, [`OnThinEvidence`] decides. Default 15 min. Where no evidence is waited
    /// for (at 0 %, and where time alone opens the gate) it means nothing, and is `min_duration`.
    pub max_duration: Duration,
    /// Who opens the way to the next step.
    pub gate: Gate,
}

/// Who opens the way out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "KeptGate")]
pub enum Gate {
    /// The evidence alone.
    Evidence,
    /// A human, by `canaryctl promote`, once the evidence is good. At 0 % there is no evidence to wait for.
    Manual {
        /// After this long without a human's word the rollout is aborted. Default 24 h.
        deadline: Duration,
    },
    /// The step's minimum time alone; a breach still aborts.
    Time,
}

/// A gate as any canaryd has kept it: the first one had a manual gate without a deadline.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", untagged)]
enum KeptGate {
    Word(GateWord),
    Manual { manual: KeptManual },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum GateWord {
    Evidence,
    Manual,
    Time,
}

#[derive(Deserialize)]
struct KeptManual {
    deadline: Duration,
}

/// The shape of a rollout. All shapes are plans of the same machine and have the same verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The new release gets a rising share of the real traffic and is judged at each step.
    Canary,
    /// The new release stands ready at 0 %, and gets all requests at once when its gate opens.
    BlueGreen,
    /// The new release's instances join some at a time, each with its part of the requests.
    Rolling,
    /// The old release leaves, and then the new one takes its place; in between nobody serves.
    Recreate,
}

/// What becomes of a start while another rollout of the service is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBusy {
    /// It is refused.
    #[default]
    Reject,
    /// The canary that is under way goes to zero and drains, then the new one begins. A release in probation becomes
    /// stable instead, so that nobody's version changes.
    Supersede,
    /// It waits until the rollout has ended.
    Queue,
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
    /// Every strategy.
    pub const ALL: [Self; 4] = [Self::Canary, Self::BlueGreen, Self::Rolling, Self::Recreate];

    /// The word for it in the file, in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::BlueGreen => "blue-green",
            Self::Rolling => "rolling",
            Self::Recreate => "recreate",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Plan ===

impl Plan {
    /// The same with another shape: criteria, clocks and deadlines stay, and the steps are those that the strategy has by
    /// itself. Where a human has a word somewhere in this plan, a human has it in that one, too.
    #[must_use]
    pub fn by(&self, strategy: Strategy) -> Self {
        if strategy == self.strategy {
            return self.clone();
        }
        let manual = self.steps.iter().map(|step| step.gate).find(|gate| matches!(gate, Gate::Manual { .. }));
        let step = |weight, gate, (min_duration, max_duration)| Step {
            weight,
            instances: None,
            min_duration,
            max_duration,
            gate,
        };
        let steps = match strategy {
            Strategy::Canary => {
                let stay = (defaults::STEP_MIN_DURATION, defaults::STEP_MAX_DURATION);
                let gate = manual.unwrap_or(Gate::Evidence);
                defaults::weights(self.criteria.profile).map(|weight| step(weight, gate, stay)).collect()
            }
            Strategy::BlueGreen => {
                vec![step(Weight::ZERO, manual.unwrap_or(Gate::Time), (Duration::ZERO, Duration::ZERO))]
            }
            Strategy::Rolling => {
                let stay = (defaults::ROLLING_MIN_DURATION, defaults::ROLLING_MIN_DURATION);
                vec![Step { instances: Some(NonZeroUsize::MIN), ..step(Weight::ZERO, Gate::Time, stay) }]
            }
            Strategy::Recreate => Vec::new(),
        };
        Self { strategy, steps, ..self.clone() }
    }

    /// The plan for a release with so many instances. The template of a rolling plan becomes as many steps as it takes
    /// for all but the last of them to join, each with the share that its instances are of all; with too many for
    /// [`STEPS_MAX`], more join at a time. One that joins whole has no step. Every other plan stays as it is.
    #[must_use]
    pub fn for_instances(&self, instances: NonZeroUsize) -> Self {
        let is_template = |step: &&Step| self.strategy == Strategy::Rolling && step.weight == Weight::ZERO;
        let Some(template) = self.steps.first().filter(is_template) else {
            return self.clone();
        };
        let batch = template.instances.map_or(1, NonZeroUsize::get);
        let batch = batch.max(instances.get().div_ceil(STEPS_MAX));
        let joined = (1..=STEPS_MAX).filter_map(|step| NonZeroUsize::new(step.saturating_mul(batch)));
        let below_all = joined.take_while(|joined| *joined < instances);
        let step = |joined: NonZeroUsize| {
            let weight = Weight::part_of_whole(joined.get(), instances.get());
            Step { weight, instances: Some(joined), ..template.clone() }
        };
        Self { steps: below_all.map(step).collect(), ..self.clone() }
    }
}

// === impl Gate ===

impl Gate {
    /// The word for it in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Manual { .. } => "manual",
            Self::Time => "time",
        }
    }
}

impl From<KeptGate> for Gate {
    fn from(kept: KeptGate) -> Self {
        match kept {
            KeptGate::Word(GateWord::Evidence) => Self::Evidence,
            KeptGate::Word(GateWord::Time) => Self::Time,
            KeptGate::Word(GateWord::Manual) => Self::Manual { deadline: defaults::APPROVAL_DEADLINE },
            KeptGate::Manual { manual: KeptManual { deadline } } => Self::Manual { deadline },
        }
    }
}

// === impl OnBusy ===

impl OnBusy {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Reject, Self::Supersede, Self::Queue];

    /// The word for it in the file, on the command line and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Supersede => "supersede",
            Self::Queue => "queue",
        }
    }
}

impl fmt::Display for OnBusy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl OnThinEvidence ===

impl OnThinEvidence {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Hold, Self::Promote, Self::Abort];

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
