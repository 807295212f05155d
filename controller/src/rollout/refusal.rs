//! Why a command must not be done now.

use canary_config::name::{ReleaseId, ServiceName};

use crate::rollout::{Generation, Reason};

/// A command that this phase does not allow. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A start while another rollout is under way.
    #[error("a rollout of {canary} is {phase}; abort it, wait for its end, or start with --on-busy supersede or queue")]
    Busy {
        /// The release on trial.
        canary: ReleaseId,
        /// Where it is.
        phase: &'static str,
    },
    /// A start in probation.
    #[error("{canary} is in probation; `promote` ends it, `undo` takes the release back")]
    InProbation {
        /// The release on trial.
        canary: ReleaseId,
    },
    /// A start before anything is stable.
    #[error("nothing is stable yet, so there is nothing to compare with; name what serves with `adopt`")]
    NothingStable,
    /// A start of what is stable already.
    #[error("{0} is the stable release already")]
    AlreadyStable(ReleaseId),
    /// A command about a rollout when there is none.
    #[error("no rollout is under way; begin one with `start`")]
    NothingUnderWay,
    /// A promotion before the canary is ready.
    #[error("{0} has not passed its probes yet; wait, or see `status`")]
    NotReady(ReleaseId),
    /// A promotion to 100 % at 100 %.
    #[error("{0} has all requests already; `promote` without `--full` ends its probation")]
    AlreadyFull(ReleaseId),
    /// An undo before 100 %.
    #[error("{0} has not reached 100% yet; send it back with `abort`")]
    NotPromoted(ReleaseId),
    /// An undo after probation.
    #[error("nothing is in probation, so no old release is warm; begin a rollout of it with `start`")]
    NothingToUndo,
    /// A start of what was sent back before.
    #[error(
        "{release} was sent back before ({}, rollout {generation}); start it with --force to try it again",
        reason.label()
    )]
    SentBackBefore {
        /// The release.
        release: ReleaseId,
        /// By which try.
        generation: Generation,
        /// Why.
        reason: Reason,
    },
    /// A start or a raise during a freeze.
    #[error("frozen: nothing is started or raised; see `status`, and lift it with `unfreeze`")]
    Frozen,
    /// A promotion before a hook or a test has passed.
    #[error("a hook or a test of {0} is under way; wait for its end, see `status`")]
    Gated(ReleaseId),
    /// A retry of nothing.
    #[error("the last rollout was not aborted, so there is nothing to try again; begin one with `start`")]
    NothingToRetry,
    /// A pause of what is paused.
    #[error("the rollout of {0} is paused already; `resume` lets it go on")]
    AlreadyPaused(ReleaseId),
    /// A pause where there is no step to stay at.
    #[error("{0} goes to all requests at once, so there is no step to stay at; `abort` sends it back")]
    NothingToPauseAt(ReleaseId),
    /// A resumption of what goes on.
    #[error("no operator has paused the rollout of {0}")]
    NotPaused(ReleaseId),
    /// A start that would wait behind too many.
    #[error("{limit} releases wait for their turn already; abort the rollout or wait")]
    QueueFull {
        /// So many may wait.
        limit: usize,
    },
    /// A start that would tear a rollout of several services apart.
    #[error("a rollout of several services cannot {what}; abort what is under way, or wait for its end")]
    Joined {
        /// What it cannot do.
        what: &'static str,
    },
    /// A command about a rollout that is not the present one.
    #[error("the command is about rollout {expected}, and the present one is {present}; see `status`")]
    AnotherGeneration {
        /// The one that was meant.
        expected: Generation,
        /// The one that is under way or was the last.
        present: Generation,
    },
    /// A command that one of several services does not allow.
    #[error("{service}: {refusal}")]
    OfPeer {
        /// Which service.
        service: ServiceName,
        /// Why not.
        refusal: Box<Refusal>,
    },
}
