//! How far one arm of a ledger has been read, and what has come since.

use canary_proxy::histogram::{BUCKETS, Counts};
use canary_proxy::ledger::{Arm, THRESHOLDS};
use canary_proxy::outcome::{Blame, Outcome};

use crate::analysis::ArmSample;
use crate::witness::totals::Totals;

/// Everything that an arm had counted when it was read last. Counters only grow, so nothing is read twice or missed.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    ends: [u64; Outcome::ALL.len()],
    successes: Counts,
    overdue: [Counts; THRESHOLDS],
    abandoned: Counts,
    kept: u64,
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
        }
    }
}

impl Reading {
    fn of(arm: &Arm) -> Self {
        Self {
            ends: Outcome::ALL.map(|outcome| arm.ended_by(outcome)),
            successes: arm.successes().counts(),
            overdue: std::array::from_fn(|at| arm.overdue()[at].counts()),
            abandoned: arm.abandoned().counts(),
            kept: arm.kept(),
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
        }
    }
}

// === impl News ===

impl News {
    /// The keys that have become good.
    pub(super) fn kept(&self) -> u64 {
        self.since.kept
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
