//! The default rules of Flagger and Argo Rollouts, as their sources and documents have them (statistics.md, section 3).
//!
//! Flagger looks at the last minute every minute: at least 99 % good, p99 at most 500 ms, and no traffic is a failed
//! check; the check after the fifth failed one rolls back. Argo's documented example fails at the fourth minute with
//! less than 95 %; a minute without traffic says nothing.

use std::time::Duration;

use canary_config::weight::Weight;
use canary_controller::analysis::Arms;
use canary_controller::simulation::{Chance, Counted, Seen, Source, TICK};

/// How often both look, and how far back.
const INTERVAL: Duration = Duration::from_secs(60);

const FLAGGER_SUCCESSES_MIN: f64 = 0.99;
const FLAGGER_SLOW_MAX: f64 = 0.01;
const FLAGGER_THRESHOLD: u32 = 5;

const ARGO_SUCCESSES_MIN: f64 = 0.95;
const ARGO_FAILURE_LIMIT: u32 = 3;

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Flagger's defaults, with its check of the latency or without.
    Flagger(Latencies),
    /// The example of Argo's documents.
    Argo,
}

/// Whether latencies are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latencies {
    /// They are.
    Checked,
    /// They are not, as where only errors are studied: it favours the rival.
    Ignored,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// When it rolled back.
    pub aborted_at: Option<Duration>,
    /// When the canary had all requests.
    pub full_at: Option<Duration>,
    /// The canary's failed requests up to the end.
    pub failed: u64,
}

/// A rule that looks at a canary's requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival {
    kind: Kind,
    window: Seen,
    next: Duration,
    failed_checks: u32,
    fate: Fate,
}

/// What a look comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Passed,
    Failed,
    RollBack,
}

const NOTHING: Seen = Seen { at: Duration::ZERO, requests: 0, failed: 0, slow: 0 };

// === impl Rival ===

impl Rival {
    /// One that has seen nothing.
    #[must_use]
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            window: NOTHING,
            next: INTERVAL,
            failed_checks: 0,
            fate: Fate { aborted_at: None, full_at: None, failed: 0 },
        }
    }

    /// What has come of it so far.
    #[must_use]
    pub(super) const fn fate(&self) -> Fate {
        self.fate
    }

    /// Whether it has made up its mind.
    #[must_use]
    pub(super) const fn is_done(&self) -> bool {
        self.fate.aborted_at.is_some() || self.fate.full_at.is_some()
    }

    /// Looks at a tick of a rollout whose share it does not move.
    pub(super) fn look(&mut self, seen: Seen) {
        if !self.is_done() {
            self.watch(seen);
        }
    }

    /// Moves the canary through these weights by its own rule, on requests of its own.
    #[must_use]
    pub(super) fn drive(kind: Kind, source: &Source, weights: &[Weight], horizon: Duration, seed: u64) -> Fate {
        let (mut rival, mut chance, mut step) = (Self::new(kind), Chance::new(seed), 0);
        let (mut at, mut counted) = (Duration::ZERO, Arms::<Counted>::default());
        while at < horizon && !rival.is_done() {
            source.fill(at, weights[step], &mut chance, &mut counted);
            at += TICK;
            let check = rival.watch(Seen::of(at, &counted.canary));
            counted = Arms::default();
            let goes_on = match (kind, check) {
                (_, None) => false,
                (Kind::Flagger(_), Some(check)) => check == Check::Passed,
                // A pause of a minute, and the analysis beside it.
                (Kind::Argo, Some(check)) => check != Check::RollBack,
            };
            if goes_on && step + 1 < weights.len() {
                step += 1;
            } else if goes_on {
                rival.fate.full_at = Some(at);
            }
        }
        rival.fate
    }

    fn watch(&mut self, seen: Seen) -> Option<Check> {
        self.window.requests += seen.requests;
        self.window.failed += seen.failed;
        self.window.slow += seen.slow;
        self.fate.failed += seen.failed;
        if seen.at < self.next {
            return None;
        }
        self.next += INTERVAL;
        let window = std::mem::replace(&mut self.window, NOTHING);
        let check = self.check(&window);
        if check == Check::RollBack {
            self.fate.aborted_at = Some(seen.at);
        }
        Some(check)
    }

    fn check(&mut self, window: &Seen) -> Check {
        let part = |count: u64| count as f64 / window.requests as f64;
        let (is_bad, is_over) = match self.kind {
            Kind::Flagger(latencies) => {
                if self.failed_checks >= FLAGGER_THRESHOLD {
                    return Check::RollBack;
                }
                let is_slow = latencies == Latencies::Checked && part(window.slow) > FLAGGER_SLOW_MAX;
                let is_bad = window.requests == 0 || 1.0 - part(window.failed) < FLAGGER_SUCCESSES_MIN || is_slow;
                (is_bad, false)
            }
            Kind::Argo => {
                let is_bad = window.requests > 0 && 1.0 - part(window.failed) < ARGO_SUCCESSES_MIN;
                (is_bad, is_bad && self.failed_checks >= ARGO_FAILURE_LIMIT)
            }
        };
        self.failed_checks += u32::from(is_bad);
        match (is_bad, is_over) {
            (_, true) => Check::RollBack,
            (true, false) => Check::Failed,
            (false, false) => Check::Passed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aborted_after(kind: Kind, per_minute: impl Fn(u64) -> Seen) -> Option<u64> {
        let mut rival = Rival::new(kind);
        for minute in 1..=60 {
            rival.look(Seen { at: INTERVAL * u32::try_from(minute).expect("small"), ..per_minute(minute) });
        }
        rival.fate().aborted_at.map(|at| at.as_secs())
    }

    #[test]
    fn a_dead_canary_takes_flagger_six_minutes_and_argo_four() {
        let dead = |_| Seen { requests: 60, failed: 60, ..NOTHING };
        assert_eq!(aborted_after(Kind::Flagger(Latencies::Ignored), dead), Some(360));
        assert_eq!(aborted_after(Kind::Argo, dead), Some(240));
    }

    #[test]
    fn no_traffic_fails_with_flagger_and_says_nothing_to_argo() {
        assert_eq!(aborted_after(Kind::Flagger(Latencies::Ignored), |_| NOTHING), Some(360));
        assert_eq!(aborted_after(Kind::Argo, |_| NOTHING), None);
    }

    #[test]
    fn failed_checks_add_up_however_far_apart() {
        let rare = |minute| Seen { requests: 100, failed: if minute % 5 == 0 { 9 } else { 0 }, ..NOTHING };
        assert_eq!(aborted_after(Kind::Flagger(Latencies::Ignored), rare), Some(26 * 60));
        assert_eq!(aborted_after(Kind::Argo, rare), Some(20 * 60));
    }

    #[test]
    fn only_flagger_minds_latency() {
        let slow = |_| Seen { requests: 100, slow: 50, ..NOTHING };
        assert_eq!(aborted_after(Kind::Flagger(Latencies::Checked), slow), Some(360));
        assert_eq!(aborted_after(Kind::Flagger(Latencies::Ignored), slow), None);
        assert_eq!(aborted_after(Kind::Argo, slow), None);
    }
}
