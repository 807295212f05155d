//! The scored requests whose answer has not begun, so that a hang is seen at the age at which it is slow and not at its
//! end.
//!
//! Lanes of places, of fixed size. A thread has a lane of its own, and no other thread takes places in it: it finds a free
//! one by looking, and takes it with a plain store. The place is left with one exchange, as whoever judges reads the
//! lanes beside it, and marks in them which thresholds a request has reached, so that nothing counts twice. Who finds no
//! place counts when it ends. Model-checked in `tests/model.rs`.

use std::time::{Duration, Instant};

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::track::Track;

/// Threads that have a lane: more workers than most machines have processors for. What others serve is scored like
/// anything else, but seen to hang only when it ends.
pub const LANES: usize = 32;

/// Requests of one thread that are looked after at once. With this many lanes, what a ledger keeps for them is 16 KiB,
/// as much as its histograms; and dozens that hang at once convict, however many more there are.
pub const PLACES: usize = 64;

/// Places that are looked at for a free one. Where so many in a row are taken, the lane is as good as full.
const LOOKS_MAX: u8 = 8;

// A place is two bytes.
const _: () = {
    assert!(LANES <= u8::MAX as usize);
    assert!(PLACES <= u8::MAX as usize);
};

/// How many thresholds a request can reach: one for each metric of latency, rising.
pub const THRESHOLDS: usize = 3;

/// The open requests of one ledger.
#[derive(Debug)]
pub struct OpenRequests<const IN_LANE: usize = PLACES> {
    since: Instant,
    lanes: Box<[Lane<IN_LANE>]>,
}

/// The places of one thread. Processors fetch lines of memory in pairs, and share no line of two lanes.
#[derive(Debug)]
#[repr(align(128))]
struct Lane<const IN_LANE: usize>([AtomicU64; IN_LANE]);

/// Where a thread may take a place: in its own lane, and from which place on it looks for a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub(crate) lane: u8,
    pub(crate) first: u8,
}

/// A place in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    lane: u8,
    place: u8,
}

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
    /// Empty lanes, whose ages count from `since`.
    #[must_use]
    pub fn new(since: Instant) -> Self {
        Self::of_lanes(LANES, since)
    }
}

impl<const IN_LANE: usize> OpenRequests<IN_LANE> {
    /// The same with so many lanes, for a model that cannot have as many.
    pub(crate) fn of_lanes(lanes: usize, since: Instant) -> Self {
        let lane = |_| Lane(std::array::from_fn(|_| AtomicU64::new(0)));
        Self { since, lanes: (0..lanes).map(lane).collect() }
    }

    /// Takes a place in the lane of this thread, if one is free. A request that was open before, and is sent once more,
    /// brings along what it has been counted for.
    pub fn enter(&self, seat: Seat, track: Track, now: Instant, reached: Reached) -> Option<Place> {
        let Lane(places) = self.lanes.get(usize::from(seat.lane))?;
        let mut looks = (0..LOOKS_MAX).map(|step| usize::from(seat.first.wrapping_add(step)) % IN_LANE);
        let free = looks.find(|place| places[*place].load(Ordering::Relaxed) == 0)?;
        let place = Place { lane: seat.lane, place: u8::try_from(free).ok()? };
        let arm = if track == Track::Canary { CANARY } else { 0 };
        let taken = TAKEN | arm | (u64::from(reached.0) << REACHED_SHIFT) | (self.micros(now) << BEGUN_SHIFT);
        // Nobody else takes it meanwhile, and nobody marks what is free.
        places[free].store(taken, Ordering::Release);
        Some(place)
    }

    /// Leaves the place, from whichever thread, and says what the request has been counted for.
    pub fn leave(&self, Place { lane, place }: Place) -> Reached {
        let left = self.lanes[usize::from(lane)].0[usize::from(place)].swap(0, Ordering::AcqRel);
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
        for place in self.lanes.iter().flat_map(|lane| &lane.0) {
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
