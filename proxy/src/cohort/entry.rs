//! What is known of one key, in one word.

use crate::ledger::Serial;
use crate::track::Track;

/// From the lowest bit on: whether there is anything, the arm, what it came to, the ledger, and when it was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u64);

const KNOWN: u64 = 1;
const CANARY: u64 = 1 << 1;
const SERIAL_SHIFT: u32 = 8;
const SERIAL_MASK: u64 = 0xff_ffff;
const SEEN_SHIFT: u32 = 32;

/// What may come to be known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum Mark {
    /// It is scored as bad.
    Bad = 1 << 2,
    /// It is scored as good.
    Good = 1 << 3,
    /// One of its requests stands for its latency.
    Timed = 1 << 4,
    /// The canary failed it, scored or not.
    Hurt = 1 << 5,
    /// The last that it had of the canary was a failure.
    Failing = 1 << 6,
}

// === impl Entry ===

impl Entry {
    /// Nothing is known.
    pub(super) const NONE: Self = Self(0);

    /// A key that fell to this arm when it was first seen, so many ticks after the beginning.
    pub(super) fn new(track: Track, ledger: Serial, seen: u32) -> Self {
        let arm = if track == Track::Canary { CANARY } else { 0 };
        let ledger = (u64::from(ledger.0) & SERIAL_MASK) << SERIAL_SHIFT;
        Self(KNOWN | arm | ledger | (u64::from(seen) << SEEN_SHIFT))
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn has(self, mark: Mark) -> bool {
        self.0 & mark as u64 != 0
    }

    pub(super) const fn with(self, mark: Mark) -> Self {
        Self(self.0 | mark as u64)
    }

    pub(super) const fn without(self, mark: Mark) -> Self {
        Self(self.0 & !(mark as u64))
    }

    /// Whether it is still to be seen what it comes to.
    pub(super) const fn is_open(self) -> bool {
        self.0 & KNOWN != 0 && !self.has(Mark::Bad) && !self.has(Mark::Good)
    }

    /// Whether a request that was given to this arm, at the weight of this ledger, has a part in what it comes to.
    pub(super) fn is_about(self, track: Track, ledger: Serial) -> bool {
        self.track() == track && self.is_of(ledger)
    }

    /// Whether it was first seen at the weight of this ledger.
    pub(super) fn is_of(self, ledger: Serial) -> bool {
        (self.0 >> SERIAL_SHIFT) & SERIAL_MASK == u64::from(ledger.0) & SERIAL_MASK
    }

    pub(super) const fn track(self) -> Track {
        if self.0 & CANARY == 0 { Track::Stable } else { Track::Canary }
    }

    /// How many ticks after the beginning it was first seen.
    pub(super) const fn seen(self) -> u64 {
        self.0 >> SEEN_SHIFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_own_bits() {
        for (track, other) in [(Track::Stable, Track::Canary), (Track::Canary, Track::Stable)] {
            let mut entry = Entry::new(track, Serial(0xab_cdef), u32::MAX);
            for mark in [Mark::Bad, Mark::Good, Mark::Timed, Mark::Hurt, Mark::Failing] {
                assert!(!entry.has(mark));
                assert_eq!(entry.with(mark).without(mark), entry);
                entry = entry.with(mark);
            }
            assert!(entry.is_about(track, Serial(0xab_cdef)) && !entry.is_about(other, Serial(0xab_cdef)));
            assert!(!entry.is_of(Serial(0xab_cdee)) && entry.seen() == u64::from(u32::MAX));
        }
    }

    #[test]
    fn a_key_is_open_until_it_is_good_or_bad() {
        let entry = Entry::new(Track::Stable, Serial(1), 0);
        assert!(entry.is_open() && entry.with(Mark::Timed).with(Mark::Hurt).is_open());
        assert!(!entry.with(Mark::Bad).is_open() && !entry.with(Mark::Good).is_open() && !Entry::NONE.is_open());
    }
}
