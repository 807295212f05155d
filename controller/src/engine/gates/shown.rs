//! What an operator is shown of the checks of a rollout.

use std::time::Instant;

use super::{Begun, Ended, outcome};
use crate::api::CheckStatus;
use crate::engine::managed::Managed;

// === impl Managed ===

impl Managed {
    /// The checks of the present try, in the order in which they were begun.
    pub(in crate::engine) fn check_statuses(&self, now: Instant) -> Vec<CheckStatus> {
        let in_ms = |from: Instant, to: Instant| {
            u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
        };
        let status = |Begun { check, since, end }: &Begun| match end {
            None => CheckStatus {
                hook: check.label().to_owned(),
                outcome: "running".to_owned(),
                took_ms: in_ms(*since, now),
                tries: 0,
                why: None,
                said: Vec::new(),
            },
            Some(Ended { at, report, on_failure }) => CheckStatus {
                hook: check.label().to_owned(),
                outcome: outcome(report, *on_failure).to_owned(),
                took_ms: in_ms(*since, *at),
                tries: report.tries,
                why: report.result.clone().err(),
                said: report.said.clone(),
            },
        };
        self.gates.begun.iter().map(status).collect()
    }
}
