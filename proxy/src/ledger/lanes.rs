//! Which lanes are a thread's: a number is no two threads' at the same time.

use super::LANES;
use crate::sync::atomic::{AtomicU64, Ordering};

/// The lanes that are taken, one bit for each.
#[derive(Debug)]
pub(super) struct Lanes(pub(super) AtomicU64);

const _: () = assert!(LANES <= u64::BITS as usize);

// === impl Lanes ===

impl Lanes {
    /// Takes the first that is free, for the thread that runs.
    pub(super) fn take(&self) -> Option<u8> {
        let first_free =
            |taken: u64| u8::try_from(taken.trailing_ones()).ok().filter(|lane| usize::from(*lane) < LANES);
        // Whoever takes a lane sees its places as they were when it was given back.
        let take = |taken| first_free(taken).map(|lane| taken | 1 << lane);
        self.0.fetch_update(Ordering::Acquire, Ordering::Relaxed, take).ok().and_then(first_free)
    }

    /// Gives one back. Requests that were sent from it may still be open.
    pub(super) fn give_back(&self, lane: u8) {
        self.0.fetch_and(!(1 << lane), Ordering::Release);
    }
}
