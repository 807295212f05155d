//! Who is sent to the canary: by chance for each request, or by a key of the client's that always falls the same way.
//!
//! A key falls to the canary while its hash lies below the weight. The hash depends on the rollout's salt alone, so that
//! raising the weight never moves a client back, and the next rollout chooses others.

use canary_config::cohort::Assignment;
use canary_config::weight::Weight;
use rand::{Rng, RngExt as _};

use crate::track::Track;

/// How the requests of one try are divided.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// By what.
    pub assignment: Assignment,
    /// What makes this try's division another one than the last try's.
    pub salt: u64,
}

/// A client's key, hashed with the salt: its place between 0 and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CohortKey(pub u64);

// === impl Cohort ===

impl Default for Cohort {
    /// By chance, for each request.
    fn default() -> Self {
        Self { assignment: Assignment::Request, salt: 0 }
    }
}

// === impl CohortKey ===

impl CohortKey {
    /// Where this key falls at a weight.
    #[must_use]
    pub fn track(self, weight: Weight) -> Track {
        let part = (u128::from(self.0) * u128::from(Weight::FULL.bp())) >> 64;
        if part < u128::from(weight.bp()) { Track::Canary } else { Track::Stable }
    }
}

/// Where chance sends one request at a weight.
pub(crate) fn draw(weight: Weight, rng: &mut impl Rng) -> Track {
    if rng.random_range(0..Weight::FULL.bp()) < weight.bp() { Track::Canary } else { Track::Stable }
}
