//! What the judge must be sure of before it acts.

use std::num::NonZeroUsize;

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

    /// The part of each of so many that fail together: if each promises this, all together promise the whole.
    #[must_use]
    pub fn shared_among(self, all: NonZeroUsize) -> Self {
        Self((self.0 / all.get() as f64).max(f64::MIN_POSITIVE))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_of_several_promises_adds_up_to_the_whole() {
        for all in [1, 2, 3, 1_000] {
            let share = Alpha::DEFAULT.shared_among(NonZeroUsize::new(all).expect("more than none"));
            assert!((share.get() * all as f64 - Alpha::DEFAULT.get()).abs() < 1e-15, "{all}");
        }
    }

    #[test]
    fn a_part_is_still_a_probability_that_can_be_promised() {
        let least = Alpha::new(f64::from_bits(1)).expect("above 0").shared_among(NonZeroUsize::MAX);
        assert_eq!(Alpha::new(least.get()), Some(least));
    }
}
