//! Where the requests of a service wait while nobody can serve them: so many at a time, and no more.
//!
//! A lot belongs to its service and is shared by every table, so that none of them forgets who waits. How a request
//! waits, and what for, is in [`crate::service`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::histogram::Histogram;

/// The places of one service, and what became of whoever had one.
#[derive(Debug, Default)]
pub struct Lot {
    waiting: AtomicUsize,
    ended: [AtomicU64; End::ALL.len()],
    waits: Histogram,
}

/// A place of a lot. It is free again when this is dropped, however that came about.
#[derive(Debug)]
pub struct Place(Arc<Lot>);

/// What became of a parked request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A backend answered it.
    Served,
    /// It was given to a backend, and failed there.
    Failed,
    /// It had waited as long as one may.
    TimedOut,
    /// Every place was taken.
    Refused,
    /// Its client left, or its route went away.
    Left,
}

// === impl Lot ===

impl Lot {
    /// Takes one of `places`, if there is one left. With none at all nobody is refused: nobody could wait.
    #[must_use]
    pub fn enter(self: &Arc<Self>, places: usize) -> Option<Place> {
        let taken = self.waiting.fetch_update(Relaxed, Relaxed, |taken| (taken < places).then_some(taken + 1));
        if taken.is_err() && places > 0 {
            self.ended[End::Refused as usize].fetch_add(1, Relaxed);
        }
        taken.is_ok().then(|| Place(Arc::clone(self)))
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Notes what became of a request that has waited so long in all. One that came back and found no place has been
    /// counted at the door.
    pub fn note(&self, end: End, waited: Duration) {
        if end != End::Refused {
            self.ended[end as usize].fetch_add(1, Relaxed);
        }
        self.waits.record(waited);
    }

    /// How many requests ended like this.
    #[must_use]
    pub fn ended_by(&self, end: End) -> u64 {
        self.ended[end as usize].load(Relaxed)
    }

    /// How long requests have waited that had a place.
    #[must_use]
    pub fn waits(&self) -> &Histogram {
        &self.waits
    }
}

// === impl Place ===

impl Place {
    /// The lot that it belongs to.
    #[must_use]
    pub fn lot(&self) -> &Arc<Lot> {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

// === impl End ===

impl End {
    /// Every end.
    pub const ALL: [Self; 5] = [Self::Served, Self::Failed, Self::TimedOut, Self::Refused, Self::Left];

    /// Its value of the label `outcome`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
            Self::Left => "left",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_has_so_many_places_and_gets_them_back() {
        let lot = Arc::<Lot>::default();
        let mut places: Vec<_> = (0..3).map_while(|_| lot.enter(2)).collect();
        assert_eq!((places.len(), lot.waiting(), lot.ended_by(End::Refused)), (2, 2, 1));
        places.pop();
        assert!(lot.enter(2).is_some());
        assert_eq!(lot.waiting(), 1);
    }

    #[test]
    fn whoever_is_refused_after_a_wait_is_counted_once() {
        let lot = Arc::<Lot>::default();
        let place = lot.enter(1);
        assert!(lot.enter(1).is_none());
        lot.note(End::Refused, Duration::from_secs(1));
        drop(place);
        assert_eq!(lot.ended_by(End::Refused), 1);
    }

    #[test]
    fn a_lot_without_places_refuses_nobody() {
        let lot = Arc::<Lot>::default();
        assert!(lot.enter(0).is_none());
        assert_eq!(lot.ended_by(End::Refused), 0);
    }

    #[test]
    fn an_end_knows_its_place() {
        assert!(End::ALL.iter().enumerate().all(|(index, end)| *end as usize == index));
    }
}
