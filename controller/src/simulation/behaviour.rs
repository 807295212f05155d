//! How a release answers: how often it fails, and how long a success takes.

use std::f64::consts::TAU;
use std::time::Duration;

use super::latency::{Course, Latency};

/// How a release answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// How often it fails.
    pub errors: ErrorRate,
    /// How long its successes take, from which moment on.
    pub latency: Course<Latency>,
}

/// The chance that a request fails, 0 to 1, by the time since the rollout began.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorRate {
    /// Always the same, or another one from some moment on.
    Steps(Course<f64>),
    /// It rises and falls: `mean * (1 + swing * sin(time / period))`.
    Wave {
        /// In the middle.
        mean: f64,
        /// How far it goes, as a part of the mean: 0 to 1.
        swing: f64,
        /// From one peak to the next.
        period: Duration,
    },
}

// === impl Behaviour ===

impl Behaviour {
    /// It fails like this, and is as quick as usual.
    #[must_use]
    pub fn failing(error_rate: f64) -> Self {
        Self { errors: ErrorRate::constant(error_rate), latency: Course::constant(Latency::USUAL) }
    }

    /// The same, with another latency.
    #[must_use]
    pub fn taking(self, latency: Latency) -> Self {
        Self { latency: Course::constant(latency), ..self }
    }

    /// Whether it fails no more often than the other one and is no slower, as far as that can be said at a glance.
    #[must_use]
    pub fn is_as_good_as(&self, other: &Self) -> bool {
        let is_always = || {
            let errors = self.errors.only()? <= other.errors.only()?;
            Some(errors && self.latency.only()?.is_at_most(other.latency.only()?))
        };
        self == other || is_always().unwrap_or(false)
    }
}

// === impl ErrorRate ===

impl ErrorRate {
    /// Always the same.
    #[must_use]
    pub const fn constant(rate: f64) -> Self {
        Self::Steps(Course::constant(rate))
    }

    /// The chance at a moment.
    #[must_use]
    pub fn at(&self, time: Duration) -> f64 {
        match self {
            Self::Steps(course) => *course.at(time),
            Self::Wave { mean, swing, period } => {
                mean * (1.0 + swing * (TAU * time.as_secs_f64() / period.as_secs_f64()).sin())
            }
        }
    }

    /// The chance, if it is always the same.
    const fn only(&self) -> Option<f64> {
        match self {
            Self::Steps(course) => course.only().copied(),
            Self::Wave { .. } => None,
        }
    }
}
