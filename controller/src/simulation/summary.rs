//! What came of many runs, in few numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::outcome::{End, Outcome};

/// What came of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// All of them.
    pub runs: u64,
    /// In which the canary was sent back.
    pub aborted: u64,
    /// In which it got all requests and kept them.
    pub promoted: u64,
    /// In which it came to wait for evidence or a human.
    pub held: u64,
    /// That were not followed to their end.
    pub unfinished: u64,
    /// In which a step was left without a certificate.
    pub uncertified: u64,
    /// Why the canary was sent back, and how often.
    pub reasons: BTreeMap<String, u64>,
    /// Until it was sent back, in milliseconds since its first request.
    pub abort_ms: Option<Spread>,
    /// Until it had all requests, in those runs in which it kept them.
    pub full_ms: Option<Spread>,
    /// Requests that the canary failed, in all runs. Of rescued ones the clients saw nothing.
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
        let (mut aborts, mut fulls) = (Vec::new(), Vec::new());
        for outcome in outcomes {
            summary.uncertified += u64::from(outcome.is_uncertified);
            match outcome.end {
                End::Aborted(reason) => {
                    summary.aborted += 1;
                    *summary.reasons.entry(reason.label().to_owned()).or_default() += 1;
                    aborts.push(millis(outcome.at));
                }
                End::Promoted => {
                    summary.promoted += 1;
                    fulls.extend(outcome.full_at.map(millis));
                }
                End::Held(_) => summary.held += 1,
                End::Unfinished => summary.unfinished += 1,
            }
        }
        summary.abort_ms = Spread::of(aborts);
        summary.full_ms = Spread::of(fulls);
        summary.failed = Spread::of(outcomes.iter().map(|outcome| outcome.failed).collect());
        summary
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

fn millis(time: Duration) -> u64 {
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
