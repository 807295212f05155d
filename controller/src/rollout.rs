//! The rollout's decisions. Pure: time comes in as `now`, effects go out as [`Transition`].
//!
//! A [`Rollout`] is one service's way from a stable release to the next. [`Rollout::handle`] takes everything that can
//! happen and answers with what changed, or with why it must not. The weight is derived from the [`Phase`]; nothing
//! else sets it. Who publishes, stores and tells is the engine's affair.

mod adopt;
mod charge;
mod command;
mod deadline;
pub mod group;
mod judgement;
mod pause;
mod phase;
mod readiness;
mod reason;
mod refusal;
mod saved;
mod sent_back;
mod start;
mod transition;
mod trial;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::plan::Strategy;
use canary_config::weight::Weight;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::charge::Charge;
pub use self::command::{Command, Stride};
pub use self::judgement::{Inclination, Judgement};
pub use self::phase::{Hold, Leaving, Pause, Phase, PhaseName};
pub use self::readiness::Readiness;
pub use self::reason::Reason;
pub use self::refusal::Refusal;
pub use self::saved::{Saved, State, Stop};
pub use self::sent_back::SentBack;
pub use self::start::{Again, QUEUE_LIMIT, Start};
pub use self::transition::Transition;
pub use self::trial::{Position, Trial};

/// The number of one try at bringing a release to 100 %. The first is 1; 0 is before any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(maximum = 9_007_199_254_740_991_u64)]
pub struct Generation(u64);

/// What can happen to a rollout.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "an event is handed over once and never kept in numbers")]
pub enum Event {
    /// An operator said so.
    Commanded {
        /// What.
        command: Command,
        /// Of which try, if it must be that one.
        generation: Option<Generation>,
    },
    /// The probes were looked at. It is shown at every deadline too: a canary is given up as never ready by what the
    /// probes say then.
    Probed {
        /// What they say of the stable release.
        stable: Readiness,
        /// What they say of the canary, if there is one.
        canary: Readiness,
    },
    /// The ledgers were looked at.
    Judged(Judgement),
    /// The release that has to go, by the phase, has answered its last request.
    Drained,
    /// Another service of the same rollout was aborted.
    PeerAborted,
    /// What became of the canary's containers, or of the checks that it had to pass, sends it back.
    Charged(Charge),
    /// Stable has no instance left, and this release alone can serve.
    Replaced(ReleaseId),
    /// Time has passed.
    Ticked,
}

/// Whether a rollout may be started and a weight be raised now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Raises {
    /// They may.
    Allowed,
    /// A freeze forbids it.
    Frozen,
    /// A hook or a test of the try that is under way has to pass first: it goes no further, and is not given up for
    /// waiting. Nothing else is forbidden.
    Gated,
}

/// One service: what is stable, and where the try stands that is under way or was the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    stable: ReleaseId,
    generation: Generation,
    phase: Phase,
    queue: VecDeque<Start>,
    /// The last one last.
    sent_back: Vec<SentBack>,
}

// === impl Rollout ===

impl Rollout {
    /// A service that has never been rolled out.
    #[must_use]
    pub fn new(stable: ReleaseId) -> Self {
        let (generation, phase) = (Generation::default(), Phase::Idle);
        Self { stable, generation, phase, queue: VecDeque::new(), sent_back: Vec::new() }
    }

    /// Takes an event. What it changed is in the transition; an event that changes nothing gives none.
    ///
    /// # Errors
    /// A command that this phase does not allow; nothing has changed then.
    pub fn handle(&mut self, event: Event, now: Instant, raises: Raises) -> Result<Option<Transition>, Refusal> {
        match event {
            Event::Commanded { command, generation } => self.obey(command, generation, now, raises).map(Some),
            Event::Probed { stable, canary } => Ok(self.look(stable, canary, now, raises)),
            Event::Judged(judgement) => Ok(self.judge(judgement, now, raises)),
            Event::Drained => Ok(self.drained(Reason::Drained, now, raises)),
            Event::PeerAborted => Ok(if self.is_joined() { self.send_back(Reason::Peer, now) } else { None }),
            Event::Charged(charge) => Ok(self.send_back(Reason::Charged(charge), now)),
            Event::Replaced(release) => Ok(self.replace(release)),
            Event::Ticked => Ok(self.tick(now, raises)),
        }
    }

    /// The canary's share in this phase.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.phase.weight()
    }

    /// The release that clients are served by unless the weight says otherwise.
    #[must_use]
    pub fn stable(&self) -> &ReleaseId {
        &self.stable
    }

    /// The release on trial, while there is one.
    #[must_use]
    pub fn canary(&self) -> Option<&ReleaseId> {
        self.phase.trial().map(|trial| &trial.canary)
    }

    /// The number of the try that is under way or was the last.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Where the try stands.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// What waits for its turn, the next one first.
    #[must_use]
    pub fn queue(&self) -> &VecDeque<Start> {
        &self.queue
    }

    /// Whether stable may serve now. It may not while a release takes its place that cannot run beside it.
    #[must_use]
    pub fn is_stable_serving(&self) -> bool {
        let is_recreated = self.phase.trial().is_some_and(|trial| trial.plan.strategy == Strategy::Recreate);
        let is_superseded = matches!(&self.phase, Phase::Draining { leaving: Leaving::Canary(_), .. });
        !is_recreated || is_superseded
    }

    /// Whether other services move with this one.
    fn is_joined(&self) -> bool {
        self.phase.trial().is_some_and(|trial| !trial.peers.is_empty())
    }

    /// Goes on from a step, to the next one, or behind the last one to probation; not, where a freeze forbids it.
    fn advance(
        &mut self,
        trial: Trial,
        from: usize,
        reason: Reason,
        now: Instant,
        raises: Raises,
    ) -> Option<Transition> {
        let next = trial.after(from);
        self.may_enter(&trial, next, raises).then(|| self.enter_position(trial, next, reason, now))
    }

    fn enter_position(&mut self, trial: Trial, position: Position, reason: Reason, now: Instant) -> Transition {
        let phase = match position {
            Position::Step(step) if trial.doubt.is_some() => {
                Phase::Held { trial, step, since: now, hold: Hold::Irreversible }
            }
            // Without a request there is no evidence to wait for before the human.
            Position::Step(step) if trial.waits_for_approval_alone(step) => {
                Phase::Held { trial, step, since: now, hold: Hold::Approval }
            }
            Position::Step(step) => Phase::Progressing { trial, step, since: now },
            Position::PausedAt(step) => Phase::Paused { trial, step, since: now, pause: Pause::Command },
            Position::Full => Phase::Probation { trial, since: now },
        };
        self.enter(phase, reason)
    }

    /// Sends the canary back, on canaryd's own account. Where stable is not as good as before any more, it keeps the share
    /// that it has, and a human is asked: once. Before it has one, nobody is moved by it.
    fn send_back(&mut self, reason: Reason, now: Instant) -> Option<Transition> {
        let trial = self.phase.trial()?;
        if trial.is_reversible || self.weight() == Weight::ZERO {
            return Some(self.abort(reason));
        }
        if trial.doubt.is_some() {
            return None;
        }
        let trial = Trial { doubt: Some(reason), ..trial.clone() };
        let phase = match self.phase.step() {
            Some(step) => Phase::Held { trial, step, since: now, hold: Hold::Irreversible },
            None => Phase::Probation { trial, since: now },
        };
        Some(self.enter(phase, reason))
    }

    /// Takes the canary's share away for good.
    fn abort(&mut self, reason: Reason) -> Transition {
        let phase = match self.phase.trial().cloned() {
            Some(Trial { canary, peers, .. }) => {
                self.remember_sent_back(canary.clone(), reason);
                Phase::Aborted { canary, reason, peers }
            }
            None => Phase::Idle,
        };
        self.enter(phase, reason)
    }

    /// Makes the canary the stable release.
    fn complete(&mut self, reason: Reason) -> Option<Transition> {
        let canary = self.canary()?.clone();
        self.settle_on(canary);
        Some(self.enter(Phase::Idle, reason))
    }

    fn enter(&mut self, phase: Phase, reason: Reason) -> Transition {
        let from = self.phase.name();
        let before = self.canary().cloned();
        self.phase = phase;
        let canary = match &self.phase {
            Phase::Idle => before,
            Phase::Aborted { canary, .. } => Some(canary.clone()),
            phase => phase.trial().map(|trial| trial.canary.clone()),
        };
        Transition { from, ..self.remark(canary, reason) }
    }

    /// What takes back a change that was decided and never in force: this is how the rollout still stands.
    #[must_use]
    pub fn instead_of(&self, decided: &Transition) -> Transition {
        let here = self.remark(decided.canary.clone(), Reason::Overtaken);
        Transition { generation: decided.generation, from: decided.to, ..here }
    }

    /// A change that leaves the phase as it is.
    fn remark(&self, canary: Option<ReleaseId>, reason: Reason) -> Transition {
        let here = self.phase.name();
        let (step, weight) = (self.phase.step(), self.weight());
        Transition { generation: self.generation, canary, from: here, to: here, step, weight, reason }
    }
}

// === impl Generation ===

impl Generation {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
