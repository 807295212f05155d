//! The label of a reason, said to a human.

/// The sentence of a reason; the label itself if it is one of a newer canaryd.
pub(super) fn why(label: &str) -> &str {
    match label {
        "command" => "an operator's command",
        "ready" => "every backend of the canary passes its probe",
        "certificate" => "the evidence certified the canary for this share",
        "policy" => "the evidence stayed thin, and the plan went on",
        "thin-evidence" => "too little traffic for a verdict in the step's time",
        "approval" => "the evidence is good, and the step wants a human's word",
        "error-rate" => "the canary fails more requests than stable",
        "latency-p50" => "the canary is slower than stable (p50 latency)",
        "latency-p90" => "the canary is slower than stable (p90 latency)",
        "latency-p99" => "the canary is slower than stable (p99 latency)",
        "never-ready" => "the canary's backends did not pass their probes in time",
        "unready" => "no backend of the canary passes its probe any more",
        "stable-unready" => "stable has no ready backend; the canary serves, unscored",
        "stable-ready" => "stable has a ready backend again",
        "probation-over" => "the probation is over",
        _ => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Metric;
    use crate::rollout::Reason;

    #[test]
    fn every_reason_has_a_sentence() {
        let reasons = [
            Reason::Command,
            Reason::Ready,
            Reason::Certificate,
            Reason::Policy,
            Reason::ThinEvidence,
            Reason::Approval,
            Reason::NeverReady,
            Reason::Unready,
            Reason::StableUnready,
            Reason::StableReady,
            Reason::ProbationOver,
        ];
        for reason in reasons.into_iter().chain(Metric::ALL.map(Reason::Breach)) {
            assert!(why(reason.label()).contains(' '), "{reason:?}");
        }
    }
}
