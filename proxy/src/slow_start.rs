//! How many requests an unproved canary may have in flight.
//!
//! Until it has answered well so often, there are at most `max(4, 2 * successes)` of its requests in flight: a dead
//! canary fails a handful at any rate of traffic (statistics.md, 2.7). A place is taken before the draw and given back
//! if the draw falls on stable, so that a full window biases neither arm.

use std::sync::Arc;

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Places that there are before any success.
pub const WINDOW_MIN: u64 = 4;

/// Successes after which the window is open for good.
pub const SUCCESSES_NEEDED: u64 = 64;

/// The window of one try.
#[derive(Debug)]
pub struct SlowStart {
    is_open: AtomicBool,
    successes: AtomicU64,
    in_flight: AtomicU64,
}

/// Leave to be sent to the canary. Given back when it is dropped.
#[derive(Debug)]
pub enum Permit {
    /// The window is open: there is nothing to give back.
    Open,
    /// One of the places.
    Place(Arc<SlowStart>),
}

// === impl SlowStart ===

impl SlowStart {
    /// A window for a canary that has shown nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { is_open: AtomicBool::new(false), successes: AtomicU64::new(0), in_flight: AtomicU64::new(0) }
    }

    /// A window that is open: for a canary that has shown itself before.
    #[must_use]
    pub fn open() -> Self {
        Self { is_open: AtomicBool::new(true), ..Self::new() }
    }

    /// Whether the canary has shown itself.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open.load(Relaxed)
    }

    /// Takes a place, if there is one.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Option<Permit> {
        if self.is_open() {
            return Some(Permit::Open);
        }
        let window = WINDOW_MIN.max(2 * self.successes.load(Relaxed));
        let taken = self.in_flight.fetch_update(Relaxed, Relaxed, |taken| (taken < window).then_some(taken + 1));
        taken.is_ok().then(|| Permit::Place(Arc::clone(self)))
    }

    fn succeeded(&self) {
        if self.successes.fetch_add(1, Relaxed) + 1 >= SUCCESSES_NEEDED {
            self.is_open.store(true, Relaxed);
        }
    }
}

impl Default for SlowStart {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Permit ===

impl Permit {
    /// The request that it was for went well.
    pub fn succeeded(&self) {
        if let Self::Place(window) = self {
            window.succeeded();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Self::Place(window) = self {
            window.in_flight.fetch_sub(1, Relaxed);
        }
    }
}
