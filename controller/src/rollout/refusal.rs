//! Why a command must not be done now.

use canary_config::name::ReleaseId;

/// A command that this phase does not allow. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A start while another rollout is under way.
    #[error("a rollout of {canary} is {phase}; abort it or wait for its end")]
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
}
