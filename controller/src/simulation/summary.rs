//! What came of many runs, in few numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::outcome::{End, Outcome};
use crate::rollout::Reason;

/// What came of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// All of them.
    pub runs: u64,
    /// In which the canary was sent back.
    pub aborted: u64,
    /// Why it was, and how often.
    pub aborted_for: BTreeMap<&'static str, u64>,
    /// In which it got all requests and kept them.
    pub promoted: u64,
    /// In which it came to wait for evidence or a human.
    pub held: u64,
    /// For what it waited, and how often.
    pub held_for: BTreeMap<&'static str, u64>,
    /// That were not followed to their end.
    pub unfinished: u64,
    /// In which a step was left without a certificate.
    pub uncertified: u64,
    /// In which the canary came to turn into what it is.
    pub turned: u64,
    /// In which it was sent back before that.
    pub aborted_before: u64,
    /// Until it was sent back, in milliseconds since it had its first share.
    pub abort_ms: Option<Spread>,
    /// The same since it turned, in those runs in which it had.
    pub abort_after_turn_ms: Option<Spread>,
    /// Until it had all requests, in those runs in which it kept them.
    pub full_ms: Option<Spread>,
    /// Requests that the canary failed, in all runs.
    pub failed: Option<Spread>,
}

/// What half and nearly all of some numbers do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Half of them are at most this.
    pub median: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
}

// === impl Summary ===

impl Summary {
    /// Of all outcomes; their order does not matter.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut summary = Self { runs: outcomes.len() as u64, ..Self::default() };
        outcomes.iter().for_each(|outcome| summary.count(outcome));
        let spread = |value: &dyn Fn(&Outcome) -> Option<u64>| Spread::of(outcomes.iter().filter_map(value).collect());
        let is_aborted = |outcome: &Outcome| matches!(outcome.end, End::Aborted(_));
        let is_promoted = |outcome: &Outcome| outcome.end == End::Promoted;
        summary.abort_ms = spread(&|outcome| is_aborted(outcome).then(|| millis(outcome.at)));
        summary.abort_after_turn_ms = spread(&|outcome| {
            let turned_at = outcome.turned_at.filter(|_| is_aborted(outcome))?;
            Some(millis(outcome.at.saturating_sub(turned_at)))
        });
        summary.full_ms = spread(&|outcome| outcome.full_at.filter(|_| is_promoted(outcome)).map(millis));
        summary.failed = spread(&|outcome| Some(outcome.failed));
        summary
    }

    fn count(&mut self, outcome: &Outcome) {
        let one_more = |reasons: &mut BTreeMap<_, _>, reason: Reason| *reasons.entry(reason.label()).or_default() += 1;
        self.uncertified += u64::from(outcome.is_uncertified);
        self.turned += u64::from(outcome.turned_at.is_some());
        match outcome.end {
            End::Aborted(reason) => {
                self.aborted += 1;
                self.aborted_before += u64::from(outcome.turned_at.is_none());
                one_more(&mut self.aborted_for, reason);
            }
            End::Promoted => self.promoted += 1,
            End::Held(reason) => {
                self.held += 1;
                one_more(&mut self.held_for, reason);
            }
            End::Unfinished => self.unfinished += 1,
        }
    }
}

// === impl Spread ===

impl Spread {
    fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        let at = |percent: usize| values.get((values.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(Self { median: at(50)?, p95: at(95)? })
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_made_of_values_that_were_there() {
        assert_eq!(Spread::of(Vec::new()), None);
        assert_eq!(Spread::of(vec![7]), Some(Spread { median: 7, p95: 7 }));
        assert_eq!(Spread::of((1..=100).rev().collect()), Some(Spread { median: 50, p95: 95 }));
    }
}
