//! What the judge has seen, in the words of the API.

use crate::analysis::{Evidence, MetricEvidence};
use crate::api::{EvidenceStatus, MetricStatus};
use crate::engine::managed::Managed;
use crate::rollout::PhaseName;

// === impl Managed ===

impl Managed {
    /// What the judge has seen, for the record.
    pub(in crate::engine) fn evidence(&self) -> Option<EvidenceStatus> {
        self.judged().map(|evidence| evidence_status(&evidence))
    }

    /// What the judge has seen of the trial that is under way, or of the one that was sent back last.
    pub(super) fn judged(&self) -> Option<Evidence> {
        let phase = self.rollout.phase();
        let is_shown = phase.trial().is_some() || phase.name() == PhaseName::Aborted;
        let case = self.hearings.present().filter(|_| is_shown)?;
        Some(case.ask(|inquiry| inquiry.evidence(phase.step().unwrap_or_default())))
    }
}

pub(super) fn evidence_status(evidence: &Evidence) -> EvidenceStatus {
    let difference = evidence.error_difference;
    EvidenceStatus {
        ln_abort: evidence.ln_harm,
        ln_abort_at: evidence.ln_harm_needed,
        metrics: evidence.metrics.iter().map(metric_status).collect(),
        ln_promote_at: evidence.ln_safe_needed,
        error_difference_percent: Some((difference.low * 100.0, difference.high * 100.0)),
    }
}

fn metric_status(metric: &MetricEvidence) -> MetricStatus {
    MetricStatus {
        metric: metric.metric.label().to_owned(),
        ln_abort: metric.ln_harm,
        ln_promote: metric.on.then_some(metric.ln_safe),
    }
}
