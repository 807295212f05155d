//! What is known of each key: one observation for the whole try, however often its client asks (statistics.md, 2.8).
//!
//! A key is bad at its first failure, and good when it has gone [`GOOD_AFTER`] without one; its latency is that of one
//! success. It belongs to the arm and to the ledger where it was first seen. What it does at another weight is not
//! compared: a raise ends what can be seen of those that it moves, and so it must of the others, else one arm would be
//! looked at for longer. The table is of fixed size and takes no lock; who finds no place in it is compared in neither
//! arm. Beside the comparison, requests count by themselves: see [`crate::ledger::Pulse`].

use std::fmt;
use std::time::{Duration, Instant};

use super::CohortKey;
use super::entry::{Entry, Mark};
use crate::ledger::{Ledger, Serial};
use crate::outcome::Outcome;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use crate::track::Track;

/// Keys that are looked after in one try.
pub const KEYS_MAX: usize = 65_536;

/// A key without a failure is good after so long.
pub const GOOD_AFTER: Duration = Duration::from_secs(30);

/// Places that a key may be found in, from its own one on.
const PROBES_MAX: usize = 32;

/// The unit in which it is remembered when a key was first seen.
const TICK: Duration = Duration::from_millis(10);

/// How often the keys are looked through for those that have become good, in ticks.
const LOOK_EVERY: u32 = 50;

/// The keys of one try.
pub struct Keys {
    since: Instant,
    /// The time of the last look: a request needs no clock of its own.
    now: AtomicU32,
    looked_through: AtomicU32,
    places: Box<[Place]>,
    hurt: AtomicU64,
    unplaced: AtomicU64,
}

/// A key, which once taken stays, and what is known of it.
#[derive(Debug)]
struct Place {
    key: AtomicU64,
    entry: AtomicU64,
    /// The last ledger for which one of its requests stands as the first.
    met: AtomicU32,
}

// === impl Keys ===

impl Keys {
    /// An empty table, whose time begins now.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let entry = || AtomicU64::new(Entry::NONE.bits());
        let place = |_| Place { key: AtomicU64::new(0), entry: entry(), met: AtomicU32::new(0) };
        Self {
            since: now,
            now: AtomicU32::new(0),
            looked_through: AtomicU32::new(0),
            places: (0..KEYS_MAX).map(place).collect(),
            hurt: AtomicU64::new(0),
            unplaced: AtomicU64::new(0),
        }
    }

    /// Books the keys that have become good, each in its ledger, if that is one of these. To be called at every look,
    /// before the ledgers are read: it is also what moves the time on in which keys are first seen.
    pub fn mature<'a>(&self, now: Instant, ledgers: impl IntoIterator<Item = &'a Ledger>) {
        let ticks = now.saturating_duration_since(self.since).as_millis() / TICK.as_millis();
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        self.now.store(ticks, Relaxed);
        let is_due = ticks.saturating_sub(self.looked_through.load(Relaxed)) >= LOOK_EVERY;
        if !is_due {
            return;
        }
        let ledgers: Vec<_> = ledgers.into_iter().filter(|ledger| ledger.undecided() > 0).collect();
        if ledgers.is_empty() {
            return;
        }
        self.looked_through.store(ticks, Relaxed);
        let good_after = GOOD_AFTER.as_millis() / TICK.as_millis();
        let is_ripe =
            |entry: Entry| entry.is_open() && u128::from(u64::from(ticks).saturating_sub(entry.seen())) >= good_after;
        for place in &self.places {
            let entry = Entry::from_bits(place.entry.load(Relaxed));
            if !is_ripe(entry) {
                continue;
            }
            let Some(ledger) = ledgers.iter().find(|ledger| entry.is_of(ledger.serial())) else { continue };
            if place.change(|entry| is_ripe(entry).then_some(entry.with(Mark::Good))) {
                ledger.arm(entry.track()).keep();
                ledger.decide();
            }
        }
    }

    /// How many clients the canary has failed, scored or not.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.hurt.load(Relaxed)
    }

    /// How many requests were compared in neither arm because there was no place for their key.
    #[must_use]
    pub fn unplaced(&self) -> u64 {
        self.unplaced.load(Relaxed)
    }

    /// The place of a key that was given to this arm at the weight of this ledger. None, if there is none left.
    pub(super) fn see(&self, key: CohortKey, track: Track, ledger: &Ledger) -> Option<usize> {
        let Some(place) = self.find(key) else {
            self.unplaced.fetch_add(1, Relaxed);
            return None;
        };
        let entry = &self.places[place].entry;
        if entry.load(Relaxed) == Entry::NONE.bits() {
            let new = Entry::new(track, ledger.serial(), self.now.load(Relaxed));
            ledger.expect();
            if entry.compare_exchange(Entry::NONE.bits(), new.bits(), Relaxed, Relaxed).is_err() {
                ledger.decide();
            }
        }
        Some(place)
    }

    /// Notes a failure. True, if it is the one that makes the key bad.
    pub(super) fn fail(&self, place: usize, track: Track, ledger: &Ledger) -> bool {
        let place = &self.places[place];
        if track == Track::Canary && place.change(|entry| (!entry.has(Mark::Hurt)).then_some(entry.with(Mark::Hurt))) {
            self.hurt.fetch_add(1, Relaxed);
        }
        let is_about = |entry: Entry| entry.is_open() && entry.is_about(track, ledger.serial());
        let is_bad = place.change(|entry| is_about(entry).then_some(entry.with(Mark::Bad)));
        if is_bad {
            ledger.decide();
        }
        is_bad
    }

    /// Makes a request the one that stands for its key's latency, if there is none yet.
    pub(super) fn time(&self, place: usize, track: Track, ledger: &Ledger) -> bool {
        let is_untimed = |entry: Entry| !entry.has(Mark::Good) && !entry.has(Mark::Timed);
        self.places[place].change(|entry| {
            (is_untimed(entry) && entry.is_about(track, ledger.serial())).then_some(entry.with(Mark::Timed))
        })
    }

    /// Leaves the key's latency to another request.
    pub(super) fn untime(&self, place: usize) {
        self.places[place].change(|entry| Some(entry.without(Mark::Timed)));
    }

    /// Whether how a request ended is a beat of its arm's pulse. Of the canary's failures, it is the first since the
    /// client's last success: who tries again and again is no crowd.
    pub(super) fn beats(&self, place: usize, track: Track, outcome: Outcome) -> bool {
        let place = &self.places[place];
        let is_failing = || Entry::from_bits(place.entry.load(Relaxed)).has(Mark::Failing);
        match (track, outcome.is_bad()) {
            (Track::Canary, true) => {
                place.change(|entry| (!entry.has(Mark::Failing)).then_some(entry.with(Mark::Failing)))
            }
            (Track::Canary, false) if outcome == Outcome::Success && is_failing() => {
                place.change(|entry| Some(entry.without(Mark::Failing)))
            }
            _ => true,
        }
    }

    /// Makes a request the first of its key at the weight of this ledger, if it has none there nor at a later one.
    pub(super) fn meet(&self, place: usize, ledger: &Ledger) -> bool {
        let (met, Serial(serial)) = (&self.places[place].met, ledger.serial());
        met.load(Relaxed) < serial && met.fetch_max(serial, Relaxed) < serial
    }

    /// Leaves that to another request.
    pub(super) fn unmeet(&self, place: usize, ledger: &Ledger) {
        let Serial(serial) = ledger.serial();
        // Where the key has been met at a later weight, nothing is left to others.
        let _ = self.places[place].met.compare_exchange(serial, serial.saturating_sub(1), Relaxed, Relaxed);
    }

    fn find(&self, key: CohortKey) -> Option<usize> {
        let key = key.0.max(1);
        // Which arm a key falls to is said by its upper bits. By the lower ones, no arm's places are the fuller.
        let home = usize::try_from(key % KEYS_MAX as u64).unwrap_or_default();
        (home..home + PROBES_MAX).map(|place| place % KEYS_MAX).find(|place| self.places[*place].is_for(key))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("failed", &self.failed())
            .field("unplaced", &self.unplaced())
            .finish_non_exhaustive()
    }
}

// === impl Place ===

impl Place {
    /// Whether it is this key's: it was before, or it was free.
    fn is_for(&self, key: u64) -> bool {
        let taken = self.key.load(Relaxed);
        taken == key
            || taken == 0
                && self.key.compare_exchange(0, key, Relaxed, Relaxed).map_or_else(|other| other == key, |_| true)
    }

    /// Replaces what is known, if there is anything to replace it by.
    fn change(&self, next: impl Fn(Entry) -> Option<Entry>) -> bool {
        let next = |bits| next(Entry::from_bits(bits)).map(Entry::bits);
        self.entry.fetch_update(Relaxed, Relaxed, next).is_ok()
    }
}
