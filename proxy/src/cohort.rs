//! Who is sent to the canary: by chance for each request, or by a key of the client's that always falls the same way.
//!
//! A key falls to the canary while its hash lies below the weight. The hash depends on the rollout's salt alone, so that
//! raising the weight never moves a client back, and the next rollout chooses others. Each key counts once: see `keys`.

mod cookie;
mod entry;
mod keys;
mod observation;
mod salt;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use canary_config::cohort::Assignment;
use canary_config::weight::Weight;
use http::HeaderName;
use rand::{Rng, RngExt as _};

use crate::track::Track;

pub(crate) use self::cookie::{Hour, Scheme};
pub use self::cookie::{PREFIX as COOKIE_PREFIX, Ticket};
pub use self::keys::{GOOD_AFTER, KEYS_MAX, Keys};
pub use self::observation::Observation;
pub use self::salt::Salt;

/// How the requests of one try are divided.
#[derive(Clone, Debug, Default)]
pub enum Cohort {
    /// By chance, each request anew.
    #[default]
    Chance,
    /// By a key of the client's, who stays where it fell and counts once.
    Keyed(Box<Keyed>),
}

/// A division by keys.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// Where a client's key is found.
    pub source: Source,
    salt: Salt,
    generation: u64,
    keys: Arc<Keys>,
}

/// Where a client's key is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a cookie of ours.
    Cookie,
    /// In the first field of this name, where it says anything. Nobody has a name that no field can have.
    Header(Option<HeaderName>),
    /// In its address. Of an IPv6 address the first 64 bits: its holder chooses the others.
    Ip,
}

/// A client's key, hashed with the salt: its place between 0 and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CohortKey(pub u64);

// === impl Cohort ===

impl Cohort {
    /// The division of the try of this number, which nothing but the salt makes another one than the last try's. Keys
    /// are looked after from `now` on.
    #[must_use]
    pub fn of(assignment: &Assignment, generation: u64, salt: Salt, now: Instant) -> Self {
        let source = match assignment {
            Assignment::Request => return Self::Chance,
            Assignment::Cookie => Source::Cookie,
            Assignment::Header(name) => Source::Header(HeaderName::from_bytes(name.as_bytes()).ok()),
            Assignment::Ip => Source::Ip,
        };
        Self::Keyed(Box::new(Keyed { source, salt, generation, keys: Arc::new(Keys::new(now)) }))
    }

    /// What is known of each key, where it goes by keys.
    #[must_use]
    pub fn keys(&self) -> Option<&Arc<Keys>> {
        self.keyed().map(Keyed::keys)
    }

    /// The division by keys, if it is one.
    #[must_use]
    pub fn keyed(&self) -> Option<&Keyed> {
        match self {
            Self::Chance => None,
            Self::Keyed(keyed) => Some(keyed),
        }
    }
}

// === impl Keyed ===

impl Keyed {
    /// What is known of each key.
    #[must_use]
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// The place of a client's key.
    #[must_use]
    pub fn key(&self, key: &[u8]) -> CohortKey {
        self.salt.place(key)
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
