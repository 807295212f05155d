//! How a release becomes stable without a trial: as nothing else is left, or at an operator's word.

use canary_config::name::ReleaseId;

use crate::rollout::{Phase, Raises, Reason, Refusal, Rollout, Transition};

// === impl Rollout ===

impl Rollout {
    /// Makes a release stable that an operator names. Clients are newly exposed to it, so a freeze forbids it.
    pub(super) fn adopt(&mut self, release: ReleaseId, raises: Raises) -> Result<Transition, Refusal> {
        match self.phase.trial() {
            _ if raises == Raises::Frozen => Err(Refusal::Frozen),
            _ if release == self.stable => Err(Refusal::AlreadyStable(release)),
            Some(trial) => Err(Refusal::Busy { canary: trial.canary.clone(), phase: self.phase.name().label() }),
            None => Ok(self.take_over(release, Reason::Adopted)),
        }
    }

    /// Stable has no instance left, and this release alone can serve, freeze or not. While another one is on trial, that
    /// is an operator's affair.
    pub(super) fn replace(&mut self, release: ReleaseId) -> Option<Transition> {
        let is_at_rest = self.phase.trial().is_none() && release != self.stable;
        is_at_rest.then(|| self.take_over(release, Reason::Replaced))
    }

    /// It counts as a try of its own, which nobody judged.
    fn take_over(&mut self, release: ReleaseId, reason: Reason) -> Transition {
        self.generation = self.generation.next();
        self.settle_on(release.clone());
        Transition { canary: Some(release), ..self.enter(Phase::Idle, reason) }
    }
}
