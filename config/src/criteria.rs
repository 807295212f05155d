//! What the judge must be sure of before it acts.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The promises that a rollout's verdicts keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criteria {
    /// The probability of ever aborting a release that is as good as stable is at most this. Default 0.05.
    pub alpha: Alpha,
}

/// A probability of error between 0 and 0.5, both excluded.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Alpha(f64);

// === impl Alpha ===

impl Alpha {
    /// One rollout in twenty at the most: the guarantee, not the expectation (about 0.3 % is observed).
    pub const DEFAULT: Self = Self(0.05);

    /// The probability, if it is one that can be promised.
    #[must_use]
    pub fn new(probability: f64) -> Option<Self> {
        (probability > 0.0 && probability < 0.5).then_some(Self(probability))
    }

    /// The probability itself.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Alpha {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let probability = f64::deserialize(deserializer)?;
        Self::new(probability)
            .ok_or_else(|| de::Error::custom(format_args!("alpha {probability} is not between 0 and 0.5")))
    }
}
