//! What an operator is shown of the checks of a rollout.

use std::time::Instant;

use canary_config::hooks::OnFailure;

use super::{Begun, Ended, outcome};
use crate::api::CheckStatus;
use crate::engine::managed::Managed;
use crate::hooks::Check;

// === impl Managed ===

impl Managed {
    /// The check that is under way.
    pub(in crate::engine) fn running_check(&self) -> Option<Check> {
        self.gates.running()
    }

    /// Why the check failed for which the try is sent back, and what it said last.
    pub(in crate::engine) fn failed_check(&self) -> Option<String> {
        let failed = |begun: &Begun| {
            let Ended { report, on_failure: OnFailure::Abort, .. } = begun.end.as_ref()? else { return None };
            let why = report.result.as_ref().err()?;
            let said = report.said.last().map(|said| format!("; it said last: {said}")).unwrap_or_default();
            Some(format!("{}: {why}{said}", begun.check.in_words()))
        };
        self.gates.begun.iter().rev().find_map(failed)
    }

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
