//! The scored outcomes of both arms, while one rollout stood at one weight.
//!
//! `pick` hands a request the ledger of that moment, and the request scores there once, however late it ends:
//! generations and weights never mix. The judge reads these numbers, and Prometheus is shown the same ones.

mod lanes;
mod open;
mod own_lane;
mod pulse;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock;
use crate::histogram::Buckets;
use crate::outcome::{Blame, Outcome};
use crate::track::Track;

pub use self::open::{LANES, OpenRequests, PLACES, Place, Reached, Seat, THRESHOLDS};
pub use self::pulse::{Firsts, Pulse};

pub(crate) use self::own_lane::seat;

/// Both arms of the comparison.
#[derive(Debug)]
pub struct Ledger {
    stable: Arm,
    canary: Arm,
    open: OpenRequests,
    serial: Serial,
    undecided: AtomicU64,
}

/// Which ledger it is: above zero, and the later ones of one process are the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serial(pub(crate) u32);

static NEXT_SERIAL: AtomicU32 = AtomicU32::new(1);

/// What one arm's scored requests came to.
#[derive(Debug, Default)]
pub struct Arm {
    /// The failures, and what was dropped unanswered.
    ends: [AtomicU64; Outcome::ALL.len()],
    successes: Buckets,
    abandoned: Buckets,
    /// Successes that had been counted as slow while they were open: by the first threshold alone, by two, by all.
    overdue: [Buckets; THRESHOLDS],
    kept: AtomicU64,
    pulse: Pulse,
    firsts: Firsts,
}

// === impl Ledger ===

impl Ledger {
    /// The arm of one track.
    #[must_use]
    pub fn arm(&self, track: Track) -> &Arm {
        match track {
            Track::Stable => &self.stable,
            Track::Canary => &self.canary,
        }
    }

    /// The scored requests whose answer has not begun.
    #[must_use]
    pub fn open(&self) -> &OpenRequests {
        &self.open
    }

    /// Which one it is.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// How many keys that were first seen at its weight are neither good nor bad yet.
    #[must_use]
    pub fn undecided(&self) -> u64 {
        self.undecided.load(Relaxed)
    }

    /// One more key is looked after.
    pub(crate) fn expect(&self) {
        self.undecided.fetch_add(1, Relaxed);
    }

    /// One of them needs it no longer.
    pub(crate) fn decide(&self) {
        self.undecided.fetch_sub(1, Relaxed);
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            stable: Arm::default(),
            canary: Arm::default(),
            open: OpenRequests::new(clock::now()),
            serial: Serial(NEXT_SERIAL.fetch_add(1, Relaxed)),
            undecided: AtomicU64::new(0),
        }
    }
}

// === impl Arm ===

impl Arm {
    /// Books one request: a success with its time to first byte, a failure of the backend, or a client that left, with
    /// how long it had waited. What we ourselves are to blame for says nothing about the release and is left out.
    ///
    /// `reached` is what it has been counted for while it was open. An attempt that was dropped unanswered is a success
    /// slower than every threshold.
    pub fn score(&self, outcome: Outcome, waited: Duration, reached: Reached) {
        match outcome.blame() {
            Blame::Nobody if outcome == Outcome::Unanswered => {
                self.ends[outcome.index()].fetch_add(1, Relaxed);
                self.succeeded(Duration::MAX, reached);
            }
            Blame::Nobody => self.succeeded(waited, reached),
            Blame::Backend => {
                self.ends[outcome.index()].fetch_add(1, Relaxed);
            }
            Blame::Client if reached.count() == 0 => self.abandoned.record(waited),
            Blame::Client | Blame::Us => {}
        }
    }

    fn succeeded(&self, waited: Duration, reached: Reached) {
        match reached.count() {
            0 => self.successes.record(waited),
            count => self.overdue[count.min(THRESHOLDS) - 1].record(waited),
        }
    }

    /// The requests whose client left before the answer began, by how long it had waited. The answer would have taken
    /// at least that long: a release that hangs is seen by it although nobody waits for its errors.
    #[must_use]
    pub fn abandoned(&self) -> &Buckets {
        &self.abandoned
    }

    /// The successes, by time to first byte; but for those that had been counted as slow before they ended.
    #[must_use]
    pub fn successes(&self) -> &Buckets {
        &self.successes
    }

    /// The successes that had been counted as slow by so many thresholds, from 1 on, while they were open.
    #[must_use]
    pub fn overdue(&self) -> &[Buckets; THRESHOLDS] {
        &self.overdue
    }

    /// How many keys have gone without a failure for long enough, where the draw goes by a key.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept.load(Relaxed)
    }

    /// How its requests ended, whoever asked, where the draw goes by a key.
    #[must_use]
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// How the first request of each key ended, where the draw goes by a key.
    #[must_use]
    pub fn firsts(&self) -> &Firsts {
        &self.firsts
    }

    pub(crate) fn keep(&self) {
        self.kept.fetch_add(1, Relaxed);
    }

    /// How many requests failed in one way; of those dropped unanswered, which are no failures, how many there were.
    #[must_use]
    pub fn ended_by(&self, outcome: Outcome) -> u64 {
        self.ends[outcome.index()].load(Relaxed)
    }

    /// How many requests failed in all.
    #[must_use]
    pub fn failures(&self) -> u64 {
        let failures = Outcome::ALL.into_iter().filter(|outcome| outcome.blame() == Blame::Backend);
        failures.map(|outcome| self.ended_by(outcome)).sum()
    }
}
