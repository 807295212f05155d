//! The label of a reason, said to a human.

/// The sentence of a reason; the label itself if it is one of a newer canaryd.
pub(super) fn sentence(label: &str) -> &str {
    match label {
        "command" => "an operator's command",
        "ready" => "every backend of the canary passes its probe",
        "certificate" => "the evidence certified the canary for this share",
        "time" => "the step's time is over, and the plan asks for no more",
        "policy" => "the evidence stayed thin, and the plan went on",
        "thin-evidence" => "too little traffic for a verdict in the step's time",
        "approval" => "all is well so far, and the step wants a human's word",
        "not-approved" => "no human approved of the step in time",
        "error-rate" => "the canary fails more requests than stable",
        "latency-p50" => "the canary is slower than stable (p50 latency)",
        "latency-p90" => "the canary is slower than stable (p90 latency)",
        "latency-p99" => "the canary is slower than stable (p99 latency)",
        "guardrail-error-rate" => "the canary fails more requests than the guardrail allows",
        "guardrail-latency" => "the canary is slower than the guardrail allows",
        "never-healthy" => "the canary failed its first requests and never answered well",
        "no-connection" => "the canary refused several connections in a row",
        "failure-run" => "the canary failed several requests in a row",
        "failed-requests" => "the canary failed as many requests as the plan allows",
        "failed-users" => "the canary failed as many clients as the plan allows",
        "shared-breach" => "canary and stable both break a guardrail; the share stays as it is",
        "shared-breach-over" => "the guardrail that canary and stable broke is kept again",
        "never-ready" => "the canary's backends did not pass their probes in time",
        "unready" => "no backend of the canary passes its probe any more",
        "stable-unready" => "stable has no ready backend; the canary serves, unscored",
        "stable-ready" => "stable has a ready backend again",
        "probation-over" => "the probation is over",
        "peer" => "another service of the same rollout was aborted",
        "superseded" => "another rollout takes its place",
        "queued" => "it waits for the end of the rollout that is under way",
        "turn" => "the rollout before it has ended",
        "obsolete" => "its turn came, and it was stable already or aborted meanwhile",
        "drained" => "the release that had to go has answered its last request",
        "overtaken" => "the rollout was sent back before this was in force",
        "restarted" => "canaryd was killed, and begins before the first step again",
        "container-died" => "a container of the canary ended",
        "out-of-memory" => "a container of the canary ran out of memory",
        "container-restarted" => "a container of the canary was started again",
        "memory" => "the canary needs much more memory than stable",
        "processor" => "the canary needs much more processor time than stable",
        "smoke-test" => "a smoke test failed",
        "hook" => "a hook failed",
        "adopted" => "an operator made it stable, unjudged",
        "replaced" => {
            "no container of stable was there, and this release, which alone was ready, became stable, unjudged"
        }
        "drain-timeout" => "the release that had to go took too long, and is left to itself",
        _ => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{BlastLimit, BreakerRule, Metric};
    use crate::rollout::{Charge, Reason};

    #[test]
    fn every_reason_has_a_sentence() {
        let reasons = [
            Reason::Command,
            Reason::Ready,
            Reason::Certificate,
            Reason::Time,
            Reason::Policy,
            Reason::ThinEvidence,
            Reason::Approval,
            Reason::NotApproved,
            Reason::NeverReady,
            Reason::Unready,
            Reason::StableUnready,
            Reason::StableReady,
            Reason::ProbationOver,
            Reason::Peer,
            Reason::Superseded,
            Reason::Queued,
            Reason::Turn,
            Reason::Obsolete,
            Reason::Drained,
            Reason::Overtaken,
            Reason::Restarted,
            Reason::DrainTimeout,
            Reason::Adopted,
            Reason::Replaced,
            Reason::Guardrail(Metric::ErrorRate),
            Reason::Guardrail(Metric::LatencyP99),
            Reason::Breaker(BreakerRule::NeverHealthy),
            Reason::Breaker(BreakerRule::NoConnection),
            Reason::Breaker(BreakerRule::FailureRun),
            Reason::BlastRadius(BlastLimit::Requests),
            Reason::BlastRadius(BlastLimit::Users),
            Reason::SharedBreach,
            Reason::SharedBreachOver,
        ];
        let reasons = reasons.into_iter().chain(Charge::ALL.map(Reason::Charged));
        for reason in reasons.chain(Metric::ALL.map(Reason::Breach)) {
            assert!(sentence(reason.label()).contains(' '), "{reason:?}");
        }
    }
}
