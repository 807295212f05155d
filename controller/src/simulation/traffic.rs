//! The requests of a simulated service, and how its two releases answer them.

use std::time::Duration;

use super::behaviour::Behaviour;
use super::onset::Onset;

/// The requests of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// How many arrive on average, at any moment. Above 0.
    pub requests_per_second: f64,
    /// How stable answers.
    pub stable: Behaviour,
    /// How the canary answers.
    pub canary: Behaviour,
    /// Before that, the canary answers as stable does.
    pub onset: Onset,
    /// What befalls both at once.
    pub bursts: Option<Bursts>,
}

/// Times at which both releases fail together: a database that is away, say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// From one to the next, on average.
    pub every: Duration,
    /// How long each lasts.
    pub lasts: Duration,
    /// The chance that a request fails meanwhile.
    pub errors: f64,
}

// === impl Traffic ===

impl Traffic {
    /// A canary that answers like this from the first request on, beside a stable that answers like that.
    #[must_use]
    pub const fn new(requests_per_second: f64, stable: Behaviour, canary: Behaviour) -> Self {
        Self { requests_per_second, stable, canary, onset: Onset::AtOnce, bursts: None }
    }

    /// A canary that is as good as stable.
    #[must_use]
    pub fn of_twins(requests_per_second: f64, both: Behaviour) -> Self {
        Self::new(requests_per_second, both.clone(), both)
    }
}
