//! What the judge has seen, in the words of the API.

use crate::analysis::Evidence;
use crate::api::EvidenceStatus;
use crate::engine::managed::Managed;
use crate::rollout::PhaseName;

// === impl Managed ===

impl Managed {
    /// What the judge has seen, for the record.
    pub(in crate::engine) fn evidence(&self) -> Option<EvidenceStatus> {
        self.judged().as_ref().map(EvidenceStatus::from)
    }

    /// What the judge has seen of the trial that is under way, or of the one that was sent back last.
    pub(in crate::engine) fn judged(&self) -> Option<Evidence> {
        let phase = self.rollout.phase();
        let is_shown = phase.trial().is_some() || phase.name() == PhaseName::Aborted;
        let case = self.hearings.present().filter(|_| is_shown)?;
        Some(case.ask(|inquiry| inquiry.evidence(phase.step().unwrap_or_default())))
    }
}
