//! All that one try at a release is judged by. Every table in which the canary stands points at the same hearing.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::cohort::Cohort;
use crate::last_pick::LastPick;
use crate::slow_start::SlowStart;
use crate::trip::Trip;
use crate::witness::Witness;

/// What is shared by every table of one try, and made anew for the next one.
#[derive(Debug)]
pub struct Hearing {
    /// Takes the canary out of the data path.
    pub trip: Arc<Trip>,
    /// Bounds what an unproved canary has in flight.
    pub slow_start: Arc<SlowStart>,
    /// Who is sent to the canary.
    pub cohort: Cohort,
    /// When it was sent a request last.
    pub last_pick: LastPick,
    /// How many of its requests have failed by its own fault, whether or not they are compared; previews are nobody's.
    pub failed: Arc<AtomicU64>,
    /// Who hears of its failures.
    pub witness: Option<Arc<dyn Witness>>,
}

// === impl Hearing ===

impl Default for Hearing {
    /// One that nobody hears, of a canary that needs to show nothing.
    fn default() -> Self {
        Self {
            trip: Arc::default(),
            slow_start: Arc::new(SlowStart::open()),
            cohort: Cohort::default(),
            last_pick: LastPick::default(),
            failed: Arc::default(),
            witness: None,
        }
    }
}
