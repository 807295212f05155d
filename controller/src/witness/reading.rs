//! How far one arm of a ledger has been read, and what has come since.

use canary_proxy::histogram::{BUCKETS, Counts};
use canary_proxy::ledger::{Arm, THRESHOLDS};
use canary_proxy::outcome::{Blame, Outcome};

use crate::analysis::breaker::Attempts;
use crate::analysis::{ArmSample, ByRequest};
use crate::witness::totals::Totals;

/// Everything that an arm had counted when it was read last. Counters only grow, so nothing is read twice or missed.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    ends: [u64; Outcome::ALL.len()],
    successes: Counts,
    overdue: [Counts; THRESHOLDS],
    abandoned: Counts,
    kept: u64,
    beats: [u64; 4],
    first_failed: u64,
    first_answered: Counts,
    first_abandoned: Counts,
}

/// What came to an arm since it was read last.
#[derive(Debug)]
pub(super) struct News {
    since: Reading,
    became_overdue: [u64; THRESHOLDS],
}

// === impl Reading ===

impl Default for Reading {
    fn default() -> Self {
        Self {
            ends: [0; Outcome::ALL.len()],
            successes: [0; BUCKETS],
            overdue: [[0; BUCKETS]; THRESHOLDS],
            abandoned: [0; BUCKETS],
            kept: 0,
            beats: [0; 4],
            first_failed: 0,
            first_answered: [0; BUCKETS],
            first_abandoned: [0; BUCKETS],
        }
    }
}

impl Reading {
    fn of(arm: &Arm) -> Self {
        let (pulse, firsts) = (arm.pulse(), arm.firsts());
        Self {
            ends: Outcome::ALL.map(|outcome| arm.ended_by(outcome)),
            successes: arm.successes().counts(),
            overdue: std::array::from_fn(|at| arm.overdue()[at].counts()),
            abandoned: arm.abandoned().counts(),
            kept: arm.kept(),
            beats: [pulse.refused(), pulse.failed(), pulse.answered(), pulse.again()],
            first_failed: firsts.failed(),
            first_answered: firsts.answered().counts(),
            first_abandoned: firsts.abandoned().counts(),
        }
    }

    /// Reads on, and gives what is new.
    pub(super) fn advance(&mut self, arm: &Arm, became_overdue: [u64; THRESHOLDS]) -> News {
        let before = std::mem::replace(self, Self::of(arm));
        News { since: self.minus(&before), became_overdue }
    }

    /// How all that was read ended. What was dropped unanswered is under its own name, and no success.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::from(self.ends);
        let slow: u64 = self.overdue.iter().map(total).sum();
        let unanswered = self.ends[Outcome::Unanswered.index()];
        totals.put(Outcome::Success, (total(&self.successes) + slow).saturating_sub(unanswered));
        totals.put(Outcome::ClientGone, total(&self.abandoned));
        totals
    }

    fn minus(&self, before: &Self) -> Self {
        let differ = |now: &Counts, before: &Counts| std::array::from_fn(|at| now[at] - before[at]);
        Self {
            ends: std::array::from_fn(|at| self.ends[at] - before.ends[at]),
            successes: differ(&self.successes, &before.successes),
            overdue: std::array::from_fn(|at| differ(&self.overdue[at], &before.overdue[at])),
            abandoned: differ(&self.abandoned, &before.abandoned),
            kept: self.kept - before.kept,
            beats: std::array::from_fn(|at| self.beats[at] - before.beats[at]),
            first_failed: self.first_failed - before.first_failed,
            first_answered: differ(&self.first_answered, &before.first_answered),
            first_abandoned: differ(&self.first_abandoned, &before.first_abandoned),
        }
    }
}

// === impl News ===

impl News {
    /// What the keys do not say, where they are compared.
    pub(super) fn by_request(&self) -> ByRequest<'_> {
        let [refused, failed, answered, again] = self.since.beats;
        ByRequest {
            good_keys: self.since.kept,
            pulse: Attempts { refused, failed, answered, again },
            first_failed: self.since.first_failed,
            first_answered: &self.since.first_answered,
            first_abandoned: &self.since.first_abandoned,
        }
    }

    pub(super) fn sample<'a>(&'a self) -> ArmSample<'a> {
        let ends = &self.since.ends;
        let failures = Outcome::ALL.into_iter().filter(|outcome| outcome.blame() == Blame::Backend);
        let failures: u64 = failures.map(|outcome| ends[outcome.index()]).sum();
        let refused = ends[Outcome::ConnectFailed.index()];
        ArmSample {
            refused,
            failed: failures - refused,
            unanswered: ends[Outcome::Unanswered.index()],
            successes: &self.since.successes,
            became_overdue: self.became_overdue,
            overdue: self.since.overdue.each_ref().map(<[u64; BUCKETS]>::as_slice),
            abandoned: &self.since.abandoned,
            ..ArmSample::default()
        }
    }
}

fn total(counts: &Counts) -> u64 {
    counts.iter().sum()
}
