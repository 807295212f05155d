//! The scored requests whose answer has not begun, so that a hang is seen at the age at which it is slow and not at its
//! end.
//!
//! A ring of fixed size: who finds no place in it counts when it ends. A request claims a place with one addition and
//! leaves it with one exchange; whoever judges reads the ring beside it, and marks in it which thresholds a request has
//! reached, so that nothing counts twice.

use std::time::{Duration, Instant};

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::track::Track;

/// Requests that are looked after at once.
pub const PLACES: usize = 512;

/// How many thresholds a request can reach: one for each metric of latency, rising.
pub const THRESHOLDS: usize = 3;

/// The open requests of one ledger.
#[derive(Debug)]
pub struct OpenRequests {
    since: Instant,
    next: AtomicUsize,
    places: Box<[AtomicU64]>,
}

/// A place in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// How many of the rising thresholds a request had been counted for while it was open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached(u8);

/// A place holds, from the lowest bit on: whether it is taken, the arm, the thresholds reached, and when the request
/// began, in µs. It is all that a mark depends on, in one word: a mark never hits another request than the one it is for.
const TAKEN: u64 = 1;
const CANARY: u64 = 1 << 1;
const REACHED_SHIFT: u32 = 2;
const REACHED_MASK: u64 = 0b11 << REACHED_SHIFT;
const BEGUN_SHIFT: u32 = 4;

// === impl OpenRequests ===

impl OpenRequests {
    /// An empty ring, whose ages count from `since`.
    #[must_use]
    pub fn new(since: Instant) -> Self {
        Self::of_size(PLACES, since)
    }

    /// The same with so many places, for a model that cannot have as many.
    pub(crate) fn of_size(places: usize, since: Instant) -> Self {
        let places = (0..places).map(|_| AtomicU64::new(0)).collect();
        Self { since, next: AtomicUsize::new(0), places }
    }

    /// Takes the next place, if it is free. A request that was open before, and is sent once more, brings along what it
    /// has been counted for.
    pub fn enter(&self, track: Track, now: Instant, reached: Reached) -> Option<Place> {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.places.len();
        let arm = if track == Track::Canary { CANARY } else { 0 };
        let taken = TAKEN | arm | (u64::from(reached.0) << REACHED_SHIFT) | (self.micros(now) << BEGUN_SHIFT);
        let claimed = self.places[place].compare_exchange(0, taken, Ordering::Release, Ordering::Relaxed);
        claimed.is_ok().then_some(Place(place))
    }

    /// Leaves the place, and says what the request has been counted for.
    pub fn leave(&self, Place(place): Place) -> Reached {
        let left = self.places[place].swap(0, Ordering::AcqRel);
        Reached(u8::try_from((left & REACHED_MASK) >> REACHED_SHIFT).unwrap_or_default())
    }

    /// Marks every request that has reached more of its arm's thresholds since the last look, and calls `newly` with
    /// its arm and the places of those thresholds. Rising thresholds; an arm without any is passed over.
    pub fn mark(
        &self,
        now: Instant,
        thresholds: impl Fn(Track) -> Option<[Duration; THRESHOLDS]>,
        mut newly: impl FnMut(Track, std::ops::Range<usize>),
    ) {
        let now = self.micros(now);
        for place in &self.places {
            let seen = place.load(Ordering::Acquire);
            if seen & TAKEN == 0 {
                continue;
            }
            let track = if seen & CANARY == 0 { Track::Stable } else { Track::Canary };
            let Some(thresholds) = thresholds(track) else { continue };
            let age = Duration::from_micros(now.saturating_sub(seen >> BEGUN_SHIFT));
            let before = usize::try_from((seen & REACHED_MASK) >> REACHED_SHIFT).unwrap_or(THRESHOLDS);
            let reached = thresholds.iter().take_while(|threshold| age > **threshold).count();
            if reached <= before {
                continue;
            }
            let marked = (seen & !REACHED_MASK) | ((reached as u64) << REACHED_SHIFT);
            // Who ends at this moment counts as what it came to. Who took its place since is another word, unless it is
            // of the same arm, age and level: then what holds of the one holds of the other.
            if place.compare_exchange(seen, marked, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                newly(track, before..reached);
            }
        }
    }

    fn micros(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_micros()).unwrap_or(u64::MAX) & (u64::MAX >> 4)
    }
}

// === impl Reached ===

impl Reached {
    /// How many thresholds, the lowest first.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0 as usize
    }
}
