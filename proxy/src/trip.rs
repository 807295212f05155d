//! The flag that takes a canary out of the data path.

use crate::sync::atomic::{AtomicBool, Ordering};

/// Whether a canary was convicted. Once it is tripped it stays so: a retry has a flag of its own.
///
/// Every table in which the canary stands points at the same flag, so that one published in the same instant cannot
/// bring it back.
#[derive(Debug)]
pub struct Trip(AtomicBool);

// === impl Trip ===

impl Trip {
    /// A flag for a new try.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Trips it. No pick that begins after this returned selects the canary. True for the one that tripped it.
    pub fn trip(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// Whether it has been tripped.
    #[must_use]
    pub fn is_tripped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Default for Trip {
    fn default() -> Self {
        Self::new()
    }
}
